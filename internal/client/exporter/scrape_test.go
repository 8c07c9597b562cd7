package exporter

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"divims/internal/pool"
)

// listener is an endpoint that records its requests.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func listen(t *testing.T, handle http.HandlerFunc) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.seen = append(l.seen, r)
		l.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

// port returns the port that the listener listens on.
func (l *listener) port() string {
	at, err := url.Parse(l.URL)
	if err != nil {
		panic(err)
	}
	return at.Port()
}

func good(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "node_load1 1\n") }

// local is a server whose domain is 127.0.0.1, so that localhost is another host.
var local = pool.Server{Number: 1, Domain: "127.0.0.1"}

func TestCredentialsAreSentToTheServersDomainOnly(t *testing.T) {
	basic := Config{User: "divims", Password: pool.NewSecret("open sesame")}
	bearer := Config{Bearer: pool.NewSecret("open-sesame")}
	for name, c := range map[string]struct {
		config   Config
		template func(port string) string
		want     string
	}{
		"basic to its domain":          {basic, func(port string) string { return "http://{domain}:" + port + "/metrics" }, "Basic ZGl2aW1zOm9wZW4gc2VzYW1l"},
		"bearer to its domain":         {bearer, func(port string) string { return "http://{domain}:" + port + "/metrics" }, "Bearer open-sesame"},
		"basic to another host":        {basic, func(port string) string { return "http://localhost:" + port + "/{domain}" }, ""},
		"bearer to another host":       {bearer, func(port string) string { return "http://localhost:" + port + "/{domain}" }, ""},
		"those in the URL are ignored": {Config{}, func(port string) string { return "http://user:word@{domain}:" + port + "/" }, ""},
		"none configured":              {Config{}, func(port string) string { return "http://{domain}:" + port + "/" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := listen(t, good)
			c.config.URLs = []string{c.template(endpoint.port())}
			if _, err := New(c.config, endpoint.Client()).Stats(context.Background(), local, at9); err != nil {
				t.Fatal(err)
			}
			if got := endpoint.seen[0].Header.Get("Authorization"); got != c.want {
				t.Errorf("Authorization = %q; want %q", got, c.want)
			}
		})
	}
}

// lax is a client that follows all redirects. New must override that.
var lax = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}

func TestRedirectsToOtherOriginsAreNotFollowed(t *testing.T) {
	elsewhere := listen(t, good)
	for name, target := range map[string]string{
		"another port":   elsewhere.URL + "/metrics",
		"another host":   "http://localhost:" + elsewhere.port() + "/metrics",
		"another scheme": "https://127.0.0.1:" + elsewhere.port() + "/metrics",
	} {
		t.Run(name+" is not followed", func(t *testing.T) {
			endpoint := listen(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, target, http.StatusFound)
			})
			config := Config{URLs: []string{endpoint.URL + "/metrics"}, Bearer: pool.NewSecret("open-sesame")}
			_, err := New(config, lax).Stats(context.Background(), local, at9)
			if err == nil || !strings.Contains(err.Error(), "redirects to another host") {
				t.Errorf("error = %v", err)
			}
		})
	}
	if n := len(elsewhere.seen); n != 0 {
		t.Errorf("the redirect target got %d requests, want none", n)
	}

}

func TestRedirectsWithinTheOriginAreFollowed(t *testing.T) {
	t.Run("with credentials", func(t *testing.T) {
		endpoint := listen(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" {
				http.Redirect(w, r, "/metrics/", http.StatusMovedPermanently)
				return
			}
			good(w, r)
		})
		config := Config{URLs: []string{endpoint.URL + "/metrics"}, Bearer: pool.NewSecret("open-sesame")}
		if _, err := New(config, lax).Stats(context.Background(), local, at9); err != nil {
			t.Fatal(err)
		}
		if got := endpoint.seen[1].Header.Get("Authorization"); got != "Bearer open-sesame" {
			t.Errorf("Authorization after the redirect = %q", got)
		}
	})

	t.Run("a loop ends", func(t *testing.T) {
		endpoint := listen(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		})
		_, err := New(Config{URLs: []string{endpoint.URL}}, lax).Stats(context.Background(), local, at9)
		if err == nil || !strings.Contains(err.Error(), "more than 3 times") {
			t.Errorf("error = %v", err)
		}
	})
}

