package scaling

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestDeletesServerThatIsSeenEmptyTwice(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.want("", "seen empty once")
	s.evaluate()
	s.want("delete 2", "seen empty twice")
}

func TestDeletionNeedsStatsFromAfterItWasFirstSeenEmpty(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	stats, _ := s.seen.Servers[1].Stats.Get()
	stats.Age = pool.Seen(9 * time.Minute)
	s.seen.Servers[1].Stats = pool.Seen(stats)
	s.evaluate()
	s.evaluate()
	s.want("", "seen empty twice, but its stats are from before it was first seen empty")
	s.evaluate()
	s.want("delete 2", "its stats are from after it was first seen empty")
}

func TestSeeingAServerEmptyTwiceStartsAgain(t *testing.T) {
	changes := map[string]func(*pool.ServerObservation){
		"a meeting comes":               func(o *pool.ServerObservation) { o.Meetings = pool.Seen([]pool.Meeting{{Breakout: true}}) },
		"the meetings cannot be read":   func(o *pool.ServerObservation) { o.Meetings = pool.Unknown[[]pool.Meeting]("502") },
		"the recordings cannot be read": func(o *pool.ServerObservation) { o.Recordings = pool.Unknown[[]pool.Recording]("504") },
		"the backlog is stale": func(o *pool.ServerObservation) {
			o.Stats = pool.Seen(pool.Stats{Backlog: pool.Unknown[map[string]int]("stale")})
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			s.entry(2).State = pool.Cordoned
			s.evaluate()
			change(&s.seen.Servers[1])
			s.evaluate()
			s.want("", name)
			answersEmpty(&s.seen.Servers[1])
			s.evaluate()
			s.want("", "empty again, once")
			s.evaluate()
			s.want("delete 2", "empty again, twice")
		})
	}
}

func TestDeletesStoppedMachinesThatNeverRan(t *testing.T) {
	s := newStory(t, 3)
	for n := 2; n <= 3; n++ {
		s.entry(n).State, s.entry(n).Online = pool.Disabled, false
		s.machine(n).State = pool.Stopped
		s.seen.Servers[n-1].Meetings = pool.Unknown[[]pool.Meeting]("off")
	}
	s.machine(2).Since = s.machine(2).Created.Add(time.Minute) // never ran
	s.evaluate()
	s.want("", "seen switched off once")
	s.evaluate()
	s.want("delete 2", "2 never ran; 3 ran for hours and was never seen empty")
	s.wantAlert("server 3")
}

// TestEndsLongMeetingsOnDrainingServersOnly: the limit counts from the cordon, so that a
// long meeting on a server that is cordoned to save money is not ended at once.
func TestEndsLongMeetingsOnDrainingServersOnly(t *testing.T) {
	s := newStory(t, 2)
	for n := 1; n <= 2; n++ {
		id := fmt.Sprint("forgotten on ", n)
		s.seen.Servers[n-1].Meetings = pool.Seen([]pool.Meeting{{ID: id, InternalID: id, Created: noon.Add(-11 * time.Hour), Participants: 1}})
	}
	s.entry(2).State = pool.Cordoned
	for range 10 * 12 {
		s.evaluate()
		s.want("", "server 2 was cordoned less than 10 hours ago")
	}
	s.evaluate()
	s.want("end meeting 2", "server 1 does not drain, so its meeting goes on")
	s.config.MaxEnds = 0
	s.entry(2).State = pool.Disabled
	s.evaluate()
	s.want("cordon 2", "nobody can join the meetings of a disabled server")
	if len(s.plan.Withheld) != 1 {
		t.Errorf("withheld %q, want one entry", s.plan.Withheld)
	}
}

// TestEndsNoMeetingThatAWrongClockMadeOld: a meeting that was first seen a moment ago has
// not lasted 13 hours, whatever its server's clock says.
func TestEndsNoMeetingThatAWrongClockMadeOld(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 1)
	for range 10 * 12 {
		s.evaluate()
	}
	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{{ID: "new", InternalID: "new", Created: s.now.Add(-13 * time.Hour), Participants: 9}})
	s.evaluate()
	s.want("", "it was seen for the first time")
}

