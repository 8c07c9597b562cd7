package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// unreadable returns a pool of ten servers that needs five and has six, of which server
// 6 had 20 people when it was last read. Then most people leave, and it cannot be read,
// though Scalelite says online.
func unreadable(t *testing.T) *story {
	s := newStory(t, 10)
	s.meeting(1, 580)
	s.meeting(6, 20) // 600 people need 5 servers
	s.rest(7, 8, 9, 10)
	s.entry(5).State = pool.Disabled
	s.rest(5)
	s.evaluate()
	s.want("", "five are required, and five serve")
	s.people(1, 10)
	s.broken(6)
	return s
}

// TestUnknownLoadKeepsTheLastRequirement: while the load of a server is unknown, the pool is
// not made smaller than the last number that was made with everything known; after two
// hours the estimate alone counts.
func TestUnknownLoadKeepsTheLastRequirement(t *testing.T) {
	s := unreadable(t)
	for s.now.Before(noon.Add(2*time.Hour + 5*time.Minute)) {
		s.evaluate()
		s.want("", "five were required when all was known")
	}
	s.evaluate()
	s.want("cordon 2, cordon 3, cordon 4", "30 people need one server, and two hours are over; only server 1 is known to take meetings")
}

// TestUnknownLoadLetsThePoolGrow: the floor is not the number that is enabled. With one
// server of unknown load and one to replace, the pool grew by one every five minutes.
func TestUnknownLoadLetsThePoolGrow(t *testing.T) {
	s := newStory(t, 24)
	s.meeting(1, 20)
	for n := 3; n <= 24; n++ {
		s.rest(n)
	}
	s.evaluate()
	s.want("cordon 2", "20 people need one server")
	s.carryOut()
	s.broken(1)
	s.operator(1, func(m *pool.ServerMemory) { m.Recycle = &pool.Hold{Author: "Ada"} })
	for range 48 {
		s.evaluate()
		s.carryOut()
		for n := 2; n <= 24; n++ {
			if s.machine(n) != nil {
				s.comes(n)
			}
		}
	}
	machines := 0
	for n := 1; n <= 24; n++ {
		if s.machine(n) != nil {
			machines++
		}
	}
	if machines > 2 {
		t.Errorf("%d machines for 20 people, want 2 at most", machines)
	}
}

// TestWhatStandsOverTheFloor: an operator's number does, but not over the server whose load
// is unknown.
func TestWhatStandsOverTheFloor(t *testing.T) {
	s := unreadable(t)
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Author: "Ada"}, Servers: 1, Until: noon.Add(time.Hour)}
	s.evaluate()
	s.want("cordon 2, cordon 3, cordon 4", "one is forced; people may be on server 6, and server 1 is the last that is known to take meetings")
	if s.state.Floors[""] != 5 {
		t.Errorf("the floor is %d, want the 5 that the policies required", s.state.Floors[""])
	}
}

// TestFloorIsNotMadeByAnOperator: the number of an operator is not what the policies
// require.
func TestFloorIsNotMadeByAnOperator(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 200)
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Author: "Ada"}, Servers: 4, Until: noon.Add(time.Hour)}
	s.evaluate()
	if _, known := s.state.Floors[""]; known {
		t.Errorf("the floor is %d", s.state.Floors[""])
	}
}

// TestNoFloor: without a state, the policies decide with what is estimated.
func TestNoFloor(t *testing.T) {
	s := newStory(t, 4)
	s.broken(4)
	s.entry(4).Load = pool.Seen(200.)
	s.evaluate()
	s.want("cordon 1", "Scalelite's 200 people, in 20 meetings of the usual size, need three servers")
}

// TestUnreadEventKeepsTheFloor: an event of the calendar that cannot be read keeps the last
// number from its start to its end, be it its summary or the event itself.
func TestUnreadEventKeepsTheFloor(t *testing.T) {
	begin, end := noon.Add(30*time.Minute), noon.Add(time.Hour)
	for name, test := range map[string]struct {
		mode     ScheduleMode
		calendar pool.Calendar
	}{
		"summary": {ScheduleWindow, pool.Calendar{Events: []pool.Event{{Summary: "users=many", Start: begin, End: end}}}},
		"event":   {ScheduleWindow, pool.Calendar{Unread: []pool.UnreadEvent{{Start: begin, End: end, Reason: "no end"}}}},
		"event, in mode step": {ScheduleStep, pool.Calendar{
			Events: []pool.Event{{Summary: "users=1", Start: noon.Add(-time.Hour), End: noon.Add(-time.Hour)}},
			Unread: []pool.UnreadEvent{{Start: begin, End: end, Reason: "no end"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 6)
			s.meeting(1, 600) // 5 are required
			s.config.Policies, s.config.ScheduleMode = []Policy{PolicyLoad, PolicySchedule}, test.mode
			s.seen.Calendar = pool.Seen(test.calendar)
			s.evaluate()
			s.want("cordon 2", "five are required")
			s.carryOut()
			s.people(1, 10)
			for s.now.Before(noon.Add(15 * time.Minute)) {
				s.people(1, 600)
				s.evaluate()
				s.carryOut()
			}
			s.people(1, 10)
			for s.now.Before(noon.Add(55 * time.Minute)) {
				s.evaluate()
				if got := countOf(s.plan, Cordon); got > 0 {
					t.Fatalf("at %s planned %s, want nothing while the exam may be on", s.now.Format("15:04"), s.planned())
				}
				s.carryOut()
			}
			s.evaluate()
			s.evaluate()
			if got := countOf(s.plan, Cordon); got == 0 {
				t.Error("the event is over, and the surplus stays")
			}
		})
	}
}

// TestEventOfUnknownDayKeepsNoFloor: an event whose day cannot be read would keep the pool
// large for ever. It is reported.
func TestEventOfUnknownDayKeepsNoFloor(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 600)
	s.config.Policies, s.config.ScheduleMode = []Policy{PolicyLoad, PolicySchedule}, ScheduleWindow
	s.seen.Calendar = pool.Seen(pool.Calendar{Unread: []pool.UnreadEvent{{Reason: "no DTSTART"}}})
	s.evaluate()
	s.carryOut()
	s.people(1, 10)
	for range 5 {
		s.evaluate()
		s.carryOut()
	}
	if got := s.plan.Required.Servers; got != pool.Seen(1) {
		t.Errorf("%v servers are required, want the load's one", got)
	}
}

// TestFloorIsMadeWithEverythingKnown: a requirement with an estimated load is no floor.
func TestFloorIsMadeWithEverythingKnown(t *testing.T) {
	s := unreadable(t)
	s.people(1, 900)
	s.evaluate()
	if got := s.state.Floors[""]; got != 5 {
		t.Errorf("the floor is %d, want the 5 that were required when all was known", got)
	}
}
