package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// stageTests are conditions of server 1 at an evaluation at 12:05, with its stage. A
// machine may take 7 minutes to come.
var stageTests = map[string]struct {
	happens func(*story)
	stage   Stage
}{
	"it serves":                     {func(*story) {}, Serving},
	"it is in maintenance":          {remembered(pool.ServerMemory{Maintenance: &pool.Hold{}}), StageHeld},
	"a person holds it":             {remembered(pool.ServerMemory{Entry: pool.EntryMemory{ID: "entry 1", HandSince: noon}}, cordonedFirst), StageHeld},
	"Scalelite has no entry for it": {func(s *story) { s.seen.Servers[0].Entry = pool.Seen[*pool.Entry](nil) }, Unlisted},
	"its entry cannot be read":      {func(s *story) { s.seen.Servers[0].Entry = pool.Unknown[*pool.Entry]("multiplier null") }, Unlisted},

	"cordoned, with a machine":         {cordonedFirst, Draining},
	"disabled, its machine is unknown": {func(s *story) { s.entry(1).State = pool.Disabled; s.unknownMachine(1) }, Draining},
	"disabled, without a machine":      {func(s *story) { s.rest(1) }, Resting},

	"online, but silent to us":                         {func(s *story) { s.silent(1) }, Serving},
	"online, and its machine is unknown":               {func(s *story) { s.unknownMachine(1) }, Serving},
	"online, silent, and its load unavailable once":    {unavailable(noon.Add(3 * time.Minute)), Serving},
	"online, silent, and its load unavailable twice":   {unavailable(noon), Late},
	"online, its load unavailable, answers with error": {func(s *story) { unavailable(noon)(s); s.seen.Servers[0].Alive = true }, Serving},
	"online, but its machine is gone":                  {func(s *story) { s.withoutMachine(1); s.entry(1).Online = true }, Late},
	"online, but its machine is stopped":               {machineIs(pool.Stopped, true, -300), Late},
	"online, but its machine is stopping":              {machineIs(pool.Stopping, true, -300), Late},

	"offline, runs for 7 minutes":           {machineIs(pool.Running, false, -2), Coming},
	"offline, runs for 8 minutes":           {machineIs(pool.Running, false, -3), Late},
	"starts for 7 minutes":                  {machineIs(pool.Starting, false, -2), Coming},
	"starts for 8 minutes":                  {machineIs(pool.Starting, false, -3), Late},
	"stopped, and nobody ordered its start": {machineIs(pool.Stopped, false, 0), Late},
	"its machine is unknown":                {func(s *story) { s.dead(1); s.unknownMachine(1) }, Late},
	"in a state that nobody knows":          {machineIs("new to us", false, 0), Late},
	"locked":                                {machineIs(pool.Locked, false, 0), Late},

	"no machine, ordered 7 minutes ago":             {ordered(-2, time.Time{}), Coming},
	"no machine, ordered 8 minutes ago":             {ordered(-3, time.Time{}), Late},
	"no machine, and its creation was refused":      {ordered(-2, noon.Add(time.Hour)), Late},
	"no machine, and never ordered":                 {func(s *story) { s.withoutMachine(1) }, Late},
	"it served since its order, and does not now":   {fellAt(noon), Late},
	"it answered since its order, and never served": {fellAt(time.Time{}), Coming},
}

func cordonedFirst(s *story) { s.entry(1).State = pool.Cordoned }

// remembered makes the state remember something of server 1.
func remembered(memory pool.ServerMemory, changes ...func(*story)) func(*story) {
	return func(s *story) {
		memory.MachineID = "machine 1"
		s.state.Servers = map[int]*pool.ServerMemory{1: &memory}
		for _, change := range changes {
			change(s)
		}
	}
}

// unavailable makes server 1 silent to us, online in Scalelite, and its load unavailable
// since a time.
func unavailable(since time.Time) func(*story) {
	return remembered(pool.ServerMemory{Entry: pool.EntryMemory{ID: "entry 1", Online: true, UnavailableSince: since}}, func(s *story) {
		s.silent(1)
		s.entry(1).Load = pool.Unknown[float64]("unavailable")
	})
}

// machineIs gives server 1 a silent machine in a state for some minutes after noon.
func machineIs(state pool.MachineState, online bool, minutes int) func(*story) {
	return func(s *story) {
		s.dead(1)
		s.entry(1).Online = online
		s.machine(1).State, s.machine(1).Since = state, noon.Add(time.Duration(minutes)*time.Minute)
	}
}

// ordered makes the machine of server 1 ordered some minutes after noon, and not there.
func ordered(minutes int, notBefore time.Time) func(*story) {
	return func(s *story) {
		s.withoutMachine(1)
		s.state.Servers = map[int]*pool.ServerMemory{1: {Ordered: noon.Add(time.Duration(minutes) * time.Minute), NotBefore: notBefore}}
	}
}

// fellAt makes server 1 offline whose machine was ordered and came at noon.
func fellAt(served time.Time) func(*story) {
	return remembered(pool.ServerMemory{Ordered: noon, FirstSeen: noon, Came: noon, Served: served}, func(s *story) { s.dead(1) })
}

// unknownMachine makes the machine of a server unknown.
func (s *story) unknownMachine(n int) {
	s.seen.Servers[n-1].Machine = pool.Unknown[*pool.Machine]("zone fr-par-1: 503")
}

func TestStages(t *testing.T) {
	for name, test := range stageTests {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 3)
			test.happens(s)
			s.evaluate()
			s.wantStage(1, test.stage, name)
			enabled := s.plan.Required.Enabled
			if counts := test.stage == Serving || test.stage == Coming; counts != (enabled == 3) {
				t.Errorf("%d of 3 servers count as capacity, and server 1 is %s", enabled, s.stage(1))
			}
		})
	}
}
