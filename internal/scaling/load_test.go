package scaling

import (
	"time"

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

// TestEstimatesUnknownLoad: the load of a server that cannot be asked is Scalelite's, by
// its multiplier, with the last known number of meetings; without Scalelite's it is the
// last known one for two hours.
func TestEstimatesUnknownLoad(t *testing.T) {
	unknown, seen := pool.Unknown[float64]("unavailable"), pool.Seen[float64]
	for name, test := range map[string]struct {
		load             pool.Reading[float64]
		multiplier       float64
		people, meetings int           // as last known
		since            time.Duration // unknown for
		wantPeople       int
		wantMeetings     int
		missing          bool
	}{
		"Scalelite's load":                     {seen(90), 1, 40, 3, time.Hour, 90, 3, true},
		"Scalelite's load by its multiplier":   {seen(90), 2, 40, 3, time.Hour, 45, 3, true},
		"Scalelite's load is less":             {seen(5), 1, 40, 3, time.Hour, 5, 3, true},
		"no last known load":                   {seen(90), 1, 0, 0, time.Hour, 90, 3, true},
		"no load in Scalelite":                 {unknown, 1, 40, 3, time.Hour, 40, 3, true},
		"neither":                              {unknown, 1, 0, 0, time.Hour, 0, 0, true},
		"for more than two hours":              {seen(90), 1, 40, 9, 3 * time.Hour, 90, 3, false},
		"for long, and no load in Scalelite":   {unknown, 1, 40, 3, 3 * time.Hour, 0, 0, false},
		"a multiplier of 0 cannot be undone":   {seen(90), 0, 40, 3, time.Hour, 40, 3, true},
		"a negative multiplier is not counted": {seen(90), -1, 40, 3, time.Hour, 40, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			for range 4 {
				s.meeting(1, 30) // 30 people a meeting
			}
			s.broken(2)
			s.entry(2).Load, s.entry(2).LoadMultiplier = test.load, test.multiplier
			memory := pool.ServerMemory{MachineID: "machine 2", Participants: test.people, Meetings: test.meetings, UnknownSince: noon.Add(-test.since)}
			if test.people > 0 {
				memory.LoadSeen = noon.Add(-test.since)
			}
			s.state.Servers = map[int]*pool.ServerMemory{2: &memory}
			s.evaluate()
			got := s.plan.Load
			if got.Participants != 120+test.wantPeople || got.Meetings != 4+test.wantMeetings || (len(got.Missing) > 0) != test.missing {
				t.Errorf("the load is %+v, want %d and %d on server 2, missing: %t", got, test.wantPeople, test.wantMeetings, test.missing)
			}
		})
	}
}

// TestWhoseLoadIsUnknown: nobody is on a machine that starts, or that was watched from its
// creation on and never answered.
func TestWhoseLoadIsUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		unknown bool
	}{
		"it answers with an error": {func(s *story) { s.broken(2) }, true},
		"it is dead":               {func(s *story) { s.dead(2) }, true},
		"its machine is unknown":   {func(s *story) { s.silent(2); s.unknownMachine(2) }, true},
		"its entry is missing":     {func(s *story) { s.silent(2); s.seen.Servers[1].Entry = pool.Seen[*pool.Entry](nil) }, true},
		"it is locked":             {func(s *story) { s.dead(2); s.machine(2).State = pool.Locked }, true},
		"held by hand":             {func(s *story) { s.dead(2); s.entry(2).State = pool.Cordoned }, true},
		"it starts":                {func(s *story) { s.dead(2); s.machine(2).State = pool.Starting }, false},
		"it is off":                {func(s *story) { s.dead(2); s.machine(2).State = pool.Stopped }, false},
		"it has no machine":        {func(s *story) { s.withoutMachine(2) }, false},
		"it is in maintenance":     {func(s *story) { s.dead(2); s.operator(2, func(m *pool.ServerMemory) { m.Maintenance = &pool.Hold{} }) }, false},
		"it is new, and boots":     {func(s *story) { s.dead(2); *s.machine(2) = pool.Machine{ID: "new", State: pool.Running} }, false},
		"it has never answered yet": {func(s *story) {
			s.dead(2)
			s.operator(2, func(m *pool.ServerMemory) { m.LoadSeen, m.Watched = time.Time{}, true })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 3)
			s.meeting(1, 300)
			s.meeting(2, 7)
			s.evaluate()
			test.change(s)
			s.evaluate()
			if got := s.plan.Load.Remembered == 1; got != test.unknown {
				t.Errorf("the load is %+v, estimated: want %t", s.plan.Load, test.unknown)
			}
		})
	}
}

// TestLoadIsNotComparedAcrossAGap: growth is a ratio to the load of the evaluation before.
func TestLoadIsNotComparedAcrossAGap(t *testing.T) {
	config := newStory(t, 10).config
	for ago, want := range map[time.Duration]int{5 * time.Minute: 6, 8 * time.Minute: 6, 9 * time.Minute: 4, time.Hour: 4} {
		past := &pool.PastLoad{At: noon.Add(-ago), Participants: 100, Meetings: 10}
		answer := loadRequired(noon, config, past, Load{Participants: 500, Meetings: 10})
		if servers, _ := answer.Servers.Get(); servers != want {
			t.Errorf("%s ago: %d servers are required, want %d: %q", ago, servers, want, answer.Why)
		}
	}
}

// TestWhatWasFullOnceIsNotNew: a machine that had load has unknown load when it is silent,
// whatever else is remembered of it.
func TestWhatWasFullOnceIsNotNew(t *testing.T) {
	d := &decision{now: noon, config: newStory(t, 1).config}
	for _, seen := range []time.Time{{}, noon.Add(-time.Minute)} {
		s := &server{ServerObservation: &pool.ServerObservation{}, machine: &pool.Machine{State: pool.Running}, memory: pool.ServerMemory{FirstSeen: noon.Add(-2 * time.Minute), LoadSeen: seen}}
		s.Machine = pool.Seen(s.machine)
		if got := d.loadUnknown(s); got == seen.IsZero() {
			t.Errorf("its load was last seen at %s: unknown %t", seen, got)
		}
	}
}
