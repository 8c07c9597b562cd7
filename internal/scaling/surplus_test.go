package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestWhatWasJustMadeIsNotTakenAway: nine servers are required, then four, for ten minutes.
// The machines that were just ordered stay until the surplus has lasted as long as a
// machine takes to come. An operator's number waits for nothing.
func TestWhatWasJustMadeIsNotTakenAway(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		minutes int
	}{
		"people come and go":        {func(*story) {}, 10},
		"boots have been long":      {func(s *story) { s.state.BootTimes = map[string][]int{"cloud": {18 * 60}} }, 20},
		"an operator has a number":  {func(s *story) { s.state.Forced = &pool.Forced{Servers: 4, Until: noon.Add(time.Hour)} }, 0},
		"somebody made them":        {func(s *story) { s.eachMemory(func(m *pool.ServerMemory) { m.Ordered = time.Time{} }) }, 0},
		"the machines came in time": {func(s *story) { s.comes(5, 6, 7, 8, 9) }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 9)
			s.config.GrowingFactor = s.config.SteadyFactor
			s.meeting(1, 500)
			s.rest(5, 6, 7, 8, 9)
			s.evaluate()
			s.want("", "four are required")
			s.people(1, 1125)
			s.evaluate()
			s.carryOut()
			s.people(1, 500)
			test.change(s)
			begins := s.now.Add(5 * time.Minute)
			for s.now.Before(begins.Add(time.Hour)) {
				s.evaluate()
				if countOf(s.plan, Cordon) > 0 {
					break
				}
			}
			if got := int(s.now.Sub(begins) / time.Minute); got != test.minutes {
				t.Errorf("the surplus is cordoned after %d minutes, want %d", got, test.minutes)
			}
		})
	}
}

// eachMemory changes the memory of all servers.
func (s *story) eachMemory(change func(*pool.ServerMemory)) {
	for n := range s.state.Servers {
		s.operator(n, change)
	}
}

// TestSurplusThatDoesNotLast: the time of a surplus begins anew when there was none in
// between.
func TestSurplusThatDoesNotLast(t *testing.T) {
	s := newStory(t, 5)
	s.config.GrowingFactor = s.config.SteadyFactor
	s.state.BootTimes = map[string][]int{"cloud": {21 * 60}}
	s.meeting(1, 500)
	s.rest(5)
	s.evaluate()
	s.people(1, 625)
	s.evaluate()
	s.want("create 5, enable 5", "five are required")
	s.carryOut()
	for i, people := range []int{500, 625, 500, 500, 500, 500, 500} {
		if i == 3 {
			s.comes(5) // after 20 minutes
		}
		s.people(1, people)
		s.evaluate()
		s.want("", "the surplus has not lasted for 21 minutes")
	}
	s.evaluate()
	s.want("cordon 2", "it has lasted for 25 minutes")
}

// TestWhatWasMadeLongAgoIsTakenAwayAtOnce: only what was just made waits.
func TestWhatWasMadeLongAgoIsTakenAwayAtOnce(t *testing.T) {
	for ago, planned := range map[time.Duration]string{5 * time.Minute: "", 7 * time.Minute: "cordon 2"} {
		s := newStory(t, 2)
		s.people(1, 100)
		s.state.LastEvaluation = noon
		s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", Ordered: noon.Add(-time.Hour), FirstSeen: noon.Add(-time.Hour), Came: noon.Add(5*time.Minute - ago)}}
		s.evaluate()
		s.want(planned, "it came "+ago.String()+" ago")
	}
}
