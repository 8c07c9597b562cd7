package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestBusyServiceIsTriedAgain counts the tries of a read that is answered the same each
// time: three, unless the service asks for a long pause or another try would not help.
func TestBusyServiceIsTriedAgain(t *testing.T) {
	const slowDown = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
	for name, test := range map[string]struct {
		status     int
		retryAfter string
		body       string
		tries      int32
		atLeast    time.Duration
	}{
		"503":                        {http.StatusServiceUnavailable, "", "", 3, 0},
		"429 without anything":       {http.StatusTooManyRequests, "", "", 3, 0},
		"429 with SlowDown":          {http.StatusTooManyRequests, "", slowDown, 3, 0},
		"429 that asks for a second": {http.StatusTooManyRequests, "1", slowDown, 3, 2 * time.Second},
		"429 that asks for a minute": {http.StatusTooManyRequests, "60", slowDown, 1, 0},
		"503 that asks for a minute": {http.StatusServiceUnavailable, "60", slowDown, 1, 0},
		"403":                        {http.StatusForbidden, "", "", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			defer server.Close()
			store := New(Config{Pool: "campus", Settings: Settings{
				URL: server.URL, Region: "fr-par", Bucket: "b", PathStyle: true,
				AccessKey: pool.NewSecret("a"), SecretKey: pool.NewSecret("s"),
			}}, http.DefaultClient)
			began := time.Now()
			if _, err := store.State(t.Context()); err == nil {
				t.Error("no error")
			}
			if tries.Load() != test.tries || time.Since(began) < test.atLeast {
				t.Errorf("%d tries in %s, want %d in at least %s", tries.Load(), time.Since(began), test.tries, test.atLeast)
			}
		})
	}
}
