package scaling

import (
	"testing"

	"divims/internal/pool"
)

func TestSilentNewMachineDoesNotRaiseTheRequirement(t *testing.T) {
	s := newStory(t, 5)
	s.dead(5)
	s.entry(5).State = pool.Cordoned
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got != 1 {
		t.Errorf("required %d for no people, want 1", got)
	}
}

func TestLoadCountsServersWithTwoMachines(t *testing.T) {
	s := newStory(t, 4)
	for n := 1; n <= 4; n++ {
		s.meeting(n, 120)
	}
	s.seen.Servers[3].Machine = pool.Unknown[*pool.Machine]("2 machines have the name bbb-w4")
	s.evaluate()
	if s.plan.Load.Participants != 480 {
		t.Errorf("got the load %+v, want 480 participants", s.plan.Load)
	}
	s.seen.Servers[3].Meetings = pool.Unknown[[]pool.Meeting]("no answer")
	s.state.Servers = nil
	s.evaluate()
	if got, _ := s.plan.Required.Servers.Get(); got < 4 {
		t.Errorf("required %d, want at least 4: the load of server 4 is unknown", got)
	}
}
