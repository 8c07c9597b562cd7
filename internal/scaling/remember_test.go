package scaling

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestForgetsWhatHappenedInMaintenance(t *testing.T) {
	s := newStory(t, 5)
	requireThree(s)
	s.config.UnresponsiveDeleteAfter = time.Hour
	s.entry(5).State = pool.Cordoned
	s.dead(5)
	s.state.Servers = map[int]*pool.ServerMemory{5: {MachineID: "machine 5", Maintenance: &pool.Hold{Reason: "disk", Author: "Ada"}}}
	for range 24 {
		s.evaluate()
	}
	memory := s.state.Memory(5)
	memory.Maintenance = nil
	s.state.Remember(5, memory)
	s.evaluate()
	if got := countOf(s.plan, Delete) + countOf(s.plan, Reboot); got != 0 {
		t.Errorf("planned right after the maintenance: %s, want no deletion and no reboot", s.planned())
	}
}

// TestForgetsOldCreationFailures: when a server is needed again, its next failure is
// its first.
func TestForgetsOldCreationFailures(t *testing.T) {
	s := newStory(t, 4)
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.state.Servers = map[int]*pool.ServerMemory{4: {Failures: 3, NotBefore: noon.Add(time.Hour)}}
	for _, step := range []struct {
		at       time.Duration
		failures int
	}{{0, 3}, {time.Hour, 0}} {
		s.now = noon.Add(step.at)
		s.evaluate()
		if got := s.state.Servers[4].Failures; got != step.failures {
			t.Errorf("after %s: %d failures, want %d", step.at, got, step.failures)
		}
	}
}

// TestMachineThatIsMissingOnce: a list may be short by chance. An operator's orders for the
// machine stay until it is missing twice.
func TestMachineThatIsMissingOnce(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 450) // all are required
	s.evaluate()
	s.operator(4, func(m *pool.ServerMemory) { m.Recycle = &pool.Hold{Author: "Ada"} })
	machine, meetings := s.seen.Servers[3].Machine, s.seen.Servers[3].Meetings
	s.withoutMachine(4)
	s.evaluate()
	s.want("", "it is missing for the first time")
	s.seen.Servers[3].Machine, s.seen.Servers[3].Meetings = machine, meetings
	s.entry(4).Online = true
	s.evaluate()
	if s.state.Servers[4].Recycle == nil {
		t.Error("the order to recycle the machine is forgotten")
	}
	s.withoutMachine(4)
	s.evaluate()
	s.evaluate()
	if memory := s.state.Memory(4); memory.Recycle != nil || memory.MachineID != "" {
		t.Errorf("remembered is %+v, although the machine is gone", memory)
	}
}

// TestSmallerPoolRemembersItsLargerNumbers: an operator lowers the size and raises it again.
func TestSmallerPoolRemembersItsLargerNumbers(t *testing.T) {
	s := newStory(t, 3)
	s.state.Servers = map[int]*pool.ServerMemory{3: {MachineID: "machine 3", Maintenance: &pool.Hold{Author: "Ada"}}}
	all := s.seen.Servers
	s.seen.Servers, s.config.Size = all[:2], 2
	s.evaluate()
	s.seen.Servers, s.config.Size = all, 3
	s.evaluate()
	s.wantStage(3, StageHeld, "it is still in maintenance")
}

// TestGapsBreakWhatMustBeSeenTwice: after a gap in the evaluations nothing was seen at two
// in a row.
func TestGapsBreakWhatMustBeSeenTwice(t *testing.T) {
	for _, test := range []struct {
		gap     time.Duration
		planned string
	}{{8 * time.Minute, "delete 2"}, {9 * time.Minute, ""}} {
		s := newStory(t, 2)
		s.entry(2).State = pool.Cordoned
		s.evaluate()
		s.now = s.now.Add(test.gap - s.config.Interval)
		s.evaluate()
		s.want(test.planned, "seen empty "+test.gap.String()+" before")
	}
}

// TestTwoEvaluationsAreHalfAnIntervalApart: a flood of calls is not two sights.
func TestTwoEvaluationsAreHalfAnIntervalApart(t *testing.T) {
	s := newStory(t, 2)
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	for range 4 {
		s.now = s.now.Add(30*time.Second - s.config.Interval)
		s.evaluate()
		s.want("", "half an interval has not passed")
	}
	s.now = s.now.Add(30*time.Second - s.config.Interval)
	s.evaluate()
	s.want("delete 2", "half an interval has passed")
}

// TestGapEndsConditions: what must hold at two evaluations in a row begins anew after a gap.
func TestGapEndsConditions(t *testing.T) {
	memory := pool.ServerMemory{
		MachineID: "m", SilentSince: noon, EmptySince: noon, Stopped: noon, Gone: noon, Fault: "unit", FaultSince: noon, Watched: true,
		Health: string(Unresponsive), HealthSince: noon, Entry: pool.EntryMemory{ID: "e", UnavailableSince: noon, MissingSince: noon, AnsweredAt: noon},
	}
	forgetConditions(&memory)
	if want := (pool.ServerMemory{MachineID: "m", Entry: pool.EntryMemory{ID: "e"}}); !reflect.DeepEqual(memory, want) {
		t.Errorf("remembered is %+v, want %+v", memory, want)
	}
}

