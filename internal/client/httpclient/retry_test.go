package httpclient

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
)

func TestRetriesOnlyReads(t *testing.T) {
	const getServers = "https://example.com/scalelite/api/getServers?checksum=1"
	wrongName := &tls.CertificateVerificationError{Err: errors.New("for another name")}
	for name, test := range map[string]struct {
		method, address string
		steps           []step
		tries           int
		status          int
		text            string
	}{
		"a good answer":                       {"GET", getServers, []step{answer(200, "")}, 1, 200, ""},
		"a refused connection":                {"GET", getServers, []step{fail(errRefused), answer(200, "")}, 2, 200, ""},
		"a gateway that lacks its service":    {"GET", getServers, []step{answer(502, ""), answer(504, ""), answer(200, "")}, 3, 200, ""},
		"too many requests":                   {"HEAD", getServers, []step{answer(429, ""), answer(200, "")}, 2, 200, ""},
		"three tries at most":                 {"GET", getServers, []step{fail(errRefused)}, 3, 0, "connection refused"},
		"the last bad answer is returned":     {"GET", getServers, []step{answer(502, ""), answer(503, "")}, 3, 503, ""},
		"an internal error is not retried":    {"GET", getServers, []step{answer(500, "")}, 1, 500, ""},
		"a refusal is not retried":            {"GET", getServers, []step{answer(403, "")}, 1, 403, ""},
		"a wrong certificate is not retried":  {"GET", getServers, []step{fail(wrongName)}, 1, 0, "tls: failed to verify certificate: for another name"},
		"an unknown host name is not retried": {"GET", getServers, []step{fail(&net.DNSError{Err: "no such host", IsNotFound: true})}, 1, 0, "lookup : no such host"},
		"a creation":                          {"POST", getServers, []step{fail(errRefused)}, 1, 0, "connection refused"},
		"a change":                            {"PATCH", getServers, []step{answer(503, "")}, 1, 503, ""},
		"a deletion":                          {"DELETE", getServers, []step{answer(503, "")}, 1, 503, ""},
		"an upload":                           {"PUT", getServers, []step{answer(429, "0")}, 1, 429, ""},
		"BBB's end, although it is a GET":     {"GET", "https://bbb-w1.example.com/bigbluebutton/api/end?checksum=1", []step{answer(503, "")}, 1, 503, ""},
		"a Retry-After of more than 5 s":      {"GET", getServers, []step{answer(429, "6"), answer(200, "")}, 1, 429, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &fakeService{steps: test.steps}
				ctx, cancel := context.WithTimeout(ForEvaluation(t.Context()), 8*time.Second)
				defer cancel()
				status, text := call(ctx, t, retryTransport{service}, test.method, test.address)
				if len(service.at) != test.tries || status != test.status || text != test.text {
					t.Errorf("%d tries, status %d, error %q; want %d, %d, %q", len(service.at), status, text, test.tries, test.status, test.text)
				}
				if service.open != 0 {
					t.Errorf("%d bodies are not closed", service.open)
				}
			})
		})
	}
}

func TestRetryPauses(t *testing.T) {
	for name, test := range map[string]struct {
		retryAfter           string
		minFirst, maxFirst   time.Duration
		minSecond, maxSecond time.Duration
	}{
		"without Retry-After":         {"", 100 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond},
		"Retry-After in seconds":      {"2", 2100 * time.Millisecond, 2300 * time.Millisecond, 2300 * time.Millisecond, 2900 * time.Millisecond},
		"Retry-After as a date":       {"Sat, 01 Jan 2000 00:00:02 GMT", 2100 * time.Millisecond, 2300 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond},
		"a Retry-After that is wrong": {"soon", 100 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock starts on 1 January 2000
				service := &fakeService{steps: []step{answer(503, test.retryAfter)}}
				call(ForEvaluation(t.Context()), t, retryTransport{service}, "GET", "https://example.com/")
				first, second := service.at[1], service.at[2]-service.at[1]
				if first < test.minFirst || first > test.maxFirst || second < test.minSecond || second > test.maxSecond {
					t.Errorf("pauses of %s and %s; want %s to %s and %s to %s", first, second, test.minFirst, test.maxFirst, test.minSecond, test.maxSecond)
				}
			})
		})
	}
}

func TestNoRetryAfterTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(ForEvaluation(t.Context()), time.Second)
		defer cancel()
		service := &fakeService{steps: []step{answer(503, "4")}}
		if status, _ := call(ctx, t, retryTransport{service}, "GET", "https://example.com/"); status != 503 || time.Since(begun) != 0 {
			t.Errorf("status %d after %s; want 503 at once, since the pause would exceed the deadline", status, time.Since(begun))
		}
		service = &fakeService{steps: []step{hang}}
		if _, text := call(ctx, t, retryTransport{service}, "GET", "https://example.com/"); text != context.DeadlineExceeded.Error() || len(service.at) != 1 {
			t.Errorf("%d tries, error %q", len(service.at), text)
		}
	})
}

func TestRetriesHaveABudget(t *testing.T) {
	for requests, want := range map[int]int{1: 2, 3: 5, 100: 15, 1000: 105} {
		synctest.Test(t, func(t *testing.T) {
			service := &fakeService{steps: []step{fail(errRefused)}}
			evaluation := ForEvaluation(t.Context())
			for range requests {
				call(evaluation, t, retryTransport{service}, "GET", "https://example.com/")
			}
			if retries := len(service.at) - requests; retries != want {
				t.Errorf("%d requests were retried %d times; want %d", requests, retries, want)
			}
		})
	}
}

func TestNoRetriesOutsideOfAnEvaluation(t *testing.T) {
	service := &fakeService{steps: []step{fail(errRefused)}}
	for range 3 {
		call(t.Context(), t, breakerTransport{next: retryTransport{service}}, "GET", "https://example.com/")
	}
	if len(service.at) != 3 {
		t.Errorf("3 requests were sent %d times", len(service.at))
	}
}

// TestNetHTTPRepeatsNoChange: if the server closes a reused connection instead of
// answering, net/http repeats a GET, and no other method.
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
			client := New(Config{CallTimeout: 8 * time.Second, ObserveParallel: 1})
			defer client.CloseIdleConnections()
			response, err := get(t, client, server.URL+"/first")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			request, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
			if method != http.MethodGet {
				request, err = http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader("{}"))
			}
			if err != nil {
				t.Fatal(err)
			}
			if response, err := client.Do(request); err == nil {
				_ = response.Body.Close()
				t.Error("the request succeeded; want an error")
			}
			if calls.Load() != want {
				t.Errorf("%d requests arrived; want %d", calls.Load(), want)
			}
		})
	}
}
