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
				s.state.Servers = map[int]pool.ServerMemory{}
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
