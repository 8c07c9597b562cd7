package exporter

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// freshnessCases serve the healthy page, whose figures were written at 8:59 and whose own
// clock says 9:00.
var freshnessCases = map[string]struct {
	date   time.Time // the Date header; none if zero
	age    string    // the Age header
	server time.Time // the server's clock after the answer
	want   time.Duration
}{
	"a fresh page": {clock9, "", clock9, time.Minute},
	"a server whose clock is right, by our own":        {clock9, "", clock9.Add(8 * time.Second), time.Minute + 8*time.Second},
	"our own clock is behind":                          {clock9, "", clock9.Add(-11 * time.Hour), time.Minute},
	"a page from a cache that renews the Date":         {clock9.Add(time.Hour), "", clock9, time.Hour + time.Minute},
	"a page from a cache that keeps the Date":          {clock9, "", clock9.Add(time.Hour), time.Hour + time.Minute},
	"a page without a Date, from a cache":              {time.Time{}, "", clock9.Add(time.Hour), time.Hour + time.Minute},
	"a page from a cache that says how old it is":      {clock9, "3600", clock9, time.Hour + time.Minute},
	"a page from a cache that keeps its Date and says": {clock9, "3600", clock9.Add(time.Hour), time.Hour + time.Minute},
	"a page from a cache, a minute old":                {clock9.Add(time.Minute), "60", clock9.Add(time.Minute), 2 * time.Minute},
	"an Age that is no number":                         {clock9, "old", clock9, time.Minute},
	"an Age beyond all numbers":                        {clock9, strings.Repeat("9", 30), clock9, (1<<30-1)*time.Second + time.Minute},
}

// A page that a cache serves counts as old by each of the clocks. The counts, the
// probe, the units and what identifies the machine are then unknown.
func TestFreshness(t *testing.T) {
	for name, c := range freshnessCases {
		t.Run(name, func(t *testing.T) {
			stats := readAt(t, c.server, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Cache-Control") != "no-cache" {
					t.Error("the request does not say no-cache")
				}
				w.Header()["Date"] = nil
				if !c.date.IsZero() {
					w.Header().Set("Date", c.date.Format(http.TimeFormat))
				}
				if c.age != "" {
					w.Header().Set("Age", c.age)
				}
				_, _ = w.Write([]byte(healthy))
			})
			wantSeen(t, "age", stats.Age, c.want)
			fresh := c.want <= defaultMaxAge
			for what, known := range map[string]bool{
				"backlog": stats.Backlog.Known(), "failed": stats.Failed.Known(), "probe": stats.Probe.Known(),
				"units": stats.UnitsDown.Known(), "machine": stats.MachineID.Known(), "nodename": stats.Nodename.Known(),
			} {
				if known != fresh {
					t.Errorf("%s known: %v, want %v", what, known, fresh)
				}
			}
		})
	}
}

// readAt reads a page that a handler serves, when the server's clock says at.
func readAt(t *testing.T, at time.Time, handler http.HandlerFunc) pool.Stats {
	t.Helper()
	endpoint := httptest.NewServer(handler)
	t.Cleanup(endpoint.Close)
	stats, err := New(Config{URLs: []string{endpoint.URL}}, endpoint.Client()).Stats(t.Context(), local, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// bigbluebutton-exporter has no timestamp, so a probe from a cache shows only by the
// headers.
func TestProbeFromACacheIsUnknown(t *testing.T) {
	page := func(age string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", clock9.Format(http.TimeFormat))
			w.Header().Set("Age", age)
			_, _ = w.Write([]byte("bbb_api_up 1\n"))
		}
	}
	wantSeen(t, "fresh probe", readAt(t, clock9, page("0")).Probe, pool.Probe{OK: true, At: clock9})
	wantUnknown(t, "probe from a cache with an Age", readAt(t, clock9, page("3600")).Probe, "the page is from 1h0m0s ago")
	wantUnknown(t, "probe from a cache with an old Date", readAt(t, clock9.Add(time.Hour), page("0")).Probe, "the page is from 1h0m0s ago")
}

// An answer at the server's own domain shows that the machine is alive, whatever it says.
func TestAlive(t *testing.T) {
	unlistened := httptest.NewServer(nil)
	unlistened.Close()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		alive   bool
	}{
		"a page":         {respond(healthy), true},
		"no metrics":     {respond("<html>"), true},
		"status 401":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, true},
		"status 502":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, true},
		"a reset":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
		"nobody listens": {nil, false},
		"a truncated response": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("node_load1 1\n"))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := unlistened.URL
			if c.handler != nil {
				endpoint := httptest.NewServer(c.handler)
				defer endpoint.Close()
				address = endpoint.URL
			}
			client := New(Config{URLs: []string{address}}, http.DefaultClient)
			if stats, err := client.Stats(t.Context(), local, at9); stats.Alive != c.alive {
				t.Errorf("alive: %v (%v), want %v", stats.Alive, err, c.alive)
			}
			other := pool.Server{Number: 2, Domain: "bbb-w2.example.com"}
			if stats, err := client.Stats(t.Context(), other, at9); stats.Alive {
				t.Errorf("alive by the answer of another host than its own (%v)", err)
			}
		})
	}
	t.Run("a certificate that is refused", func(t *testing.T) {
		endpoint := httptest.NewTLSServer(respond(healthy))
		defer endpoint.Close()
		stats, err := New(Config{URLs: []string{endpoint.URL}}, http.DefaultClient).Stats(t.Context(), local, at9)
		if !stats.Alive || err == nil {
			t.Errorf("alive: %v, error %v; want an error of a server that is alive", stats.Alive, err)
		}
	})
}
