package httpclient

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// breakerTransport is a circuit breaker. It refuses requests to a service that does
// not answer, so that a dead service costs an evaluation two timeouts and not
// hundreds. An error status is an answer, too.
type breakerTransport struct {
	next http.RoundTripper
	// fairWait is the least time that a service must have had to answer. If a request
	// ends sooner, by its deadline or because it is cancelled, that does not count as
	// a failure of the service.
	fairWait time.Duration
}

// RoundTrip sends one request, or returns an error at once if the breaker is open.
func (b breakerTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	evaluation := evaluationOf(request.Context())
	if evaluation == nil {
		return b.next.RoundTrip(request)
	}
	breakers, service, begun := &evaluation.breakers, serviceOf(request.URL), time.Now()
	if ok, failures := breakers.allow(service, begun); !ok {
		if request.Body != nil {
			_ = request.Body.Close() // as http.RoundTripper requires
		}
		return nil, fmt.Errorf("not asked again: %s did not answer %d times in a row", request.URL.Host, failures)
	}
	response, err := b.next.RoundTrip(request)
	now := time.Now()
	switch {
	case err == nil:
		breakers.succeed(service)
	case isNoAnswer(err) && (request.Context().Err() == nil || now.Sub(begun) >= b.fairWait):
		breakers.fail(service, now)
	}
	return response, err
}

// serviceOf returns the service of a URL: its host, first path segment and zone. A
// service fails as a whole. A host may have several services, for example BBB and
// its stats, and each of Scaleway's products has its own API in each zone.
func serviceOf(address *url.URL) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(address.Path, "/"), "/")
	_, zoned, _ := strings.Cut(address.Path, "/zones/")
	zone, _, _ := strings.Cut(zoned, "/")
	return address.Host + "/" + first + "/" + zone
}

// After maxFailures requests in a row without an answer, no requests are sent to a
// service for the duration of openTime.
const (
	maxFailures = 2
	openTime    = 30 * time.Second
)

// circuitBreakers are the circuit breakers of an evaluation, one for each
// service. They are safe for concurrent use.
type circuitBreakers struct {
	mutex    sync.Mutex
	services map[string]circuitBreaker
}

// circuitBreaker counts a service's failures since its last answer. From
// maxFailures on, it is open until openUntil. Then it lets one request through as a
// trial, and stays open for all others until openTime has passed again.
type circuitBreaker struct {
	failures  int
	openUntil time.Time
}

// allow reports whether a request may be sent to a service. If not, failures is how
// many requests have failed in a row.
func (c *circuitBreakers) allow(service string, now time.Time) (ok bool, failures int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	b := c.services[service]
	if b.failures < maxFailures {
		return true, 0
	}
	if now.Before(b.openUntil) {
		return false, b.failures
	}
	b.openUntil = now.Add(openTime)
	c.services[service] = b
	return true, 0
}

// succeed closes a service's circuit breaker.
func (c *circuitBreakers) succeed(service string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.services, service)
}

// fail counts a request that a service has not answered.
func (c *circuitBreakers) fail(service string, now time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.services == nil {
		c.services = map[string]circuitBreaker{}
	}
	c.services[service] = circuitBreaker{c.services[service].failures + 1, now.Add(openTime)}
}
