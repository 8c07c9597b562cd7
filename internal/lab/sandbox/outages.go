package sandbox

import (
	"fmt"
	"net/http"
	"sync"
)

// The services that TakeDown can take down.
const (
	StorageService  = "storage"
	CalendarService = "calendar"
	NotifyService   = "notify"
)

// outages counts, for each service, the outages that are in force.
type outages struct {
	lock  sync.Mutex
	count map[string]int
}

// TakeDown makes a service answer every call with status 503, until restore is called. A
// service that was taken down twice is up again when both are restored.
func (s *Sandbox) TakeDown(service string) (restore func()) {
	s.outages.add(service, 1)
	return sync.OnceFunc(func() { s.outages.add(service, -1) })
}

func (o *outages) add(service string, n int) {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.count == nil {
		o.count = map[string]int{}
	}
	o.count[service] += n
}

func (o *outages) down(service string) bool {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.count[service] > 0
}

// wrap answers with status 503 in a service's place while it is down.
func (o *outages) wrap(service string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.down(service) {
			http.Error(w, fmt.Sprintf("the %s service is unavailable", service), http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