// TestRepairsCordonThatScaleliteUndid: a meeting that was created after the server was seen
// cordoned was placed there by Scalelite. The repair is made once, at its first sight.
func TestRepairsCordonThatScaleliteUndid(t *testing.T) {
	s := newStory(t, 2)
	given := func(id string, created time.Time, breakout bool) {
		s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{{ID: id, InternalID: id, Created: created, Participants: 3, Breakout: breakout}})
	}
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 5) // an hour old
	s.evaluate()
	s.want("", "it had the meeting before it was cordoned")
	given("newer", s.now.Add(time.Minute), false)
	s.evaluate()
	s.want("repair 2", "it was given a meeting while it was cordoned")
	s.evaluate()
	s.want("", "the repair is made once for a meeting")
	given("older", noon.Add(-time.Minute), false)
	s.evaluate()
	s.want("", "it was created before the cordon, and only now listed")
	given("room", s.now.Add(time.Minute), true)
	s.evaluate()
	s.want("", "breakout rooms come from BBB, not from Scalelite")
}

func TestEndDrainOrder(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 12)
	s.evaluate()
	s.want("", "its meeting goes on")
	s.operator(2, func(memory *pool.ServerMemory) { memory.EndDrain = &pool.EndDrain{Hold: pool.Hold{Author: "Ada"}} })
	s.evaluate()
	s.want("end meeting 2", "Ada ends the drain")

	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{})
	s.seen.Servers[1].Recordings = pool.Seen([]pool.Recording{{ID: "r", State: pool.Processing}})
	s.evaluate()
	s.evaluate()
	s.want("", "its recording is still being processed")
	s.operator(2, func(memory *pool.ServerMemory) { memory.EndDrain.DiscardRecordings = true })
	s.evaluate()
	s.want("", "it is seen empty for the first time")
	s.evaluate()
	s.want("delete 2", "it is seen empty twice, and Ada gives the recording up")
	if !s.plan.Actions[0].DiscardRecordings {
		t.Error("the action does not say that recordings are discarded")
	}
}

func TestEndDrainIsForOneDrain(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.operator(2, func(memory *pool.ServerMemory) { memory.EndDrain = &pool.EndDrain{DiscardRecordings: true} })
	s.entry(2).State = pool.Enabled // somebody else enabled it
	s.evaluate()
	if s.state.Servers[2].EndDrain != nil {
		t.Error("the order is still remembered after the server was enabled")
	}
}

// TestEndDrainOfBareMetal: a bare-metal machine is not deleted. So the end-drain order ends
// once the server is healthy and empty, and the server is enabled again.
func TestEndDrainOfBareMetal(t *testing.T) {
	s := newStory(t, 4)
	s.seen.Servers[1].Server.BareMetal, s.config.BareMetal = true, 1
	s.machine(2).BareMetal = true
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 12)
	s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", EndDrain: &pool.EndDrain{Hold: pool.Hold{Author: "Ada"}}}}
	s.evaluate()
	if got := s.planned(); !strings.Contains(got, "end meeting 2") || strings.Contains(got, "enable 2") {
		t.Errorf("planned %q, want the meeting to be ended and the server not enabled", got)
	}
	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{})
	s.evaluate()
	s.evaluate()
	if got := s.planned(); !strings.Contains(got, "enable 2") {
		t.Errorf("planned %q, want server 2 to be enabled: its drain is over", got)
	}
}

// TestYoungMachineIsKept: a machine is kept for three intervals at least. It may be needed
// again.
func TestYoungMachineIsKept(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.machine(2).Since = noon.Add(4 * time.Minute)
	s.evaluate()
	for range 2 {
		s.evaluate()
		s.want("", "it has run for less than 15 minutes")
		s.wantLeftAlone(2, "too young")
	}
	s.evaluate()
	s.want("delete 2", "it has run for 16 minutes")
}

