package scaling

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestStalePoller: the poller's word is stale if Scalelite's flags do not follow what
// DiViMS saw of at least two servers, for longer than three polls and at two evaluations.
// What else changes in Scalelite meanwhile shows that the poller works.
func TestStalePoller(t *testing.T) {
	for name, test := range map[string]struct {
		size       int
		first      func(*story) // before the first evaluation
		second     func(*story) // before the second
		third      func(*story) // before the third, 5 minutes later
		stale      bool
		wantSilent Stage // of server 1, if it was silent
	}{
		"two fell silent, and stay online": {6, nil, silenced(1, 2), nil, true, Late},
		"one fell silent":                  {6, nil, silenced(1), nil, false, Serving},
		"the only one fell silent":         {1, nil, silenced(1), nil, true, Late},
		"two answer, and stay offline": {6, func(s *story) { s.dead(1, 2) }, func(s *story) {
			answersEmpty(&s.seen.Servers[0])
			answersEmpty(&s.seen.Servers[1])
		}, nil, true, Late},
		"one fell silent, one answers": {6, func(s *story) { s.dead(2) }, func(s *story) {
			s.silent(1)
			answersEmpty(&s.seen.Servers[1])
		}, nil, true, Late},
		"two answer with errors": {6, nil, func(s *story) { s.broken(1); s.broken(2) }, nil, false, Serving},
		"two answer with errors, and never came": {6, func(s *story) { s.dead(1, 2) }, func(s *story) {
			answersEmpty(&s.seen.Servers[0])
			answersEmpty(&s.seen.Servers[1])
		}, func(s *story) { s.broken(1); s.broken(2) }, false, Late},
		"a poll lasts 2 minutes": {6, func(s *story) { s.config.ScalelitePoll = 2 * time.Minute }, silenced(1, 2), nil, false, Serving},
		"the flags follow":       {6, nil, silenced(1, 2), func(s *story) { s.dead(1, 2) }, false, Late},
		"one flag follows":       {6, nil, silenced(1, 2), func(s *story) { s.dead(1) }, false, Late},
		"another flag changes":   {6, nil, silenced(1, 2), func(s *story) { s.entry(6).Online = false }, false, Serving},
		"a load falls":           {6, func(s *story) { s.meeting(6, 9) }, silenced(1, 2), func(s *story) { s.people(6, 8) }, false, Serving},
		"a load rises":           {6, func(s *story) { s.meeting(6, 9) }, silenced(1, 2), func(s *story) { s.people(6, 10) }, true, Late},
		"a machine is stopped": {6, nil, silenced(1, 2), func(s *story) {
			s.machine(1).State = pool.Stopped
		}, false, Late},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, test.size)
			for _, change := range []func(*story){test.first, test.second, test.third} {
				if change != nil {
					change(s)
				}
				s.evaluate()
				if stale := strings.Contains(s.doubtText(StalePoller), "do not follow"); stale && s.now != noon.Add(15*time.Minute) {
					t.Errorf("stale already at %s", s.now)
				}
			}
			if stale := strings.Contains(s.doubtText(StalePoller), "do not follow"); stale != test.stale {
				t.Errorf("the poller's word is stale: %t, want %t: %+v", stale, test.stale, s.plan.Doubts)
			}
			s.wantStage(1, test.wantSilent, name)
		})
	}
}

func silenced(numbers ...int) func(*story) {
	return func(s *story) {
		for _, n := range numbers {
			s.silent(n)
		}
	}
}

// people gives a server one meeting.
func (s *story) people(n, participants int) {
	s.seen.Servers[n-1].Meetings = pool.Seen([]pool.Meeting{})
	s.meeting(n, participants)
}

// doubtText returns why there is doubt with a cause, or "".
func (s *story) doubtText(cause Cause) string {
	for _, doubt := range s.plan.Doubts {
		if doubt.Cause == cause {
			return doubt.Why.String()
		}
	}
	return ""
}

