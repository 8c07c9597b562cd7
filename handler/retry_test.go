package handler

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/config"
)

// TestWhatIsTriedAgain has a virtual clock: within its bubble time goes on when
// everybody waits.
func TestWhatIsTriedAgain(t *testing.T) {
	const lists = "https://example.com/scalelite/api/getServers?checksum=1"
	wrongName := &tls.CertificateVerificationError{Err: errors.New("for another name")}
	for name, test := range map[string]struct {
		method, address string
		steps           []step
		tries           int
		status          int
		text            string
	}{
		"a good answer is the only one":            {"GET", lists, []step{answer(200, "")}, 1, 200, ""},
		"a refused connection":                     {"GET", lists, []step{fail(errRefused), answer(200, "")}, 2, 200, ""},
		"a gateway without its service":            {"GET", lists, []step{answer(502, ""), answer(504, ""), answer(200, "")}, 3, 200, ""},
		"too many requests":                        {"HEAD", lists, []step{answer(429, ""), answer(200, "")}, 2, 200, ""},
		"three tries are all":                      {"GET", lists, []step{fail(errRefused)}, 3, 0, "connection refused"},
		"the last bad answer is the answer":        {"GET", lists, []step{answer(502, ""), answer(503, "")}, 3, 503, ""},
		"an error of the service stays one":        {"GET", lists, []step{answer(500, "")}, 1, 500, ""},
		"a refusal stays one":                      {"GET", lists, []step{answer(403, "")}, 1, 403, ""},
		"a wrong certificate stays one":            {"GET", lists, []step{fail(wrongName)}, 1, 0, "tls: failed to verify certificate: for another name"},
		"a name that nobody bears":                 {"GET", lists, []step{fail(&net.DNSError{Err: "no such host", IsNotFound: true})}, 1, 0, "lookup : no such host"},
		"a creation":                               {"POST", lists, []step{fail(errRefused)}, 1, 0, "connection refused"},
		"a change":                                 {"PATCH", lists, []step{answer(503, "")}, 1, 503, ""},
		"a deletion":                               {"DELETE", lists, []step{answer(503, "")}, 1, 503, ""},
		"an upload":                                {"PUT", lists, []step{answer(429, "0")}, 1, 429, ""},
		"the end of a meeting, though it is a GET": {"GET", "https://bbb-w1.example.com/bigbluebutton/api/end?checksum=1", []step{answer(503, "")}, 1, 503, ""},
		"who asks for too much time is left alone": {"GET", lists, []step{answer(429, "6"), answer(200, "")}, 1, 429, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &script{steps: test.steps}
				ctx, cancel := context.WithTimeout(withEffort(t.Context()), 8*time.Second)
				defer cancel()
				status, text := call(ctx, t, repeating{service}, test.method, test.address)
				if len(service.at) != test.tries || status != test.status || text != test.text {
					t.Errorf("%d tries, status %d, error %q", len(service.at), status, text)
				}
				if service.open != 0 {
					t.Errorf("%d answers are left open", service.open)
				}
			})
		})
	}
}

func TestPausesBetweenTries(t *testing.T) {
	for name, test := range map[string]struct {
		retryAfter             string
		firstLeast, firstMost  time.Duration
		secondLeast, secondMos time.Duration
	}{
		"grow, and are never the same": {"", 100 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond},
		"are at least as asked for":    {"2", 2100 * time.Millisecond, 2300 * time.Millisecond, 2300 * time.Millisecond, 2900 * time.Millisecond},
		"are as long as until a date":  {"Sat, 01 Jan 2000 00:00:02 GMT", 2100 * time.Millisecond, 2300 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond},
		"do not heed a nonsense":       {"soon", 100 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins on 1 January 2000
				service := &script{steps: []step{answer(503, test.retryAfter)}}
				call(withEffort(t.Context()), t, repeating{service}, "GET", "https://example.com/")
				first, second := service.at[1], service.at[2]-service.at[1]
				if first < test.firstLeast || first > test.firstMost || second < test.secondLeast || second > test.secondMos {
					t.Errorf("pauses of %s and %s", first, second)
				}
			})
		})
	}
}

func TestNoTryOutlivesTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(withEffort(t.Context()), time.Second)
		defer cancel()
		service := &script{steps: []step{answer(503, "4")}}
		if status, _ := call(ctx, t, repeating{service}, "GET", "https://example.com/"); status != 503 || time.Since(begun) != 0 {
			t.Errorf("status %d after %s; want the answer at once if the pause does not fit", status, time.Since(begun))
		}
		service = &script{steps: []step{hang}}
		if _, text := call(ctx, t, repeating{service}, "GET", "https://example.com/"); text != context.DeadlineExceeded.Error() || len(service.at) != 1 {
			t.Errorf("%d tries, error %q", len(service.at), text)
		}
	})
}

func TestRepeatsHaveABudget(t *testing.T) {
	for requests, want := range map[int]int{1: 2, 3: 5, 100: 15, 1000: 105} {
		synctest.Test(t, func(t *testing.T) {
			service := &script{steps: []step{fail(errRefused)}}
			evaluation := withEffort(t.Context())
			for range requests {
				call(evaluation, t, repeating{service}, "GET", "https://example.com/")
			}
			if repeats := len(service.at) - requests; repeats != want {
				t.Errorf("%d requests were repeated %d times; want %d", requests, repeats, want)
			}
		})
	}
}

func TestOutsideOfAnEvaluationNothingIsRepeated(t *testing.T) {
	service := &script{steps: []step{fail(errRefused)}}
	for range 3 {
		call(t.Context(), t, breaking{next: repeating{service}}, "GET", "https://example.com/")
	}
	if len(service.at) != 3 {
		t.Errorf("3 requests made %d tries", len(service.at))
	}
}

// TestNetHTTPRepeatsNoChange holds what newHTTPClient says of net/http: on a
// connection that the server closes instead of an answer, it repeats a GET by
// itself, and a POST never.
func TestNetHTTPRepeatsNoChange(t *testing.T) {
	for method, want := range map[string]int32{http.MethodGet: 2, http.MethodPost: 1, http.MethodPatch: 1, http.MethodPut: 1, http.MethodDelete: 1} {
		t.Run(method, func(t *testing.T) {
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/first" {
					return
				}
				calls.Add(1)
				connection, _, _ := w.(http.Hijacker).Hijack()
				_ = connection.Close()
			}))
			defer server.Close()
			client, err := newHTTPClient(config.Settings{CallTimeout: 8 * time.Second, ObserveParallel: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer client.CloseIdleConnections()
			response, err := client.Get(server.URL + "/first")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			request, err := http.NewRequest(method, server.URL, nil)
			if method != http.MethodGet {
				request, err = http.NewRequest(method, server.URL, strings.NewReader("{}"))
			}
			if err != nil {
				t.Fatal(err)
			}
			if response, err := client.Do(request); err == nil {
				_ = response.Body.Close()
				t.Error("there is an answer")
			}
			if calls.Load() != want {
				t.Errorf("the server was asked %d times; want %d", calls.Load(), want)
			}
		})
	}
}
