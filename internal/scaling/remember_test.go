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
