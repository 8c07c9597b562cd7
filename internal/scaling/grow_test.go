package scaling

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// growthOrder are servers, the first of which is enabled before the others.
var growthOrder = []struct {
	name string
	make func(*story, int)
}{
	{"up, and cordoned", func(s *story, n int) { s.entry(n).State = pool.Cordoned }},
	{"up, and disabled", func(s *story, n int) { s.entry(n).State = pool.Disabled }},
	{"up, with an outdated image", func(s *story, n int) { s.entry(n).State = pool.Disabled; s.machine(n).ImageID = "old" }},
	{"runs, but is not up yet", func(s *story, n int) {
		s.entry(n).State = pool.Disabled
		s.dead(n)
		s.machine(n).Since = s.now
	}},
	{"starts", func(s *story, n int) { s.machineOff(n, pool.Starting) }},
	{"stopped in place", func(s *story, n int) { s.machineOff(n, pool.StoppedInPlace) }},
	{"stopped", func(s *story, n int) { s.machineOff(n, pool.Stopped) }},
	{"no machine", func(s *story, n int) { s.rest(n) }},
	{"stops", func(s *story, n int) { s.machineOff(n, pool.Stopping) }},
	{"no machine, and its zone refused lately", func(s *story, n int) {
		s.rest(n)
		s.operator(n, func(m *pool.ServerMemory) { m.Zone = "fr-par-2" })
		s.state.Refusals = []pool.Refusal{{Zone: "fr-par-2", Until: noon.Add(time.Hour)}}
	}},
	{"up, but malfunctions", func(s *story, n int) { s.entry(n).State = pool.Cordoned; s.unitDown("bbb-web", n) }},
}

func (s *story) machineOff(n int, state pool.MachineState) {
	s.dead(n)
	s.entry(n).State = pool.Disabled
	s.machine(n).State, s.machine(n).Since = state, s.now
}

// TestOrderOfGrowth: a server that takes meetings sooner is enabled first.
func TestOrderOfGrowth(t *testing.T) {
	for i, first := range growthOrder {
		for _, second := range growthOrder[i+1:] {
			t.Run(first.name+" before "+second.name, func(t *testing.T) {
				s := newStory(t, 3)
				s.state.Servers = map[int]*pool.ServerMemory{}
				s.seen.Images = pool.Seen([]pool.Image{{ID: "image", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
				s.config.RollOutParallel = 0
				s.meeting(1, 200) // 2 are required
				second.make(s, 2)
				first.make(s, 3)
				s.evaluate()
				if !strings.Contains(s.planned(), "enable 3") || strings.Contains(s.planned(), "enable 2") {
					t.Errorf("planned %q, want server 3 and not 2", s.planned())
				}
			})
		}
	}
}

// TestEnablesOnlyWhatIsCreated: a server without a machine is enabled after its creation in
// the same evaluation, and only as many as an evaluation may create.
func TestEnablesOnlyWhatIsCreated(t *testing.T) {
	s := newStory(t, 8)
	s.config.MaxCreations = 2
	s.meeting(1, 700) // 6 are required
	s.rest(2, 3, 4, 5, 6, 7, 8)
	s.evaluate()
	s.want("create 2, enable 2, create 3, enable 3", "an evaluation creates two")
	s.wantAlert("limits")
	s.carryOut()
	s.evaluate()
	s.want("create 4, enable 4, create 5, enable 5", "the next goes on")
}

// TestEnabledServersWithoutMachines: a server that is enabled and lacks its machine gets
// only that, before another is enabled.
func TestEnabledServersWithoutMachines(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 350) // 3 are required
	s.rest(3)
	s.withoutMachine(4)
	s.evaluate()
	s.want("create 4", "it is enabled already")
}

// TestTriesOneRefusedCreation: if everything was refused lately, one creation is tried at
// each evaluation, and not one a server.
func TestTriesOneRefusedCreation(t *testing.T) {
	s := newStory(t, 6)
	s.meeting(1, 500) // 4 are required
	s.rest(2, 3, 4, 5, 6)
	s.evaluate()
	refused := func() {
		var outcomes []Outcome
		for _, action := range s.plan.Actions {
			outcome := Outcome{Result: Skipped}
			if action.Kind == Create {
				outcome = Outcome{Result: Failed, Refusals: []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Reason: "403 insufficient permissions"}}}
			}
			outcomes = append(outcomes, outcome)
		}
		Settle(&s.state, s.now, s.config, s.plan, outcomes)
	}
	refused()
	s.evaluate()
	s.want("create 5, enable 5, create 6, enable 6, create 2, enable 2", "two have not been tried, and one that was refused is tried again")
	refused()
	for range 3 {
		s.evaluate()
		if got := countOf(s.plan, Create); got != 1 || !s.plan.Actions[0].IgnoreRefusals {
			t.Errorf("planned %s, want one creation that tries what was refused", s.planned())
		}
		refused()
	}
	s.evaluate()
	if s.state.Refused == nil || !s.state.Refused.Since.Equal(noon.Add(5*time.Minute)) || s.state.Refused.Reason != "403 insufficient permissions" {
		t.Errorf("the refusals are remembered as %+v, want them since the first", s.state.Refused)
	}
	s.carryOut()
	if s.state.Refused != nil {
		t.Errorf("the refusals are remembered as %+v, although a creation came through", s.state.Refused)
	}
}

