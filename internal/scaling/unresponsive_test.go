package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestReplacesSilentServer: a server that falls silent is no capacity any more and is
// replaced at once; it is cordoned when the others serve, at the second sight.
func TestReplacesSilentServer(t *testing.T) {
	s := newStory(t, 5)
	requireThree(s)
	s.meeting(4, 120)
	s.evaluate()
	s.want("cordon 5", "480 participants need 4 servers")
	s.carryOut()
	s.silent(4)
	s.evaluate()
	s.want("", "Scalelite still places meetings on server 4")
	s.dead(4)
	s.evaluate()
	s.want("enable 5", "server 4 does not serve, and server 5 is up")
	s.carryOut()
	s.evaluate()
	s.want("cordon 4", "it does not serve for the second time, and the others suffice")
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
			s.want("", "it is silent for the first time")
			s.evaluate()
			s.want("cordon 4", "it answers neither DiViMS nor Scalelite")
			s.carryOut()
			for range 3 {
				s.evaluate()
				s.want("", "it may recover by itself")
			}
			s.evaluate()
			s.want("reboot 4", "unresponsive for 20 minutes")
			s.carryOut()
			for range 2 {
				s.evaluate()
				s.want("", "it starts")
			}
			for range 7 {
				s.evaluate()
				s.want("", "it is not rebooted a second time")
			}
			s.evaluate()
			s.want(test.end, "unresponsive for 40 minutes after the reboot")
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

// TestSlowNetworkFailureDeletesNothing: 2 of 4 servers fell, although the first was given
// up before the second fell.
func TestSlowNetworkFailureDeletesNothing(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 40 * time.Minute
	requireThree(s)
	s.evaluate() // cordons 4
	for _, n := range []int{3, 2} {
		s.dead(n)
		s.evaluate()
		s.evaluate()
	}
	for range 20 {
		s.evaluate()
		if got := countOf(s.plan, Delete) + countOf(s.plan, Reboot) + countOf(s.plan, Cordon); got > 0 {
			t.Fatalf("planned %s, want no harm to any server", s.planned())
		}
	}
}

// TestReplacesTheOnlyServerBeforeItIsCordoned: the only server of a pool stays enabled until
// another serves.
func TestReplacesTheOnlyServerBeforeItIsCordoned(t *testing.T) {
	s := newStory(t, 2)
	s.rest(2)
	s.evaluate()
	s.dead(1)
	s.evaluate()
	s.want("create 2, enable 2", "its replacement comes first")
	s.carryOut()
	s.evaluate()
	s.want("", "the replacement boots")
	s.comes(2)
	s.evaluate()
	s.want("cordon 1", "the replacement serves")
}

// TestRebootAndDeletionAreNotPlannedTogether: both are due when the network is back.
func TestRebootAndDeletionAreNotPlannedTogether(t *testing.T) {
	s := newStory(t, 4)
	s.config.UnresponsiveDeleteAfter = 20 * time.Minute
	s.entry(4).State = pool.Cordoned
	s.meeting(1, 300)
	s.dead(4)
	for range 5 {
		s.evaluate()
		s.want("", "less than 20 minutes")
	}
	s.evaluate()
	s.want("reboot 4", "a reboot may help, and a deletion cannot be undone")
}
