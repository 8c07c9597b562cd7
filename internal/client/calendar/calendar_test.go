package calendar

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

var (
	good  = vcalendar(vevent("UID:1", "DTSTART:20260310T080000Z", "SUMMARY:users=500"))
	newer = vcalendar(vevent("UID:1", "DTSTART:20260310T090000Z", "SUMMARY:users=600"))
	bad   = strings.Replace(good, "END:VEVENT", "END:VTODO", 1)
)

// feed is a server with scripted responses. It repeats the last one.
type feed struct {
	responses []http.HandlerFunc
	requests  []*http.Request
}

func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests = append(f.requests, r)
	f.responses[min(len(f.requests), len(f.responses))-1](w, r)
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// of returns a client of the feed at an address.
func of(address string, client *http.Client) *Client {
	return New(Settings{URL: pool.NewSecret(address), UserAgent: "DiViMS test"}, time.UTC, client)
}

// client starts a feed and returns a client of it. The client's URL holds secrets, and
// its pauses are 0.
func client(t *testing.T, responses ...http.HandlerFunc) (*Client, *feed) {
	t.Helper()
	f := &feed{responses: responses}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c := of(strings.Replace(server.URL, "http://", "http://eva:hidden-password@", 1)+"/hidden-path/?token=hidden-token", server.Client())
	c.Pauses = make([]time.Duration, 2)
	return c, f
}

// none means no stored copy, no event or nothing to keep.
const none = ""

// feedCases are responses of a feed and a stored copy, with the result of Events.
var feedCases = []struct {
	name      string
	responses []http.HandlerFunc
	stored    string
	want      string // the summary of the first event
	keep      string
	source    string // part of Source, or of the error if there is one
	requests  int
}{
	{"first", []http.HandlerFunc{text(good)}, none, "users=500", good, "feed of 127.0.0.1", 1},
	{"unchanged", []http.HandlerFunc{text(good)}, good, "users=500", none, "feed of 127.0.0.1", 1},
	{"changed", []http.HandlerFunc{text(newer)}, good, "users=600", newer, "feed of 127.0.0.1", 1},
	{"third attempt succeeds", []http.HandlerFunc{status(502), status(429), text(newer)}, good, "users=600", newer, "feed of 127.0.0.1", 3},
	{"fails", []http.HandlerFunc{status(500)}, good, "users=500", none, "HTTP status 500", 3},
	{"fails, nothing stored", []http.HandlerFunc{status(500)}, none, none, none, "HTTP status 500", 3},
	{"forbidden", []http.HandlerFunc{status(403)}, good, "users=500", none, "HTTP status 403", 1},
	{"not modified, without a condition", []http.HandlerFunc{status(304)}, good, "users=500", none, "HTTP status 304", 1},
	{"a page", []http.HandlerFunc{text("<html>")}, good, "users=500", none, "does not begin with BEGIN:VCALENDAR", 1},
	{"malformed", []http.HandlerFunc{text(bad)}, good, "users=500", none, "END does not fit BEGIN", 1},
	{"malformed, nothing stored", []http.HandlerFunc{text(bad)}, none, none, none, "END does not fit BEGIN", 1},
	{"both malformed", []http.HandlerFunc{text(bad)}, "<html>", none, none, "read stored copy of the calendar: not an iCalendar text", 1},
	{"truncated", []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, good)
	}}, good, "users=500", none, "unexpected EOF", 3},
	{"too large", []http.HandlerFunc{text(strings.Repeat("x", maxSize+1))}, good, "users=500", none, "larger than 8 MB", 1},
	{"too large after decompression", []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(w)
		_, _ = io.WriteString(compressed, strings.Repeat(" ", maxSize+1))
		_ = compressed.Close()
	}}, good, "users=500", none, "larger than 8 MB", 1},
	{"endless redirects", []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.String(), http.StatusFound)
	}}, good, "users=500", none, "stopped after 5 redirects", 18},
}

func TestFeedAndStoredCopy(t *testing.T) {
	for _, test := range feedCases {
		t.Run(test.name, func(t *testing.T) {
			c, f := client(t, test.responses...)
			var stored []byte
			if test.stored != none {
				stored = []byte(test.stored)
			}
			calendar, keep, err := c.Events(t.Context(), from, to, stored)
			source := calendar.Source
			if err != nil {
				source = err.Error()
			}
			got := none
			if len(calendar.Events) > 0 {
				got = calendar.Events[0].Summary
			}
			if got != test.want || (err != nil) != (test.want == none) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			if string(keep) != test.keep {
				t.Errorf("keep %q, want %q", keep, test.keep)
			}
			if !strings.Contains(source, test.source) || !strings.Contains(source, "127.0.0.1") {
				t.Errorf("source or error is %q, want the host and %q", source, test.source)
			}
			if strings.Contains(source, "hidden") {
				t.Errorf("%q contains the URL", source)
			}
			if len(f.requests) != test.requests {
				t.Errorf("%d requests, want %d", len(f.requests), test.requests)
			}
		})
	}
}