// TestStoppedGate: what is known of a machine that is switched off.
func TestStoppedGate(t *testing.T) {
	ran := func(change func(*pool.ServerMemory)) pool.ServerMemory {
		memory := pool.ServerMemory{MachineID: "m", Stopped: noon.Add(-10 * time.Minute)}
		change(&memory)
		return memory
	}
	for name, test := range map[string]struct {
		memory pool.ServerMemory
		ran    time.Duration
		open   bool
	}{
		"it never ran":                       {ran(func(*pool.ServerMemory) {}), time.Minute, true},
		"it was changed an hour later":       {ran(func(*pool.ServerMemory) {}), time.Hour, false},
		"it came":                            {ran(func(m *pool.ServerMemory) { m.Came = noon }), time.Minute, false},
		"it had load":                        {ran(func(m *pool.ServerMemory) { m.LoadSeen = noon }), time.Minute, false},
		"it was seen to boot":                {ran(func(m *pool.ServerMemory) { m.BootSeen = true }), time.Minute, false},
		"it was empty":                       {ran(func(m *pool.ServerMemory) { m.EmptySince = noon }), time.Hour, true},
		"another machine was empty":          {ran(func(m *pool.ServerMemory) { m.EmptySince, m.MachineID = noon, "other" }), time.Hour, false},
		"it is switched off for a moment":    {ran(func(m *pool.ServerMemory) { m.Stopped = noon }), time.Minute, false},
		"recordings were on it":              {ran(func(m *pool.ServerMemory) { m.Recordings = true }), time.Hour, false},
		"recordings were on it, before that": {ran(func(m *pool.ServerMemory) { m.Recordings, m.EmptySince = true, noon }), time.Hour, true},
	} {
		d := &decision{now: noon, config: newStory(t, 1).config}
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: test.memory, machine: &pool.Machine{ID: "m", Created: noon.Add(-2 * time.Hour), Since: noon.Add(test.ran - 2*time.Hour)}}
		if why := d.stoppedGate(s); why.IsZero() != test.open {
			t.Errorf("%s: it says %q, want it open: %t", name, why, test.open)
		}
	}
}

// TestFromWhenAMeetingsLimitCounts: from its begin, the cordon, or its first sight, whichever
// is the latest.
func TestFromWhenAMeetingsLimitCounts(t *testing.T) {
	ago := func(hours time.Duration) time.Time { return noon.Add(-hours * time.Hour) }
	for name, test := range map[string]struct {
		created, cordoned, seen time.Time
		ends                    bool
	}{
		"all are long ago":      {ago(12), ago(11), ago(10), true},
		"it began lately":       {ago(9), ago(11), ago(11), false},
		"the cordon was lately": {ago(12), ago(9), ago(12), false},
		"it was seen lately":    {ago(12), ago(12), ago(9), false},
	} {
		d := &decision{now: noon, config: newStory(t, 1).config}
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: pool.ServerMemory{DrainingSince: test.cordoned, Seen: map[string]time.Time{"m": test.seen}}}
		if why := d.endReason(s, pool.Meeting{InternalID: "m", Created: test.created}); why.IsZero() == test.ends {
			t.Errorf("%s: it ends because %q, want its end: %t", name, why, test.ends)
		}
	}
}

// TestBrokenOffCreationIsDeletedAtOnce: nothing was ever on it.
func TestBrokenOffCreationIsDeletedAtOnce(t *testing.T) {
	s := newStory(t, 2)
	s.machineOff(2, pool.Stopped)
	s.machine(2).Detail = pool.Preparing
	s.evaluate()
	s.want("delete 2", "its creation was broken off")
}

// TestMeetingFromTheFutureIsNoReasonToRepair: a server's clock is ahead when its cordon is
// seen for the first time.
func TestMeetingFromTheFutureIsNoReasonToRepair(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.seen.Servers[1].Meetings = pool.Seen([]pool.Meeting{{ID: "m", InternalID: "m", Created: noon.Add(time.Hour), Participants: 3}})
	s.evaluate()
	s.want("", "it may have had the meeting before")
}

// TestBareMetalThatMalfunctions: it is rebooted when it is empty, with pauses.
func TestBareMetalThatMalfunctions(t *testing.T) {
	for minutes, planned := range map[time.Duration]string{50: "", 60: "reboot 4"} {
		s := newStory(t, 4)
		s.people(1, 300)
		s.seen.Servers[3].Server.BareMetal = true
		s.machine(4).BareMetal = true
		s.entry(4).State = pool.Cordoned
		s.unitDown("bbb-web", 4)
		s.state.LastEvaluation = noon
		s.state.Servers = map[int]*pool.ServerMemory{4: {MachineID: "machine 4", FirstSeen: noon.Add(-5 * time.Hour), Came: noon.Add(-5 * time.Hour),
			EmptySince: noon.Add(-time.Hour), DrainingSince: noon.Add(-time.Hour), Reboots: 1, Rebooted: noon.Add((5 - minutes) * time.Minute)}}
		s.evaluate()
		s.want(planned, "it was rebooted "+(minutes*time.Minute).String()+" ago")
	}
}
