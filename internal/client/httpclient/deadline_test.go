package httpclient

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

// lateContext is a context whose timer does not fire at its deadline.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (l lateContext) Deadline() (time.Time, bool) { return l.deadline, true }

func TestNoRequestAfterItsDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		deadline time.Time
		sent     int
	}{
		"before the deadline":                  {time.Now().Add(time.Minute), 1},
		"after the deadline":                   {time.Now().Add(-time.Second), 0},
		"after the deadline by the wall clock": {time.Now().Round(0).Add(-time.Second), 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeService{steps: []step{answer(200, "")}}
			request, err := http.NewRequestWithContext(lateContext{t.Context(), c.deadline}, http.MethodPost, "http://service.test/", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := deadlineTransport{s}.RoundTrip(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if len(s.at) != c.sent || (err != nil) != (c.sent == 0) || err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%d requests sent, error %v; want %d", len(s.at), err, c.sent)
			}
		})
	}
}