// TestWhoHasNoMachine: a server's machine may be in a zone that could not be read, unless what
// is remembered speaks against it.
func TestWhoHasNoMachine(t *testing.T) {
	for name, test := range map[string]struct {
		memory    pool.ServerMemory
		takenOver string
		readAll   bool
		want      bool
	}{
		"nothing is remembered":               {pool.ServerMemory{}, "", false, false},
		"its address is in a zone that was":   {pool.ServerMemory{Zone: "b"}, "", false, true},
		"its address is in the zone that not": {pool.ServerMemory{Zone: "a"}, "", false, false},
		"there was none before":               {pool.ServerMemory{Absent: true}, "", false, true},
		"one may have been created since":     {pool.ServerMemory{Absent: true}, "killed", false, false},
		"all zones were read":                 {pool.ServerMemory{Absent: true}, "", true, false},
	} {
		d := &decision{state: pool.State{TakenOver: test.takenOver}, seen: pool.Observation{UnreadZones: map[string]string{"a": "503"}}}
		s := &server{ServerObservation: &pool.ServerObservation{}, memory: test.memory}
		s.MayBeUnread = !test.readAll
		if got := d.hasNone(s); got != test.want {
			t.Errorf("%s: it has none: %t, want %t", name, got, test.want)
		}
	}
}

// TestEditsMoveNoTimes: every edit of a machine's tags moves the hoster's date. What is
// remembered of the machine decides all the same.
func TestEditsMoveNoTimes(t *testing.T) {
	edited := func(s *story) {
		s.machine(2).Since = s.now.Add(5 * time.Minute)
		s.evaluate()
	}
	s := newStory(t, 2)
	s.machine(2).Created, s.machine(2).Since = noon.Add(-8*24*time.Hour), noon.Add(-7*24*time.Hour+20*time.Minute)
	s.seen.Servers[1].Stats = pool.Unknown[pool.Stats]("no stats")
	s.evaluate()
	for range 4 {
		edited(s)
	}
	if got := s.plan.Verdicts[1].Health; got != ToRecycle {
		t.Errorf("a machine that has been up for more than 7 days is %q, want %q", got, ToRecycle)
	}

	s = newStory(t, 2)
	s.dead(2)
	s.machine(2).Since = noon
	s.evaluate()
	s.wantStage(2, Coming, "5 minutes by the hoster's date")
	edited(s)
	s.wantStage(2, Late, "10 minutes")

	s = newStory(t, 2)
	s.evaluate()
	s.machine(2).State = pool.Stopping
	for _, stuck := range []bool{false, false, true} { // for 0, 5 and 10 minutes
		edited(s)
		if s.isStuck("stopping") != stuck {
			t.Errorf("at %s its machine is stuck: %t, want %t", s.now, !stuck, stuck)
		}
	}
	if got, want := s.state.Memory(2).StateSince, noon.Add(10*time.Minute); !got.Equal(want) {
		t.Errorf("it has been stopping since %s, want %s", got, want)
	}

	s = newStory(t, 2)
	s.evaluate()
	s.state.Servers[2].Maintenance = &pool.Hold{Reason: "disk", Author: "Ada"}
	s.state.Servers[2].State, s.state.Servers[2].StateSince = "", time.Time{} // of an earlier version
	edited(s)
	since := s.state.Memory(2).StateSince
	edited(s)
	if got := s.state.Memory(2).StateSince; !got.Equal(since) || got.IsZero() {
		t.Errorf("in maintenance its state is held since %s, then since %s", since, got)
	}
}

// isStuck reports whether an alert says that a machine is in a state for too long.
func (s *story) isStuck(state pool.MachineState) bool {
	return slices.ContainsFunc(s.plan.Alerts, func(alert Alert) bool {
		return strings.Contains(alert.Text.String(), "its machine is "+string(state)+" since")
	})
}

// TestWhatIsStuck: a machine that starts or stops for longer than it may take.
func TestWhatIsStuck(t *testing.T) {
	for state, stuck := range map[pool.MachineState]bool{pool.Starting: true, pool.Stopping: true, pool.Running: false, pool.Stopped: false} {
		for _, minutes := range []time.Duration{7, 8} {
			s := newStory(t, 2)
			s.dead(2)
			s.machine(2).State, s.machine(2).Since = state, noon.Add((5-minutes)*time.Minute)
			s.evaluate()
			if got, want := s.isStuck(state), stuck && minutes == 8; got != want {
				t.Errorf("%s for %d minutes: an alert %t, want %t: %+v", state, minutes, got, want, s.plan.Alerts)
			}
		}
	}
}
