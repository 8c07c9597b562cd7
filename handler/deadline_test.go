package handler

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

// overslept is a context whose deadline is over and whose timer has not fired.
type overslept struct {
	context.Context
	deadline time.Time
}

func (o overslept) Deadline() (time.Time, bool) { return o.deadline, true }

func TestNothingIsSentAfterItsDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		deadline time.Time
		sent     int
	}{
		"before it":                      {time.Now().Add(time.Minute), 1},
		"after it":                       {time.Now().Add(-time.Second), 0},
		"after it by the clock as it is": {time.Now().Round(0).Add(-time.Second), 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{steps: []step{answer(200, "")}}
			request, err := http.NewRequestWithContext(overslept{t.Context(), c.deadline}, http.MethodPost, "http://service.test/", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := punctual{s}.RoundTrip(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if len(s.at) != c.sent || (err != nil) != (c.sent == 0) || err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%d requests are sent, %v", len(s.at), err)
			}
		})
	}
}
