// Package contract checks the function's HTTP surface. It has a pool in a sandbox and
// the calls of a cron trigger, an operator, a browser and Prometheus with the answers
// they expect. The calls go through whatever hosts the function: the bare handler, a
// process, or Scaleway's library for local testing.
package contract

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// Start is when the world of Pool begins: a Monday morning.
var Start = time.Date(2026, time.March, 2, 7, 0, 0, 0, time.UTC)

// Pool starts a sandbox with three servers, one of them running. From 1 to 2 minutes
// after Start, 200 people join one meeting, for which the load policy requires two
// servers. The sandbox is closed at the end of the test.
func Pool(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: Start, Seed: 1, Running: 1, Shipped: true, RecordingWork: 1,
		Servers: pool.Servers(3, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		Meetings: []demand.Meeting{{
			Start: Start.Add(time.Minute), Duration: time.Hour, Participants: 200, Join: time.Minute, Leave: time.Minute,
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// call is a request and what its answer must be.
type call struct {
	name, method, path, body string
	accept                   string
	status                   int
	// contentType is the expected Content-Type. If empty, it is not checked.
	contentType string
	// check returns an error if the answer's body is wrong; nil accepts any body.
	check func(body []byte) error
}

// Send sends a request to the function and returns its answer.
type Send func(*http.Request) (*http.Response, error)

// Check sends all calls, in order, to a function with the settings of s, which Pool
// started, 5 minutes after Start.
func Check(t *testing.T, s *sandbox.Sandbox, send Send) {
	s.AdvanceTo(Start.Add(5 * time.Minute))
	for _, c := range slices.Concat(refusedCalls(), servedCalls()) {
		t.Run(c.name, func(t *testing.T) {
			if err := c.try(t, send); err != nil {
				t.Errorf("%s %s: %v", c.method, c.path, err)
			}
		})
	}
	s.With(func(w *world.World) {
		if created := w.Tally().MachinesCreated; created != 1 {
			t.Errorf("%d machines were created; want the one that cron's evaluation creates", created)
		}
	})
}

func (c call) try(t *testing.T, send Send) (err error) {
	// send may replace the host.
	request, err := http.NewRequestWithContext(t.Context(), c.method, "http://function.example.com"+c.path, strings.NewReader(c.body))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", c.accept)
	response, err := send(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != c.status {
		return fmt.Errorf("status %d, want %d: %.300s", response.StatusCode, c.status, body)
	}
	// A host may add a Content-Type of its own before the function's.
	if types := response.Header.Values("Content-Type"); c.contentType != "" && !slices.Contains(types, c.contentType) {
		return fmt.Errorf("Content-Type %q, want %q", types, c.contentType)
	}
	if c.check == nil {
		return nil
	}
	return c.check(body)
}