// A client that is used again sends conditional requests.
func TestUnchangedFeedIsNotTransferredAgain(t *testing.T) {
	const lastModified = "Mon, 09 Mar 2026 08:00:00 GMT"
	tagged := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", lastModified)
		if r.Header.Get("If-None-Match") == `"1"` && r.Header.Get("If-Modified-Since") == lastModified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, good)
	}
	c, f := client(t, tagged, tagged, text(newer), text(newer))
	var stored []byte
	for i, want := range []string{"users=500", "users=500", "users=600", "users=600"} {
		calendar, keep, err := c.Events(t.Context(), from, to, stored)
		if err != nil || len(calendar.Events) != 1 || calendar.Events[0].Summary != want {
			t.Fatalf("request %d: got %+v, %v, want %s", i, calendar, err, want)
		}
		if keep != nil {
			stored = keep
		}
	}
	if user, password, _ := f.requests[0].BasicAuth(); user != "eva" || password != "hidden-password" {
		t.Errorf("the request has the user %q, want the credentials of the URL", user)
	}
	if tag := f.requests[3].Header.Get("If-None-Match"); tag != "" {
		t.Errorf("If-None-Match is %s, want none: the last response had no ETag", tag)
	}
}

func TestUnreachableFeeds(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name, url string
		ctx       context.Context
		want      string
	}{
		{"refused", server.URL + "/?token=hidden", t.Context(), "connection refused"},
		{"no URL", "https://exa mple.org/?token=hidden", t.Context(), "read calendar of an invalid URL: the URL cannot be parsed"},
		{"no host", "?token=hidden", t.Context(), "unsupported protocol scheme"},
		{"no time left", server.URL + "/?token=hidden", ended, "context canceled"},
	} {
		c := of(test.url, http.DefaultClient)
		c.Pauses = make([]time.Duration, 2)
		_, _, err := c.Events(test.ctx, from, to, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}

func TestPausesEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, f := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		cancel()
	})
	c.Pauses = []time.Duration{time.Hour}
	if _, _, err := c.Events(ctx, from, to, nil); err == nil || len(f.requests) != 1 {
		t.Errorf("got %v after %d requests", err, len(f.requests))
	}
}

func TestWebcalIsHTTPS(t *testing.T) {
	for _, scheme := range []string{"webcal", "webcals", "WebCal", "https"} {
		var requested *http.Request
		c := of(scheme+"://eva:secret@calendar.example.org/feed%20a.ics?key=a%2Fb", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			requested = r
			return nil, errors.New("no network")
		})})
		c.Pauses = nil
		_, _, err := c.Events(t.Context(), from, to, nil)
		if err == nil || err.Error() != "read calendar of calendar.example.org: no network" {
			t.Errorf("%s: got %v", scheme, err)
		}
		if got := requested.URL.String(); got != "https://eva:secret@calendar.example.org/feed%20a.ics?key=a%2Fb" {
			t.Errorf("%s: requested %s", scheme, got)
		}
		if got := requested.UserAgent(); got != "DiViMS test" {
			t.Errorf("%s: the User-Agent is %q, want that of the settings", scheme, got)
		}
	}
}

// TestRedirects: a feed may redirect to another host by HTTPS. That host gets neither the
// credentials of the URL nor the URL. Nothing is fetched without HTTPS.
func TestRedirects(t *testing.T) {
	var requests []*http.Request
	record := func(next http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests = append(requests, r)
			next(w, r)
		})
	}
	other := httptest.NewTLSServer(record(text(newer)))
	defer other.Close()
	plain := httptest.NewServer(record(text(newer)))
	defer plain.Close()
	var target string
	first := httptest.NewTLSServer(record(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret.ics" {
			http.Redirect(w, r, target, http.StatusFound)
			return
		}
		text(good)(w, r)
	}))
	defer first.Close()
	withUser := func(address string) string { return strings.Replace(address, "//", "//eva:pw@", 1) }
	for _, test := range []struct {
		name, target string
		want         string // the summary, or a part of the error
		hasUser      bool
	}{
		{"another host", other.URL + "/feed.ics", "users=600", false},
		{"another host, with other credentials", strings.Replace(other.URL, "//", "//joe:pw@", 1), "users=600", false},
		{"the same host", "/feed.ics", "users=500", true},
		{"the same host, whole address", first.URL + "/feed.ics", "users=500", true},
		{"without HTTPS", plain.URL + "/feed.ics", "redirected to an address without HTTPS", false},
		{"a file", "file:///etc/passwd", "redirected to an address without HTTPS", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, requests = test.target, nil
			c := of(withUser(first.URL)+"/secret.ics?token=secret", first.Client())
			c.Pauses = nil
			calendar, _, err := c.Events(t.Context(), from, to, nil)
			got := fmt.Sprint(err)
			if err == nil {
				got = calendar.Events[0].Summary
			}
			if !strings.Contains(got, test.want) || strings.Contains(got, "secret") {
				t.Errorf("got %s, want %s", got, test.want)
			}
			last := requests[len(requests)-1]
			if err != nil {
				if len(requests) > 1 {
					t.Errorf("%d requests, want one", len(requests))
				}
				return
			}
			user, _, hasUser := last.BasicAuth()
			if len(requests) != 2 || hasUser != test.hasUser || hasUser && user != "eva" || last.Referer() != "" || last.UserAgent() != "DiViMS test" {
				t.Errorf("%d requests, the last with the user %q and %v", len(requests), user, last.Header)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
