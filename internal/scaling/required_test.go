package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

func TestUnknownEntriesAreNotAnEmptyPool(t *testing.T) {
	s := newStory(t, 4)
	s.config.Policies = nil // no policy has an answer, so as many servers stay enabled as are
	s.seen.Entries = pool.Unknown[[]pool.Entry]("Scalelite is down")
	known := make([]pool.Reading[*pool.Entry], len(s.seen.Servers))
	for i := range s.seen.Servers {
		known[i] = s.seen.Servers[i].Entry
		s.seen.Servers[i].Entry = pool.Unknown[*pool.Entry]("Scalelite is down")
	}
	s.evaluate()
	for i := range s.seen.Servers {
		s.seen.Servers[i].Entry = known[i]
	}
	s.seen.Entries = pool.Seen([]pool.Entry{})
	s.evaluate()
	s.want("", "the four enabled servers stay")
}

func TestMinimumAndSizeLimitTheAnswer(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 500_000
	s.evaluate()
	s.want("cordon 1, cordon 2", "the minimum is half of 4")
	for n := 1; n <= 4; n++ {
		s.meeting(n, 240)
	}
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 4 {
		t.Errorf("required %d, want 4", got)
	}
	if len(s.plan.Required.Limits) != 1 {
		t.Errorf("limits %q, want one", s.plan.Required.Limits)
	}
	s.wantAlert("pool size")
}

func TestMinimumWithoutAnEvent(t *testing.T) {
	s := newStory(t, 4)
	s.config.Policies, s.config.ScheduleMode, s.config.MinimumMillionths = []Policy{PolicySchedule}, ScheduleWindow, 500_000
	s.seen.Calendar = pool.Seen(pool.Calendar{})
	s.evaluate()
	s.want("cordon 1, cordon 2", "the minimum is half of 4, although the schedule asks for none")
}

func TestForcedNumberUntilItsEnd(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 600) // load wants 5
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Reason: "budget", Author: "Ada"}, Servers: 3, Until: noon.Add(time.Hour)}
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 3 {
		t.Errorf("required %d, want the forced 3", got)
	}
	s.wantAlert("policy")
	if limits := s.plan.Required.Limits; len(limits) != 1 {
		t.Errorf("limits %q, want one: there are no tags", limits)
	}
	s.state.Forced.Servers = 100
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 6 {
		t.Errorf("100 are forced: required %d, want the 6 that there are", got)
	}
	s.config.Policies = nil // no policy has an answer
	s.state.Forced.Until = s.now.Add(time.Hour)
	s.evaluate()
	if got, ok := s.plan.Required.Servers.Get(); got != 6 || !ok {
		t.Errorf("without policies: required %d, known %t, want 6", got, ok)
	}
	s.config.Policies = []Policy{PolicyLoad}
	s.state.Forced.Until = s.now
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 5 || s.state.Forced != nil {
		t.Errorf("after its end: required %d, want 5; still forced: %+v", got, s.state.Forced)
	}
}
