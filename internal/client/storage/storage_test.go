package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"divims/internal/pool"
)

var now = time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)

// service returns the Config of a new pool on an S3 server in memory, or on the real
// server of DIVIMS_TEST_S3_URL, _REGION, _ACCESS_KEY and _SECRET_KEY.
func service(t *testing.T) Config {
	t.Helper()
	config := Config{Pool: "campus", Settings: Settings{
		URL:       os.Getenv("DIVIMS_TEST_S3_URL"),
		Region:    os.Getenv("DIVIMS_TEST_S3_REGION"),
		AccessKey: pool.NewSecret(os.Getenv("DIVIMS_TEST_S3_ACCESS_KEY")),
		SecretKey: pool.NewSecret(os.Getenv("DIVIMS_TEST_S3_SECRET_KEY")),
		Bucket:    "divims-test",
		Prefix:    "some/prefix-" + rand.Text(),
		PathStyle: true,
	}}
	behind := gofakes3.New(s3mem.New()).Server()
	if config.URL != "" {
		behind = relay(t, config.URL)
	} else {
		config.Region = "fr-par"
		config.AccessKey, config.SecretKey = pool.NewSecret("test-access-key"), pool.NewSecret("test-secret-key")
	}
	server := httptest.NewServer(timeless(behind))
	t.Cleanup(server.Close)
	config.URL = server.URL
	_, err := New(config, http.DefaultClient).s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    &config.Bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(config.Region)},
	})
	var owned *types.BucketAlreadyOwnedByYou
	var exists *types.BucketAlreadyExists
	if err != nil && !errors.As(err, &owned) && !errors.As(err, &exists) {
		t.Fatalf("create the bucket: %v", err)
	}
	return config
}

// relay returns a handler that passes requests on, with their host name, which is signed.
func relay(t *testing.T, address string) http.Handler {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
}

// timeless removes the server's clock from its answers, because the tests have a time of
// their own.
func timeless(next http.Handler) http.Handler { return clocked(next, nil) }