// TestCreatesNoSecondMachine: no machine is created for a server that Scalelite calls online
// without one, nor for one whose machine is missing from the list for the first time.
func TestCreatesNoSecondMachine(t *testing.T) {
	s := newStory(t, 4)
	s.meeting(1, 500) // all are required
	s.evaluate()
	s.withoutMachine(4)
	s.evaluate()
	s.want("", "a list may be short by chance")
	s.wantStage(4, Late, "by the list it is gone")
	s.evaluate()
	s.want("create 4", "it is missing for the second time")

	s = newStory(t, 4)
	s.meeting(1, 500)
	s.withoutMachine(4)
	s.entry(4).Online = true
	s.entry(4).Load = pool.Seen(4.)
	for range 3 {
		s.evaluate()
		s.want("", "whose machine is that?")
	}
	s.wantAlert("identity 4")
}

// TestPrefersRunningServers: a server that runs takes the place of one that is enabled and
// not up yet, if it is worth as much.
func TestPrefersRunningServers(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"server 3 is up":                        {func(*story) {}, "cordon 2, enable 3"},
		"it is worth half as much":              {func(s *story) { s.entry(3).LoadMultiplier = 2 }, ""},
		"it is not up yet, either":              {func(s *story) { s.dead(3); s.machine(3).Since = noon.Add(4 * time.Minute) }, ""},
		"server 2 is online":                    {func(s *story) { s.comes(2) }, ""},
		"server 2 is bare metal":                {func(s *story) { s.seen.Servers[1].Server.BareMetal = true; s.machine(2).BareMetal = true }, ""},
		"server 2 is in maintenance":            {remembered2(pool.ServerMemory{Maintenance: &pool.Hold{}}), "enable 3"},
		"no policy has an answer":               {func(s *story) { s.config.Policies = nil }, ""},
		"server 2 is late, and so has no place": {func(s *story) { s.machine(2).Since = noon.Add(-time.Hour) }, "enable 3"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 3)
			s.meeting(1, 200) // 2 are required
			s.entry(3).State = pool.Cordoned
			s.meeting(3, 1)
			s.dead(2)
			s.machine(2).Since = noon.Add(4 * time.Minute)
			test.change(s)
			s.evaluate()
			s.want(test.planned, name)
		})
	}
}

// remembered2 returns what gives server 2 a memory.
func remembered2(memory pool.ServerMemory) func(*story) {
	return func(s *story) {
		memory.MachineID = s.machine(2).ID
		s.state.Servers = map[int]*pool.ServerMemory{2: &memory}
	}
}

