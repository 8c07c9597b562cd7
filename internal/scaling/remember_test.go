package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

func TestForgetsWhatHappenedInMaintenance(t *testing.T) {
	s := newStory(t, 5)
	requireThree(s)
	s.config.UnresponsiveDeleteAfter = time.Hour
	s.entry(5).State = pool.Cordoned
	s.dead(5)
	s.state.Servers = map[int]pool.ServerMemory{5: {MachineID: "machine 5", Maintenance: &pool.Hold{Reason: "disk", Author: "Ada"}}}
	for range 24 {
		s.evaluate()
	}
	memory := s.state.Servers[5]
	memory.Maintenance = nil
	s.state.Servers[5] = memory
	s.evaluate()
	if got := countOf(s.plan, Delete) + countOf(s.plan, Reboot); got != 0 {
		t.Errorf("planned right after the maintenance: %s, want no deletion and no reboot", s.planned())
	}
}

// TestForgetsOldCreationFailures: when a server is needed again, its next failure is
// its first.
func TestForgetsOldCreationFailures(t *testing.T) {
	s := newStory(t, 4)
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.state.Servers = map[int]pool.ServerMemory{4: {Failures: 3, NotBefore: noon.Add(time.Hour)}}
	for _, step := range []struct {
		at       time.Duration
		failures int
	}{{0, 3}, {time.Hour, 0}} {
		s.now = noon.Add(step.at)
		s.evaluate()
		if got := s.state.Servers[4].Failures; got != step.failures {
			t.Errorf("after %s: %d failures, want %d", step.at, got, step.failures)
		}
	}
}

// TestMachineThatIsMissingOnce: a list may be short by chance. An operator's orders for the
// machine stay until it is missing twice.
func TestMachineThatIsMissingOnce(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 450) // all are required
	s.evaluate()
	s.operator(4, func(m *pool.ServerMemory) { m.Recycle = &pool.Hold{Author: "Ada"} })
	machine, meetings := s.seen.Servers[3].Machine, s.seen.Servers[3].Meetings
	s.withoutMachine(4)
	s.evaluate()
	s.want("", "it is missing for the first time")
	s.seen.Servers[3].Machine, s.seen.Servers[3].Meetings = machine, meetings
	s.entry(4).Online = true
	s.evaluate()
	if s.state.Servers[4].Recycle == nil {
		t.Error("the order to recycle the machine is forgotten")
	}
	s.withoutMachine(4)
	s.evaluate()
	s.evaluate()
	if memory := s.state.Servers[4]; memory.Recycle != nil || memory.MachineID != "" {
		t.Errorf("remembered is %+v, although the machine is gone", memory)
	}
}

// TestSmallerPoolRemembersItsLargerNumbers: an operator lowers the size and raises it again.
func TestSmallerPoolRemembersItsLargerNumbers(t *testing.T) {
	s := newStory(t, 3)
	s.state.Servers = map[int]pool.ServerMemory{3: {MachineID: "machine 3", Maintenance: &pool.Hold{Author: "Ada"}}}
	all := s.seen.Servers
	s.seen.Servers, s.config.Size = all[:2], 2
	s.evaluate()
	s.seen.Servers, s.config.Size = all, 3
	s.evaluate()
	s.wantStage(3, StageHeld, "it is still in maintenance")
}

// TestGapsBreakWhatMustBeSeenTwice: after a gap in the evaluations nothing was seen at two
// in a row.
func TestGapsBreakWhatMustBeSeenTwice(t *testing.T) {
	for _, test := range []struct {
		gap     time.Duration
		planned string
	}{{8 * time.Minute, "delete 2"}, {9 * time.Minute, ""}} {
		s := newStory(t, 2)
		s.entry(2).State = pool.Cordoned
		s.evaluate()
		s.now = s.now.Add(test.gap - s.config.Interval)
		s.evaluate()
		s.want(test.planned, "seen empty "+test.gap.String()+" before")
	}
}

// TestTwoEvaluationsAreHalfAnIntervalApart: a flood of calls is not two sights.
func TestTwoEvaluationsAreHalfAnIntervalApart(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	for range 4 {
		s.now = s.now.Add(30*time.Second - s.config.Interval)
		s.evaluate()
		s.want("", "half an interval has not passed")
	}
	s.now = s.now.Add(30*time.Second - s.config.Interval)
	s.evaluate()
	s.want("delete 2", "half an interval has passed")
}
