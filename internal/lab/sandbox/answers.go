package sandbox

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// answers records whether the last call of each list that DiViMS needs to act was answered:
// Scalelite's entries, and Scaleway's machines in each zone.
type answers struct {
	lock sync.Mutex
	// scalelite and scaleway say by path whether the last call of each list was answered.
	scalelite, scaleway map[string]bool
}

// Answering reports whether Scalelite and Scaleway answered the last calls for their lists
// of entries and machines. A service that was not called yet counts as answering. Scaleway
// answers if at least one of its zones does.
func (s *Sandbox) Answering() (scalelite, scaleway bool) {
	a := &s.answers
	a.lock.Lock()
	defer a.lock.Unlock()
	return anyTrue(a.scalelite), anyTrue(a.scaleway)
}

func anyTrue(answered map[string]bool) bool {
	if len(answered) == 0 {
		return true
	}
	for _, yes := range answered {
		if yes {
			return true
		}
	}
	return false
}

// watchScalelite and watchScaleway record the answers that the client gets, injected faults
// included.
func (a *answers) watchScalelite(handler http.Handler) http.Handler {
	a.scalelite = map[string]bool{}
	return a.watch(a.scalelite, handler, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/getServers") })
}

func (a *answers) watchScaleway(handler http.Handler) http.Handler {
	a.scaleway = map[string]bool{}
	return a.watch(a.scaleway, handler, func(r *http.Request) bool {
		isList, _ := path.Match("/instance/*/zones/*/servers", r.URL.Path)
		return isList && r.Method == http.MethodGet
	})
}

// watch records the answers to the calls of a list.
func (a *answers) watch(answered map[string]bool, handler http.Handler, isList func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isList(r) {
			handler.ServeHTTP(w, r)
			return
		}
		a.note(answered, r.URL.Path, false) // for a handler that panics or a client that gives up
		handler.ServeHTTP(&statusWriter{ResponseWriter: w, begin: func(status int) {
			a.note(answered, r.URL.Path, slices.Contains(goodStatuses, status))
		}}, r)
	})
}

// goodStatuses are the statuses of an answer with a list. Scaleway may send a page with 206.
var goodStatuses = []int{http.StatusOK, http.StatusPartialContent}

func (a *answers) note(answered map[string]bool, list string, yes bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	answered[list] = yes
}

// statusWriter calls begin with the status of a response before the client can see it. It
// does not do so if the connection is hijacked.
type statusWriter struct {
	http.ResponseWriter
	begin func(status int)
	begun bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.begun {
		w.begun = true
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(text []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.begin(http.StatusOK)
	}
	return w.ResponseWriter.Write(text)
}

// Unwrap lets an http.ResponseController hijack the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