func TestCollectors(t *testing.T) {
	const all = "collect%5B%5D=cpu&collect%5B%5D=loadavg&collect%5B%5D=netdev&collect%5B%5D=stat&collect%5B%5D=systemd&collect%5B%5D=textfile&collect%5B%5D=time&collect%5B%5D=uname"
	for name, c := range map[string]struct{ path, want string }{
		"node_exporter gets a query": {"/node_exporter/metrics", all},
		"other exporters get none":   {"/metrics/", ""},
		"a configured query is kept": {"/node_exporter/metrics?collect[]=cpu", "collect[]=cpu"},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := listen(t, good)
			if _, err := New(Config{URLs: []string{endpoint.URL + c.path}}, endpoint.Client()).Stats(context.Background(), local, at9); err != nil {
				t.Fatal(err)
			}
			if got := endpoint.seen[0].URL.RawQuery; got != c.want {
				t.Errorf("query = %q; want %q", got, c.want)
			}
		})
	}

	t.Run("node_exporter without a collector gets a second request for all", func(t *testing.T) {
		endpoint := listen(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.RawQuery, "systemd") {
				http.Error(w, "Couldn't create filtered metrics handler: disabled collector: systemd", http.StatusBadRequest)
				return
			}
			good(w, r)
		})
		stats, err := New(Config{URLs: []string{endpoint.URL + "/node_exporter/metrics"}}, endpoint.Client()).Stats(context.Background(), local, at9)
		if err != nil {
			t.Fatal(err)
		}
		wantSeen(t, "load1", stats.Load1, 1)
	})
}

// A page may be compressed, and one that is cut off is an error.
func TestCompressedPage(t *testing.T) {
	var page bytes.Buffer
	compressed := gzip.NewWriter(&page)
	if _, err := io.WriteString(compressed, "node_load1 1\r\nnode_load5 2"); err != nil || compressed.Close() != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"whole":   {page.Bytes(), ""},
		"cut off": {page.Bytes()[:page.Len()-9], "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := listen(t, func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
					t.Error("the request does not accept gzip")
				}
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(c.body)
			})
			stats, err := New(Config{URLs: []string{endpoint.URL + "/metrics"}}, endpoint.Client()).Stats(context.Background(), local, at9)
			switch {
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error = %v; want %q", err, c.want)
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want == "":
				wantSeen(t, "load5", stats.Load5, 2)
			}
		})
	}
}

func TestErrorsNameTheEndpointAndNoSecret(t *testing.T) {
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"not metrics at all": {respond("<!doctype html><p>Log in\n"), "line 1: not in Prometheus's text format"},
		"incomplete line":    {respond("node_load5 1\nnode_load1"), "line 2: not in Prometheus's text format"},
		"not a number":       {respond("node_load1 sesame\n"), "line 1: node_load1: its value is not a number"},
		"a line too long":    {respond("node_load1 " + strings.Repeat("x", 1<<20) + "\n"), "line 1: node_load1: longer than 16384 bytes"},
		"unauthorized":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "status 401"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			line := []byte("# " + strings.Repeat("x", 1<<16) + "\n")
			for range maxBody/len(line) + 1 {
				_, _ = w.Write(line)
			}
		}, "larger than 2 MiB"},
		"truncated": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "node_load1 1\nnode_lo")
		}, "unexpected EOF"},
		"connection lost": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := listen(t, c.handle)
			config := Config{URLs: []string{endpoint.URL + "/metrics?key=sesame"}, Bearer: pool.NewSecret("sesame")}
			stats, err := New(config, endpoint.Client()).Stats(context.Background(), local, at9)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "127.0.0.1:"+endpoint.port()+"/metrics") {
				t.Errorf("error = %v; want the endpoint and %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "sesame") || len(err.Error()) > 400) {
				t.Errorf("error = %.500v; it contains a secret or the response", err)
			}
			wantUnknown(t, "load1", stats.Load1, "no stats endpoint answered")
		})
	}
}

// oneSilent is a transport on which /silent never responds. Every other response
// cancels the context once its body has been read and closed.
type oneSilent struct{ cancel context.CancelFunc }

func (o oneSilent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/silent" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: closing{strings.NewReader("node_load1 1\n"), o.cancel}}, nil
}

type closing struct {
	io.Reader
	then func()
}

func (c closing) Close() error {
	c.then()
	return nil
}

func TestSilentEndpointDoesNotDelayOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	config := Config{URLs: []string{"https://{domain}/silent", "https://{domain}/metrics"}}
	stats, err := New(config, &http.Client{Transport: oneSilent{cancel}}).Stats(ctx, local, at9)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "/silent") {
		t.Errorf("error = %v; want the silent endpoint's", err)
	}
	wantSeen(t, "load1", stats.Load1, 1)
}