// clocked sets the server's clock in its answers. Objects are dated when they are
// written. Without a clock the answers are not dated.
func clocked(next http.Handler, clock func() time.Time) http.Handler {
	var mutex sync.Mutex
	written := map[string]string{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.Header()["Date"], w.Header()["Last-Modified"] = nil, nil
		if clock != nil {
			date := clock().UTC().Format(http.TimeFormat)
			w.Header().Set("Date", date)
			if r.Method == http.MethodPut && answer.Code == http.StatusOK {
				written[r.URL.Path] = date
			}
			if r.Method == http.MethodGet && answer.Code == http.StatusOK {
				w.Header().Set("Last-Modified", written[r.URL.Path])
			}
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// raw writes an object directly, as somebody else would.
func raw(t *testing.T, s *Store, key, body string) {
	t.Helper()
	_, err := s.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
}

// content reads an object directly, bypassing the store's cache.
func content(t *testing.T, s *Store, key string) string {
	t.Helper()
	body, err := s.Object(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// counting is a transport that counts requests, and those that delete.
type counting struct{ requests, deletes atomic.Int32 }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	if r.Method == http.MethodDelete {
		c.deletes.Add(1)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// losing is a transport that loses the answer to the first try of each write, after
// the server has done it.
type losing struct{ lost int }

func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.Method == http.MethodPut && response.StatusCode == http.StatusOK {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		l.lost++
		return nil, errors.New("connection reset by peer")
	}
	return response, err
}

// TestPutIsConditional shows that the server honours If-Match and If-None-Match, which
// everything else depends on.
func TestPutIsConditional(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	key := s.key("state.json")
	put := func(body, etag string) string {
		t.Helper()
		created, err := s.put(t.Context(), key, []byte(body), etag)
		if err != nil {
			t.Fatalf("put %q if %q: %v", body, etag, err)
		}
		return created.etag
	}
	refuse := func(etag, why string) {
		t.Helper()
		before := content(t, s, key)
		if _, err := s.put(t.Context(), key, []byte("wrong"), etag); !errors.Is(err, errChanged) {
			t.Errorf("%s: got %v, want %v", why, err, errChanged)
		}
		if after := content(t, s, key); after != before {
			t.Errorf("%s: %q became %q", why, before, after)
		}
	}

	first := put("one", "")
	refuse("", "an object that exists is not created again")
	second := put("two", first)
	refuse(first, "an object is not replaced by who knows an older one")
	refuse(`"00000000000000000000000000000000"`, "an object is not replaced by who never saw it")
	if o, err := s.get(t.Context(), key); err != nil || o.etag != second {
		t.Errorf("read back the ETag %q, %v, want %q", o.etag, err, second)
	}
	if _, err := s.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.put(t.Context(), key, []byte("wrong"), second); !errors.Is(err, errChanged) {
		t.Errorf("replacing a deleted object: got %v, want %v", err, errChanged)
	}
	if _, err := s.Object(t.Context(), key); !errors.Is(err, ErrNotFound) {
		t.Errorf("reading a deleted object: got %v, want %v", err, ErrNotFound)
	}
}

func TestObjectReadsAnyKey(t *testing.T) {
	s := New(service(t), http.DefaultClient)
	key := "images/cloud-init " + rand.Text() + ".yaml"
	raw(t, s, key, "#cloud-config\n")
	if got := content(t, s, key); got != "#cloud-config\n" {
		t.Errorf("got %q", got)
	}
}

// TestRequestsPerEvaluation: an evaluation makes at most 12 requests in a new process
// and at most 5 in a warm one, and the first one of an hour a DELETE, too.
func TestRequestsPerEvaluation(t *testing.T) {
	config := service(t)
	config.DecisionsKeep = 90 * 24 * time.Hour
	raw(t, New(config, http.DefaultClient), "cloud-init.yaml", "#cloud-config\n")
	var count counting
	var s *Store
	evaluate := func(minute int, calendar string, creates bool) (requests, deletes int32) {
		t.Helper()
		before, deleted := count.requests.Load(), count.deletes.Load()
		at := now.Add(time.Duration(minute) * time.Minute)
		state, err := s.Acquire(t.Context(), "test", at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		state.LastEvaluation = at
		_, err = s.LoadCalendar(t.Context())
		_, problem := s.Recent(t.Context(), at)
		err = errors.Join(err, problem)
		if creates {
			_, problem = s.Object(t.Context(), "cloud-init.yaml")
		}
		err = errors.Join(err, problem,
			s.SaveCalendar(t.Context(), []byte(calendar)),
			s.AppendSample(t.Context(), pool.Sample{At: at}),
			s.AppendDecision(t.Context(), at, []byte(`{"at":"`+at.String()+`"}`)),
			s.Commit(t.Context(), "test", state))
		if err != nil {
			t.Fatal(err)
		}
		deletes = count.deletes.Load() - deleted
		return count.requests.Load() - before - deletes, deletes
	}
	for _, step := range []struct {
		name     string
		cold     bool
		minute   int
		calendar string
		creates  bool // a machine, with user data from the bucket
		want     int32
		deletes  int32
	}{
		{"the first ever", true, 0, "one", true, 12, 1},
		{"warm", false, 5, "one", false, 4, 0},
		{"warm, creates", false, 7, "one", true, 5, 0},
		{"warm, another calendar", false, 10, "two", false, 5, 0},
		{"cold", true, 15, "two", false, 8, 0},
		{"cold, another calendar, creates", true, 20, "three", true, 10, 0},
		{"warm, another hour", false, 60, "three", false, 4, 1},
		{"cold, another hour", true, 120, "three", false, 8, 1},
		{"warm, the last hour of a day", false, 15 * 60, "three", false, 4, 2},
		{"warm, another day", false, 24 * 60, "three", false, 4, 1},
		{"warm, another week, another calendar", false, 7 * 24 * 60, "four", false, 5, 1},
		{"cold, another week, another calendar, creates", true, 14 * 24 * 60, "five", true, 11, 1},
		{"cold, weeks later, another calendar, creates", true, 42 * 24 * 60, "six", true, 12, 1},
	} {
		if step.cold {
			s = New(config, &http.Client{Transport: &count})
		}
		if got, deletes := evaluate(step.minute, step.calendar, step.creates); got != step.want || deletes != step.deletes {
			t.Errorf("%s: %d requests and %d deletions, want %d and %d", step.name, got, deletes, step.want, step.deletes)
		}
		// Reading the history in between must not cost the next evaluation anything.
		at := now.Add(time.Duration(step.minute)*time.Minute).AddDate(0, 0, -8)
		_, err := s.Decisions(t.Context(), at)
		_, err2 := s.History(t.Context(), at)
		_, err3 := s.Decisions(t.Context(), at.AddDate(0, 0, 8).Add(-time.Hour))
		if err := errors.Join(err, err2, err3); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrorsAreShortAndHoldNoSecret(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name   string
		server http.HandlerFunc
		want   string
	}{
		{"refused", answer(403, `<Error><Code>SignatureDoesNotMatch</Code><Message>test-access-key</Message><AWSAccessKeyId>test-access-key</AWSAccessKeyId></Error>`),
			"read s3://bucket/divims/campus/state.json: HTTP status 403, SignatureDoesNotMatch"},
		{"no bucket", answer(404, `<Error><Code>NoSuchBucket</Code></Error>`),
			"read s3://bucket/divims/campus/state.json: HTTP status 404, NoSuchBucket"},
		{"not S3", answer(404, `<html><body>test-secret-key</body></html>`),
			"read s3://bucket/divims/campus/state.json: HTTP status 404, NotFound"},
		{"no ETag", answer(200, "{}"),
			"read s3://bucket/divims/campus/state.json: the server sends no ETag, and nothing can be written safely without one"},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			_, _ = w.Write(make([]byte, maxSize+1))
		}, "read s3://bucket/divims/campus/state.json: larger than 16 MB"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
		}, "read s3://bucket/divims/campus/state.json: unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.server)
			defer server.Close()
			s := New(Config{Pool: "campus", Settings: Settings{
				URL: server.URL, Region: "fr-par", Bucket: "bucket", Prefix: "divims", PathStyle: true,
				AccessKey: pool.NewSecret("test-access-key"), SecretKey: pool.NewSecret("test-secret-key"),
			}}, server.Client())
			_, err := s.Acquire(t.Context(), "test", now, now.Add(time.Minute))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestUnreachableStorageIsAnError(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	s := New(Config{Settings: Settings{URL: server.URL, Region: "fr-par", Bucket: "bucket", PathStyle: true,
		AccessKey: pool.NewSecret("test-access-key"), SecretKey: pool.NewSecret("test-secret-key")}}, server.Client())
	server.Close()
	_, err := s.State(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "test-") {
		t.Errorf("without a server: got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.State(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: got %v", err)
	}
}

// TestVirtualStyle shows that without PathStyle the bucket is part of the host name.
func TestVirtualStyle(t *testing.T) {
	var host, path string
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		host, path = r.URL.Host, r.URL.Path
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"1"`}}, Body: io.NopCloser(bytes.NewReader(nil))}, nil
	})}
	s := New(Config{Pool: "campus", Settings: Settings{URL: "https://s3.fr-par.scw.cloud", Region: "fr-par", Bucket: "example-divims", Prefix: "divims",
		AccessKey: pool.NewSecret("k"), SecretKey: pool.NewSecret("s")}}, client)
	if _, err := s.LoadCalendar(t.Context()); err != nil {
		t.Fatal(err)
	}
	if host != "example-divims.s3.fr-par.scw.cloud" || path != "/divims/campus/calendar.ics" {
		t.Errorf("asked %s for %s", host, path)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// atOnce runs f n times concurrently and waits for all.
func atOnce(n int, f func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}
