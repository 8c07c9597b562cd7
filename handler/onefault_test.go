package handler_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/sandbox/faults"
)

// fail makes the first call of a kind fail.
func (s *stage) fail(service, call string, kind faults.Kind) {
	s.t.Helper()
	s.sandbox.Faults().Reset()
	if err := s.sandbox.Faults().Set(faults.Rule{Service: service, Call: call, Kind: kind, From: 1, To: 1}); err != nil {
		s.t.Fatal(err)
	}
}

func TestOneFailedReadIsRetried(t *testing.T) {
	for _, read := range []struct{ service, call string }{{"scalelite", "getServers"}, {"scaleway", "GET servers"}, {"bbb", "getMeetings"}} {
		for _, kind := range []faults.Kind{faults.BadGateway, faults.Refused, faults.LostAnswer, faults.TooManyBare} {
			t.Run(read.service+" "+string(kind), func(t *testing.T) {
				s := newStage(t)
				s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
				s.fail(read.service, read.call, kind)
				var record cycle.Record
				if response := s.call("POST", "/", `{"source":"cron"}`, &record); response.Code != http.StatusOK || planned(record) != "create 2 done, enable 2 done" {
					t.Errorf("status %d, planned %q, alerts %v", response.Code, planned(record), record.Plan.Alerts)
				}
				if !slices.ContainsFunc(s.sandbox.Faults().Calls(), func(c faults.Call) bool { return c.Fault == kind }) {
					t.Error("no call failed")
				}
			})
		}
	}
}

// TestFailedChangeIsNotRetried checks that a change is left to the next evaluation.
func TestFailedChangeIsNotRetried(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	s.fail("scalelite", "updateServer", faults.BadGateway)
	var record cycle.Record
	if s.call("POST", "/", `{"source":"cron"}`, &record); planned(record) != "create 2 done, enable 2 failed" {
		t.Errorf("planned %q", planned(record))
	}
	s.sandbox.AdvanceTo(monday.Add(10 * time.Minute))
	if s.call("POST", "/", `{"source":"cron"}`, &record); planned(record) != "enable 2 done" {
		t.Errorf("planned %q", planned(record))
	}
}
