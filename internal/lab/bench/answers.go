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

// answers stands between the sandbox's services and who asks them. It answers
// after the latency, and what was asked for once it answers from memory: the
// sandbox must not take the CPU from whom is measured.
type answers struct {
	surroundings Surroundings
	requests     atomic.Int64
	known        sync.Map // *answer by key
}

// around goes around a service.
func (a *answers) around(service string, inner http.Handler) http.Handler {
	switch service {
	case "clock":
		return inner // there is none outside of sandboxes
	case "storage":
		return a.late(inner)
	}
	return a.late(a.remembered(inner))
}

// late counts a request, and answers it after the latency if its server answers.
func (a *answers) late(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests.Add(1)
		if a.surroundings.hangs(number(r)) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		time.Sleep(a.surroundings.Latency)
		inner.ServeHTTP(w, r)
	})
}

// number is that of the server that is asked, 0 for another service.
func number(r *http.Request) (number int) {
	if r.TLS != nil {
		_, _ = fmt.Sscanf(r.TLS.ServerName, strings.ReplaceAll(sandbox.DomainTemplate, "{n}", "%d"), &number)
	}
	return number
}

// remembered asks inner for what it has not been asked for before. Other requests
// than GETs change something, and go through.
func (a *answers) remembered(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			inner.ServeHTTP(w, r)
			return
		}
		key := r.Host + r.RequestURI
		known, ok := a.known.Load(key)
		if !ok {
			fresh := &answer{status: http.StatusOK, header: http.Header{}}
			inner.ServeHTTP(fresh, r)
			known, _ = a.known.LoadOrStore(key, fresh)
		}
		known.(*answer).write(w)
		if strings.HasSuffix(r.URL.Path, "/metrics") {
			_, _ = w.Write(restOfStats(r.URL.Query()["collect[]"]))
		}
	})
}

// answer is taken down as an http.ResponseWriter, and not changed any more then.
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