// TestPollerStandsStill: Scalelite's poller hangs while two of six servers fall silent.
// Nothing is cordoned or deleted, no machine's time runs, and the pool grows by one machine
// at a time. Then the poller works again.
func TestPollerStandsStill(t *testing.T) {
	s := newStory(t, 8)
	s.meeting(3, 600) // 5 are required
	s.rest(7, 8)
	s.entry(6).State = pool.Cordoned // it drains, and is empty
	s.evaluate()
	s.silent(1)
	s.silent(2)
	s.meeting(6, 1)
	s.evaluate()
	s.want("", "Scalelite says online, so the five serve")
	s.evaluate()
	s.wantDoubt(StalePoller, true, "its flags do not follow")
	s.wantAlert("poller")
	s.want("enable 6, create 7, enable 7", "two are gone; 6 is up, and one more may be made")
	s.carryOut()

	s.comes(7) // it answers, and Scalelite's flag does not follow
	s.entry(7).Online = false
	for range 6 {
		s.evaluate()
		if got := countOf(s.plan, Cordon) + countOf(s.plan, Delete) + countOf(s.plan, Reboot); got > 0 {
			t.Errorf("planned %s while the poller stands still", s.planned())
		}
	}
	s.wantStage(7, Late, "it answers, but nobody is sent to it")
	for n := 1; n <= 2; n++ {
		s.dead(n)
	}
	s.entry(7).Online = true
	s.evaluate()
	s.wantDoubt(StalePoller, false, "the flags follow again")
	s.wantStage(7, Serving, "Scalelite sends people to it")
}

// TestNoTimeRunsWhileThePollerIsStale: a machine that boots while the poller stands still
// is not late: nobody could have called it online.
func TestNoTimeRunsWhileThePollerIsStale(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(3, 440) // 4 are required
	s.rest(5, 6)
	stalePoller(s)
	s.want("create 5, enable 5", "two are gone, and one may be made")
	s.carryOut()
	for range 6 {
		s.evaluate()
		s.wantStage(5, Coming, "its time does not run")
	}
}

// TestPollerLeavesAServerOffline: entries without machines keep the poller so busy that it
// does not get to a new machine. The machine answers DiViMS: it is no capacity, it is not
// cordoned, not deleted and not held against its image, and the alert names the poller.
func TestPollerLeavesAServerOffline(t *testing.T) {
	s := newStory(t, 8)
	s.meeting(1, 600) // 5 are required
	s.rest(5, 6, 7, 8)
	s.evaluate()
	s.want("create 5, enable 5", "five are required")
	s.carryOut()
	answersEmpty(&s.seen.Servers[4])
	s.evaluate()
	s.wantStage(5, Coming, "Scalelite may not have looked at it yet")
	s.evaluate()
	s.wantStage(5, Late, "Scalelite has not looked at it for 5 minutes")
	s.wantAlert("poller")
	s.want("create 6, enable 6", "it is no capacity")
	s.carryOut()
	s.comes(6)
	for range 24 {
		s.evaluate()
		s.want("", "it stays as it is, although the others suffice")
	}
	if len(s.state.Doubt.Late) > 0 {
		t.Errorf("it is held against %v", s.state.Doubt.Late)
	}
}

// TestPollerLeavesMoreServersOffline: with two and more of them growth goes at a pace. It
// does not stop: entries without machines take most of the poller's time.
func TestPollerLeavesMoreServersOffline(t *testing.T) {
	s := newStory(t, 30)
	s.meeting(1, 2400) // 20 are required
	for n := 5; n <= 30; n++ {
		s.rest(n)
	}
	s.config.MaxCreations = 4
	s.meeting(2, 100)
	s.evaluate()
	s.carryOut()
	made := 0
	for i := range 24 {
		s.people(2, 100-i) // Scalelite sees the load fall: its poller is at work
		for n := 5; n <= 30; n++ {
			if s.machine(n) != nil {
				answersEmpty(&s.seen.Servers[n-1])
			}
		}
		s.evaluate()
		if got := countOf(s.plan, Create); s.doubtText(StalePoller) != "" {
			made += got
			if got > 3 {
				t.Errorf("planned %s, want a tenth of the pool at most", s.planned())
			}
		}
		s.carryOut()
	}
	if made == 0 {
		t.Error("no machine was made while the poller was busy")
	}
	s.wantAlert("poller")
}

