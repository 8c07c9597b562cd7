package handler

import (
	"context"
	"net/http"
	"time"
)

// punctual sends no request after its deadline. The timer of a context fires a
// moment after whoever was suspended wakes up, and that moment is enough for one
// more change of a pool that another evaluation has taken over.
type punctual struct{ next http.RoundTripper }

// RoundTrip sends one request, or says that it is too late.
func (p punctual) RoundTrip(request *http.Request) (*http.Response, error) {
	if deadline, ok := request.Context().Deadline(); ok && isPast(deadline) {
		if request.Body != nil {
			_ = request.Body.Close() // as http.RoundTripper demands
		}
		return nil, context.DeadlineExceeded
	}
	return p.next.RoundTrip(request)
}

// isPast asks both clocks: the monotonic one stands still while the machine sleeps.
func isPast(t time.Time) bool {
	return time.Until(t) <= 0 || time.Until(t.Round(0)) <= 0
}