// TestWhatGrowthLeavesOut: servers that the pool must not grow by, although it is short.
func TestWhatGrowthLeavesOut(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"it has no machine": {func(s *story) { s.rest(2); s.state.Servers = nil }, "create 2, enable 2"},
		"it is unresponsive": {func(s *story) {
			s.dead(2)
			s.operator(2, func(m *pool.ServerMemory) { m.Health, m.HealthSince, m.SilentSince = string(Unresponsive), noon, noon })
		}, ""},
		"the hoster has locked its machine":  {func(s *story) { s.dead(2); s.machine(2).State = pool.Locked }, ""},
		"it is bare metal without a machine": {func(s *story) { s.rest(2); s.state.Servers = nil; s.seen.Servers[1].Server.BareMetal = true }, ""},
		"somebody ends its drain": {func(s *story) {
			s.entry(2).State = pool.Cordoned
			s.meeting(2, 1)
			s.operator(2, func(m *pool.ServerMemory) { m.EndDrain = &pool.EndDrain{} })
		}, "end meeting 2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			s.people(1, 240) // 2 are required
			s.entry(2).State = pool.Disabled
			s.state.LastEvaluation = noon
			s.state.Servers = map[int]*pool.ServerMemory{2: {MachineID: "machine 2", FirstSeen: noon.Add(-time.Hour)}}
			test.change(s)
			s.evaluate()
			s.want(test.planned, name)
		})
	}
}

// TestLimitsOfARefusedCreation: what was refused lately is tried within the same limits as
// any other creation.
func TestLimitsOfARefusedCreation(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"nothing forbids it":            {func(*story) {}, "create 2, enable 2"},
		"an evaluation creates nothing": {func(s *story) { s.config.MaxCreations = 0 }, ""},
		"its entry is online":           {func(s *story) { s.entry(2).Online = true; s.entry(2).Load = pool.Seen(1.) }, ""},
		"no machine may be started": {func(s *story) {
			s.state.Doubt = pool.Doubt{Late: map[string]pool.Late{"zone a": {Count: 2, At: noon}}, Fruitless: 5, Ordered: noon}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			s.people(1, 240) // 2 are required
			s.rest(2)
			s.state.Servers = map[int]*pool.ServerMemory{2: {NotBefore: noon.Add(time.Hour)}}
			test.change(s)
			s.evaluate()
			s.want(test.planned, name)
		})
	}
}

// TestOneRefusedCreationInAllGroups: a pool with tags tries one creation, not one a tag.
func TestOneRefusedCreationInAllGroups(t *testing.T) {
	s := newStory(t, 4)
	s.people(1, 240)
	s.people(3, 240) // 2 are required with each tag
	s.tagged("gpu", 3, 4)
	s.rest(2, 4)
	s.state.Servers = map[int]*pool.ServerMemory{2: {NotBefore: noon.Add(time.Hour)}, 4: {NotBefore: noon.Add(time.Hour)}}
	s.evaluate()
	s.want("create 2, enable 2", "one is tried")
}

// TestRanks: which of two servers is enabled first if nothing else differs.
func TestRanks(t *testing.T) {
	for i, state := range []pool.EntryState{pool.Enabled, pool.Cordoned, pool.Disabled} {
		if got := entryRank(&server{intended: state}); got != i {
			t.Errorf("an entry that is %s has rank %d, want %d", state, got, i)
		}
	}
	s := newStory(t, 2)
	s.machine(2).Maintenances = []pool.PlannedMaintenance{{Start: noon.Add(96 * time.Hour)}}
	d := newDecision(s.now, s.config, s.seen, s.state)
	if up, planned := d.growthRank(d.servers[0]), d.growthRank(d.servers[1]); up != 0 || planned != 8 {
		t.Errorf("ranks %d and, with a planned maintenance, %d, want 0 and 8", up, planned)
	}
}
