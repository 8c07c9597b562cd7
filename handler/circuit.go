package handler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// breaking refuses requests to services that do not answer, so that a dead one
// costs an evaluation its first deadlines and not hundreds of them. Every answer
// counts as one, also an error status.
type breaking struct {
	next http.RoundTripper
	// fairWait is how long a request has to wait before its deadline says
	// something of the service: what the end of our own time cuts short does not.
	fairWait time.Duration
}

// RoundTrip sends one request, or fails at once.
func (b breaking) RoundTrip(request *http.Request) (*http.Response, error) {
	effort := effortOf(request.Context())
	if effort == nil {
		return b.next.RoundTrip(request)
	}
	service, begun := serviceOf(request.URL), time.Now()
	if ok, silences := effort.mayAsk(service, begun); !ok {
		if request.Body != nil {
			_ = request.Body.Close() // as http.RoundTripper demands
		}
		return nil, fmt.Errorf("not asked again: %s did not answer %d times in a row", request.URL.Host, silences)
	}
	response, err := b.next.RoundTrip(request)
	now := time.Now()
	switch {
	case err == nil:
		effort.answered(service)
	case isSilence(err) && (request.Context().Err() == nil || now.Sub(begun) >= b.fairWait):
		effort.silent(service, now)
	}
	return response, err
}

// serviceOf names what fails as a whole. A host may have several services, such
// as BBB and its stats, or Scaleway's products, each of which has its own API in
// each zone.
func serviceOf(address *url.URL) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(address.Path, "/"), "/")
	_, zoned, _ := strings.Cut(address.Path, "/zones/")
	zone, _, _ := strings.Cut(zoned, "/")
	return address.Host + "/" + first + "/" + zone
}
