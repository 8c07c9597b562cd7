package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

func TestCordonsServerThatIsSilentTwice(t *testing.T) {
	s := newStory(t, 5)
	requireThree(s)
	s.meeting(4, 120)
	s.evaluate()
	s.want("cordon 5", "480 participants need 4 servers")
	s.seen.Servers[3].Meetings = pool.Unknown[[]pool.Meeting]("no answer in time")
	s.entry(5).State = pool.Cordoned
	s.evaluate()
	s.want("", "one silence may be chance, and its last known load counts")
	s.evaluate()
	s.want("cordon 4, enable 5", "it is unresponsive at the second silence, and another server replaces it")
	s.wantAlert("server 4")
}

func TestRebootsUnresponsiveMachineOnce(t *testing.T) {
	for _, test := range []struct {
		name        string
		deleteAfter time.Duration
		end         string
	}{{"kept by default", 0, ""}, {"deleted where that is allowed", 40 * time.Minute, "delete 4"}} {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, 4)
			requireThree(s)
			s.config.UnresponsiveDeleteAfter = test.deleteAfter
			s.dead(4)
			s.evaluate()
			s.want("cordon 4", "it answers neither DiViMS nor Scalelite")
			s.entry(4).State = pool.Cordoned
			for minutes := 5; minutes < 20; minutes += 5 {
				s.evaluate()
				s.want("", "it may recover by itself")
			}
			s.evaluate()
			s.want("reboot 4", "after 20 minutes")
			memory := s.state.Servers[4]
			memory.Rebooted = s.now // as Settle records it
			s.state.Servers[4] = memory
			for range 3 {
				s.evaluate()
				s.want("", "it starts")
			}
			for range 10 {
				s.evaluate()
			}
			s.want(test.end, "it is not rebooted a second time")
			s.wantAlert("server 4")
		})
	}
}

func TestKeepsServerThatScaleliteSeesOnline(t *testing.T) {
	s := newStory(t, 4)
	requireThree(s)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	s.entry(4).State = pool.Cordoned
	s.dead(4)
	s.entry(4).Online = true
	for range 20 {
		s.evaluate()
		s.want("", "people may be on it")
	}
	s.wantAlert("server 4")
}

func TestSlowNetworkFailureDeletesNothing(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	requireThree(s)
	for _, n := range []int{4, 3} {
		s.dead(n)
		s.evaluate()
		s.entry(n).State = pool.Cordoned
	}
	for range 20 {
		s.evaluate()
		s.want("", "2 of 4 servers are unresponsive, although the first was given up before the second failed")
	}
}

func TestKeepsLastOnlineServerThatDoesNotAnswer(t *testing.T) {
	s := newStory(t, 2)
	s.withoutMachine(2)
	s.entry(2).State = pool.Disabled
	s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("checksumError")
	s.evaluate()
	s.evaluate()
	s.want("enable 2, create 2", "its replacement comes first")
}
