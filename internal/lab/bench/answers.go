package bench

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"divims/internal/lab/sandbox"
)

// answers wraps the sandbox's services. It delays every answer by the latency and caches
// the answers to GET requests, so that the sandbox takes little CPU time from the
// measured process.
type answers struct {
	surroundings Surroundings
	requests     atomic.Int64
	cache        sync.Map // *answer by key
}

// around wraps a service.
func (a *answers) around(service string, inner http.Handler) http.Handler {
	switch service {
	case "clock":
		return inner // exists in sandboxes only
	case "storage":
		return a.delayed(inner)
	}
	return a.delayed(a.cached(inner))
}

// delayed counts a request and answers it after the latency. If its server hangs, it
// never answers.
func (a *answers) delayed(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests.Add(1)
		if a.surroundings.hangs(number(r)) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		<-time.After(a.surroundings.Latency)
		inner.ServeHTTP(w, r)
	})
}

// number returns the number of the BBB server that a request is for, or 0 for another
// service.
func number(r *http.Request) (number int) {
	if r.TLS != nil {
		_, _ = fmt.Sscanf(r.TLS.ServerName, strings.ReplaceAll(sandbox.DomainTemplate, "{n}", "%d"), &number)
	}
	return number
}

// cached answers a repeated GET request from the cache. All other requests go to inner.
func (a *answers) cached(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			inner.ServeHTTP(w, r)
			return
		}
		key := r.Host + r.RequestURI
		known, ok := a.cache.Load(key)
		if !ok {
			fresh := &answer{status: http.StatusOK, header: http.Header{}}
			inner.ServeHTTP(fresh, r)
			known, _ = a.cache.LoadOrStore(key, fresh)
		}
		known.(*answer).write(w)
		if strings.HasSuffix(r.URL.Path, "/metrics") {
			_, _ = w.Write(restOfStats(r.URL.Query()["collect[]"]))
		}
	})
}

// answer is a cached answer. It is the http.ResponseWriter of the wrapped service, and
// never changes after that.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(text []byte) (int, error) {
	a.body = append(a.body, text...)
	return len(text), nil
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
