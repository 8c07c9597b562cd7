package scaling

import (
	"testing"

	"divims/internal/pool"
)

// TestAPersonCordonsAServer: at lunch a person cordons server 2 in Scalelite, to look at
// it. DiViMS leaves it alone until somebody enables it there.
func TestAPersonCordonsAServer(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 200)
	s.meeting(2, 150) // 3 are required
	s.rest(4)
	s.evaluate()
	s.want("", "three are required, and three serve")
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.wantStage(2, StageHeld, "from the first sight")
	s.want("create 4, enable 4", "a server that is held is no capacity, and its people still count")
	if alerts := s.alertsAbout("hand 2"); alerts > 0 {
		t.Error("an alert at the first sight")
	}
	s.carryOut()
	s.comes(4)
	s.evaluate()
	s.wantAlert("hand 2")

	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{})
	s.meeting(1, 150)
	s.entry(2).State = pool.Disabled // Scalelite does that with an empty one
	for range 24 {
		s.evaluate()
		s.want("", "it is neither enabled nor deleted while a person holds it")
	}
	s.people(1, 600)
	s.evaluate()
	s.want("", "not even if it is needed")
	s.people(1, 100)
	s.entry(2).State = pool.Enabled
	s.evaluate()
	s.wantStage(2, Serving, "it was given back")
	if countOf(s.plan, Cordon) == 0 {
		t.Errorf("planned %q, want DiViMS to be in charge again", s.planned())
	}
}

// alertsAbout returns the number of alerts about a subject.
func (s *story) alertsAbout(subject string) (n int) {
	for _, a := range s.plan.Alerts {
		if a.Subject == subject {
			n++
		}
	}
	return n
}

// TestWhatIsNoHand: server 4 was enabled and is now cordoned, and that may have been
// DiViMS, Scalelite, or an order for the whole pool.
func TestWhatIsNoHand(t *testing.T) {
	cordon := func(numbers ...int) func(*story) {
		return func(s *story) {
			for _, n := range numbers {
				s.entry(n).State = pool.Cordoned
			}
		}
	}
	outcome := func(result Result) func(*story) {
		return func(s *story) {
			s.people(4, 10) // 370 people in all
			s.evaluate()
			s.want("cordon 4", "three are required")
			Settle(&s.state, s.now, s.config, s.plan, []Outcome{{Result: result}})
			s.entry(4).State = pool.Cordoned
		}
	}
	for name, test := range map[string]struct {
		happens func(*story)
		hand    bool
	}{
		"a person cordons one of four":   {cordon(4), true},
		"a person disables one":          {func(s *story) { s.entry(4).State = pool.Disabled }, true},
		"a person cordons two of four":   {cordon(3, 4), true},
		"three of four change at once":   {cordon(2, 3, 4), false},
		"DiViMS cordoned it":             {outcome(Done), false},
		"DiViMS may have cordoned it":    {outcome(Failed), false},
		"DiViMS took its cordon back":    {outcome(Held), false},
		"DiViMS skipped its cordon":      {outcome(Skipped), true},
		"an evaluation was not recorded": {func(s *story) { cordon(4)(s); s.state.TakenOver = "killed" }, false},
		"the entry is another":           {func(s *story) { cordon(4)(s); s.entry(4).ID = "new" }, false},
		"it is in maintenance": {func(s *story) {
			cordon(4)(s)
			s.operator(4, func(m *pool.ServerMemory) { m.Maintenance = &pool.Hold{} })
		}, false},
		"the state is lost":            {func(s *story) { cordon(4)(s); s.state = pool.State{} }, false},
		"something else was in charge": {func(s *story) { cordon(4)(s); ForgetHands(&s.state) }, false},
		"Scalelite disables what is cordoned": {func(s *story) {
			outcome(Done)(s)
			s.evaluate()
			s.entry(4).State = pool.Disabled
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			for n := 1; n <= 4; n++ {
				s.meeting(n, 120) // all are required
			}
			s.evaluate()
			s.want("", "all are required")
			test.happens(s)
			s.evaluate()
			if held := !s.state.Servers[4].Entry.HandSince.IsZero(); held != test.hand {
				t.Errorf("server 4 is held by hand: %t, want %t", held, test.hand)
			}
		})
	}
}

// TestBothOfTwoChangeAtOnce: a person may cordon one of two servers, but both at once is a
// restored Scalelite, or another orchestrator.
func TestBothOfTwoChangeAtOnce(t *testing.T) {
	s := newStory(t, 2)
	s.meeting(1, 200)
	s.evaluate()
	s.entry(1).State, s.entry(2).State = pool.Disabled, pool.Disabled
	s.evaluate()
	s.wantAlert("Scalelite")
	s.want("enable 1, enable 2", "200 people need both")
}

// TestHoldEndsWithItsEntry: Scalelite was installed again, and its entries are new.
func TestHoldEndsWithItsEntry(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 400)
	s.evaluate()
	s.entry(4).State = pool.Cordoned
	s.evaluate()
	s.wantStage(4, StageHeld, "a person cordoned it")
	s.entry(4).ID = "new"
	s.evaluate()
	s.wantStage(4, Draining, "nothing is known of the new entry")
	s.want("enable 4", "four are required")
}

// TestTwoOfThreeAreHands: a person may cordon two servers one after the other.
func TestTwoOfThreeAreHands(t *testing.T) {
	s := newStory(t, 3)
	s.meeting(1, 350) // all are required
	s.evaluate()
	s.entry(2).State, s.entry(3).State = pool.Cordoned, pool.Cordoned
	s.evaluate()
	s.wantStage(2, StageHeld, "a person cordoned it")
	s.wantStage(3, StageHeld, "and this one")
}

// TestMass: how many changes at once are not a person's.
func TestMass(t *testing.T) {
	for _, test := range []struct {
		changed, enabled int
		mass             bool
	}{{1, 1, false}, {1, 2, false}, {2, 2, true}, {2, 3, false}, {3, 10, false}, {3, 6, false}, {3, 5, true}, {6, 10, true}} {
		if got := isMass(test.changed, test.enabled); got != test.mass {
			t.Errorf("%d of %d are a mass: %t", test.changed, test.enabled, got)
		}
	}
}