// TestScaleliteCannotReachAServer: its poller has seen the server online, and does not any
// more. That is not the poller's fault, and the server is cordoned when the others suffice.
func TestScaleliteCannotReachAServer(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 370) // 3 are required
	s.dead(3)
	s.evaluate()
	s.comes(3)
	s.meeting(3, 1)
	s.meeting(2, 1)
	s.meeting(4, 1)
	s.config.MaxCordons = 0
	s.evaluate()
	s.config.MaxCordons = 20
	s.entry(3).Online = false
	s.evaluate()
	s.want("", "it may be chance")
	s.evaluate()
	s.want("cordon 3", "Scalelite does not send anybody to it, and the others suffice")
	s.wantDoubt(StalePoller, false, "the poller has looked at it")
}

// TestSilentServerWhileThePollerStandsStill: Scalelite's word is old, so a silent server is no
// capacity, although Scalelite calls it online.
func TestSilentServerWhileThePollerStandsStill(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(3, 600)
	stalePoller(s)
	for n, stage := range map[int]Stage{1: Late, 2: Late, 3: Serving} {
		s.wantStage(n, stage, "servers 1 and 2 are silent, and called online")
	}
	if s.plan.Required.Serving != 4 {
		t.Errorf("%d serve, want 4", s.plan.Required.Serving)
	}
	if doubt := s.plan.Doubts[len(s.plan.Doubts)-1]; len(doubt.Servers) != 6 {
		t.Errorf("%v are in doubt, want all", doubt.Servers)
	}
}

// TestSinceWhenThePollerStandsStill: since the first change that its flags did not follow, though
// that server is back.
func TestSinceWhenThePollerStandsStill(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(3, 600)
	s.evaluate()
	s.silent(1)
	s.evaluate()
	fell := s.now
	s.silent(2)
	s.silent(3)
	for range 3 {
		s.evaluate()
	}
	s.comes(1)
	s.evaluate()
	if got := s.state.Doubt.PollerSince; !got.Equal(fell) {
		t.Errorf("it stands still since %s, want %s", got.Format("15:04"), fell.Format("15:04"))
	}
}

// TestTimeBeforeThePollerStoodStill: a machine that began to start while the poller already
// stood still has had no time, and one that began before has had the time until then.
func TestTimeBeforeThePollerStoodStill(t *testing.T) {
	for name, test := range map[string]struct {
		since time.Duration
		late  bool
	}{
		"the poller stood still before":             {-time.Hour, false},
		"it stood still after the machine's time":   {-time.Minute, true},
		"it stood still within the machine's time":  {-25 * time.Minute, false},
		"the machine began when it began to do so":  {-30 * time.Minute, false},
		"the poller stood still long before, again": {-2 * time.Hour, false},
	} {
		d := &decision{now: noon, config: newStory(t, 1).config, pollerStale: true, state: pool.State{Doubt: pool.Doubt{PollerSince: noon.Add(test.since)}}}
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: pool.ServerMemory{FirstSeen: noon.Add(-30 * time.Minute)}}
		if late := d.timeIsOver(s); late != test.late {
			t.Errorf("%s: its time is over: %t", name, late)
		}
	}
}

// TestPollerIsNotJudgedAtOnce: a server that came up a moment ago contradicts nothing, though
// Scalelite polls often.
func TestPollerIsNotJudgedAtOnce(t *testing.T) {
	s := newStory(t, 6)
	s.config.ScalelitePoll = time.Second
	s.meeting(3, 600)
	s.evaluate()
	s.silent(1)
	s.silent(2)
	s.evaluate()
	s.now = s.now.Add(time.Minute - s.config.Interval)
	s.evaluate()
	s.wantDoubt(StalePoller, false, "it was seen a minute ago")
	s.evaluate()
	s.wantDoubt(StalePoller, true, "it is seen again after an interval")
}
