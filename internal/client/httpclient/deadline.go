package httpclient

import (
	"context"
	"net/http"
	"time"
)

// deadlineTransport sends no request after its context's deadline. When a
// suspended process wakes up, the context's timer fires a moment late. In that
// moment the process could change a pool that another evaluation has taken over.
type deadlineTransport struct{ next http.RoundTripper }

// RoundTrip sends one request, or fails with context.DeadlineExceeded.
func (d deadlineTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if deadline, ok := request.Context().Deadline(); ok && isPast(deadline) {
		if request.Body != nil {
			_ = request.Body.Close() // as http.RoundTripper requires
		}
		return nil, context.DeadlineExceeded
	}
	return d.next.RoundTrip(request)
}

// isPast compares with both clocks, because the monotonic clock stands still while
// the machine sleeps.
func isPast(t time.Time) bool {
	return time.Until(t) <= 0 || time.Until(t.Round(0)) <= 0
}
