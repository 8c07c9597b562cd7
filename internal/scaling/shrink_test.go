package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// shrinkOrder are servers, the first of which is cordoned before the others.
var shrinkOrder = []struct {
	name string
	make func(*story, int)
}{
	{"a planned maintenance", func(s *story, n int) {
		s.machine(n).Maintenances = []pool.PlannedMaintenance{{Start: noon.Add(96 * time.Hour)}}
		s.meeting(n, 20)
	}},
	{"its machine starts", func(s *story, n int) {
		s.dead(n)
		s.machine(n).State, s.machine(n).Since = pool.Starting, s.now
	}},
	{"empty", func(*story, int) {}},
	{"one meeting of 2", func(s *story, n int) { s.meeting(n, 2) }},
	{"one meeting of 30", func(s *story, n int) { s.meeting(n, 30) }},
	{"two meetings of 1", func(s *story, n int) { s.meeting(n, 1); s.meeting(n, 1) }},
	{"a meeting of more than half the limit", func(s *story, n int) { s.meetingSince(n, 6*time.Hour) }},
}

// meetingSince gives a server a meeting with one person that has lasted for some time.
func (s *story) meetingSince(n int, lasted time.Duration) {
	s.seen.Servers[n-1].Meetings = pool.Seen([]pool.Meeting{{ID: "long", InternalID: "long", Created: s.now.Add(-lasted), Participants: 1}})
}

// TestOrderOfShrinking: the server that will be empty soonest is cordoned first, one with a
// meeting near the limit last.
func TestOrderOfShrinking(t *testing.T) {
	for i, first := range shrinkOrder {
		for _, second := range shrinkOrder[i+1:] {
			t.Run(first.name+" before "+second.name, func(t *testing.T) {
				s := newStory(t, 3)
				s.config.MinimumMillionths = 666_666 // 2 of 3
				s.config.ServerMeetings = 100
				for range 9 {
					s.meeting(1, 1)
				}
				s.meetingSince(1, 9*time.Hour)
				s.meeting(1, 150)
				second.make(s, 2)
				first.make(s, 3)
				s.evaluate()
				s.want("cordon 3", "two of three are required")
			})
		}
	}
}

// TestWhatIsNotCordonedToSaveMoney: servers on which people may be, or are about to be.
func TestWhatIsNotCordonedToSaveMoney(t *testing.T) {
	created := func(ago time.Duration, people int, breakout bool) func(*story) {
		return func(s *story) {
			s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{{ID: "m", InternalID: "m", Created: noon.Add(5*time.Minute - ago), Participants: people, Breakout: breakout}})
		}
	}
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"a meeting that nobody has joined yet":    {created(4*time.Minute, 0, false), "cordon 1"},
		"a meeting that nobody has joined lately": {created(5*time.Minute, 0, false), "cordon 2"},
		"a young meeting with people":             {created(time.Minute, 3, false), "cordon 2"},
		"a young breakout room":                   {created(time.Minute, 0, true), "cordon 2"},
		"its load is unknown":                     {func(s *story) { s.broken(2) }, ""},
		"it is bare metal":                        {func(s *story) { s.seen.Servers[1].Server.BareMetal = true; s.machine(2).BareMetal = true }, "cordon 1"},
		"it is the last that is online":           {func(s *story) { s.entry(1).Online = false; s.broken(1) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			s.meeting(1, 100)
			s.meeting(1, 10) // one server suffices, and 2 is the emptier one
			test.change(s)
			s.evaluate()
			s.want(test.planned, name)
		})
	}
}

// TestCordonsLateServersFirst: servers that do not serve are cordoned when the others
// suffice, at the second sight, and those that serve stay.
func TestCordonsLateServersFirst(t *testing.T) {
	s := newStory(t, 5)
	s.meeting(1, 450) // 4 are required
	s.dead(3)
	s.evaluate()
	s.want("", "it may be chance")
	s.evaluate()
	s.want("cordon 3", "the four others suffice")

	s = newStory(t, 4)
	s.meeting(1, 450)
	s.dead(3)
	for range 3 {
		s.evaluate()
		s.want("", "it may come back, and there are too few")
	}
}

// TestOrderOfShrinkingByWhatLasts: recordings in work count if the forecast is a policy, and
// an unhealthy server goes before a healthy one.
func TestOrderOfShrinkingByWhatLasts(t *testing.T) {
	backlog := func(s *story) {
		s.stats(2, func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"archived": 1}) })
	}
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"all are alike":                   {func(*story) {}, "cordon 1"},
		"a backlog, without the forecast": {func(s *story) { backlog(s); s.meeting(1, 1) }, "cordon 2"},
		"a backlog, with the forecast":    {func(s *story) { backlog(s); s.meeting(1, 1); s.config.Policies = []Policy{PolicyForecast} }, "cordon 1"},
		"a pool that does not record":     {func(s *story) { backlog(s); s.meeting(1, 1); s.config.Recordings = RecordingsNone }, "cordon 2"},
		"one is to be recycled": {func(s *story) {
			s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", Recycle: &pool.Hold{}}}
		}, "cordon 2"},
		"a meeting of the same size on each": {func(s *story) { s.meeting(1, 5); s.meeting(2, 5) }, "cordon 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 3)
			s.meeting(3, 200) // 2 are required
			test.change(s)
			s.evaluate()
			s.want(test.planned, name)
			if len(s.plan.Actions) == 1 && !s.plan.Actions[0].Surplus {
				t.Error("the cordon does not say that it only saves money")
			}
		})
	}
}

// TestLateServersThatStay: bare metal, and what answers DiViMS, stay enabled.
func TestLateServersThatStay(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"it is silent":              {func(*story) {}, "cordon 2"},
		"it is bare metal":          {func(s *story) { s.seen.Servers[1].Server.BareMetal = true; s.machine(2).BareMetal = true }, ""},
		"the poller leaves it out":  {func(s *story) { answersEmpty(&s.seen.Servers[1]) }, ""},
		"others are not enough yet": {func(s *story) { s.people(1, 370) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 3)
			s.people(1, 250) // 2 are required
			s.config.UnresponsiveRebootAfter = 0
			s.dead(2)
			s.evaluate()
			test.change(s)
			for range 3 {
				s.evaluate()
			}
			s.want(test.planned, name)
		})
	}
}
