package scaling

import (
	"strings"
	"testing"
	"time"

	"divims/internal/config/setting"
	"divims/internal/pool"
)

func TestEachTagHasItsOwnCapacity(t *testing.T) {
	s := newStory(t, 6)
	s.tagged("gpu", 4, 5, 6)
	s.entry(5).State, s.entry(6).State = pool.Disabled, pool.Disabled
	s.meeting(1, 200)
	s.meeting(2, 200)
	s.meeting(3, 80) // 480 of 750 without a tag: 4 are required and there are 3
	s.meeting(4, 200)
	s.evaluate()
	s.want("enable 5", "the people with the tag need two of its servers, and those without it none of them")
	if got := s.plan.Load.Participants; got != 480 {
		t.Errorf("%d participants count for the servers without a tag; want 480", got)
	}
	if g := s.plan.Tagged; len(g) != 1 || g[0].Tag != "gpu" || g[0].Load.Participants != 200 {
		t.Errorf("tagged: %+v", g)
	}
	s.wantAlert("pool size")
}

// TestForcedNumberIgnoresTags: it is for servers without one, and the record says so.
func TestForcedNumberIgnoresTags(t *testing.T) {
	s := newStory(t, 5)
	s.tagged("gpu", 4, 5)
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Reason: "exam", Author: "Ada"}, Servers: 2, Until: noon.Add(time.Hour)}
	s.evaluate()
	s.want("cordon 1, cordon 4", "two are forced, and one is the minimum of the tag")
	if limits := strings.Join(s.plan.Required.Limits, "; "); !strings.Contains(limits, "servers with a tag are not forced") {
		t.Errorf("limits %s", limits)
	}
}

func TestTagMinimum(t *testing.T) {
	s := newStory(t, 5)
	s.tagged("gpu", 3, 4, 5)
	s.config.TagMinimums = map[string]int{"gpu": 2}
	s.evaluate()
	s.want("cordon 1, cordon 3", "one without a tag is required, and two with it")
	s.config.TagMinimums = nil
	s.entry(1).State, s.entry(3).State = pool.Cordoned, pool.Cordoned
	s.meeting(1, 1)
	s.meeting(3, 1)
	s.evaluate()
	s.want("cordon 4", "one is the least of every tag")
	s.config.TagMinimums = map[string]int{"gpu": 99}
	s.evaluate()
	s.want("enable 3", "there are three")
}

func TestKeepsLastOnlineServerOfATag(t *testing.T) {
	s := newStory(t, 3)
	s.tagged("gpu", 3)
	s.dead(3)
	s.entry(3).Online = true
	s.state.Servers = map[int]pool.ServerMemory{3: {MachineID: "machine 3", SilentSince: noon}}
	s.evaluate()
	if got := s.plan.Verdicts[2].LeftAlone; !strings.Contains(got, "no other online") {
		t.Errorf("server 3, the only one of its tag, is left alone because %q", got)
	}
}

func TestPoolWithoutUntaggedServers(t *testing.T) {
	s := newStory(t, 2)
	s.config.Policies = []Policy{PolicyLoad, PolicySchedule}
	s.seen.Calendar = pool.Seen(pool.Calendar{})
	s.tagged("a", 1)
	s.tagged("b", 2)
	s.evaluate()
	s.want("", "one of each is the minimum")
}

// TestLoadMultiplierScalesCapacity: Scalelite gives a server with the multiplier 2
// half as many people, and one with 0.5 twice as many.
func TestLoadMultiplierScalesCapacity(t *testing.T) {
	s := newStory(t, 6)
	for n := 1; n <= 4; n++ {
		s.entry(n).LoadMultiplier = 2
	}
	s.entry(5).State, s.entry(6).State = pool.Disabled, pool.Disabled
	s.meeting(1, 300) // 3 required, and the four count as 2
	s.evaluate()
	s.want("enable 5", "one whole server is missing")
	s.meeting(6, 1)
	s.entry(6).State = pool.Cordoned
	s.entry(5).LoadMultiplier = 0.5
	s.entry(5).State = pool.Enabled
	s.evaluate()
	s.want("cordon 2, cordon 3", "they count as 4: two halves may go")
}

// TestEnabledCapacityCountsMultipliers: where as many stay enabled as are,
// servers that count as two each must not be taken for one each.
func TestEnabledCapacityCountsMultipliers(t *testing.T) {
	for name, blind := range map[string]func(*story){
		"no policy has an answer": func(s *story) { s.config.Policies = nil },
		"the load of a server is unknown": func(s *story) {
			s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("502")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			for n := 1; n <= 4; n++ {
				s.entry(n).LoadMultiplier = 0.5
			}
			blind(s)
			s.evaluate()
			s.want("", "the four count as eight, and nobody said that fewer suffice")
		})
	}
}

// TestUsedUp: it is when all that its servers count as is asked for, and
// not where the minimum alone is all.
func TestUsedUp(t *testing.T) {
	for name, pool := range map[string]struct {
		multiplier   float64
		people       int
		minimum      int // in millionths
		usedUp, told bool
		required     int
	}{
		"two of four are enough":             {1, 250, 0, false, false, 2},
		"all four are asked for":             {1, 500, 0, true, false, 4},
		"more than four are":                 {1, 600, 0, true, true, 4},
		"the minimum alone is all":           {1, 250, million, false, false, 4},
		"the minimum is all and not enough":  {1, 600, million, true, true, 4},
		"four halves are all":                {2, 250, 0, true, false, 2},
		"four halves are not enough":         {2, 300, 0, true, true, 2},
		"four halves are less than required": {2, 100, million, false, false, 2},
		"four count as eight":                {0.5, 600, 0, false, false, 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			s.config.MinimumMillionths = setting.Percentage(pool.minimum)
			for n := 1; n <= 4; n++ {
				s.entry(n).LoadMultiplier = pool.multiplier
			}
			s.meeting(1, pool.people)
			s.evaluate()
			required := s.plan.Required
			if servers, _ := required.Servers.Get(); servers != pool.required || required.UsedUp != pool.usedUp {
				t.Errorf("%d required, used up: %t; limits %q", servers, required.UsedUp, required.Limits)
			}
			if told := len(s.plan.Alerts) > 0; told != pool.told {
				t.Errorf("alerts %+v", s.plan.Alerts)
			}
			if capacity, _ := required.Capacity.Get(); capacity != 4/pool.multiplier {
				t.Errorf("the four that are enabled count as %g", capacity)
			}
		})
	}
}

func TestTinyMultiplierIsBounded(t *testing.T) {
	s := newStory(t, 12)
	s.entry(1).LoadMultiplier = 0.001
	s.meeting(2, 1400) // 12 required: server 1 counts as ten, and two more are needed
	s.evaluate()
	if got := s.plan.count(Cordon); got != 9 {
		t.Errorf("%d are cordoned, wanted 9: %s", got, s.planned())
	}
}

func TestForgetsTheLoadOfARemovedTag(t *testing.T) {
	s := newStory(t, 3)
	s.tagged("gpu", 3)
	s.meeting(3, 7)
	s.evaluate()
	before := s.state
	s.seen.Servers[2].Meetings = pool.Unknown[[]pool.Meeting]("502")
	s.state.Servers = nil // nobody remembers its load either
	s.evaluate()
	if got := s.state.TagLoads["gpu"]; got != before.TagLoads["gpu"] || got.Participants != 7 {
		t.Errorf("compared with %+v next, and %+v was seen last", got, before.TagLoads["gpu"])
	}
	s.tagged("", 3)
	s.evaluate()
	if len(s.state.TagLoads) != 0 {
		t.Errorf("%v are remembered, although there is no tag any more", s.state.TagLoads)
	}
	if len(before.TagLoads) != 1 {
		t.Error("the memory of before was changed")
	}
}

// TestGroupSmallerThanItsMinimum: a group that does not come to its minimum with all
// its servers enabled is short of nothing that somebody could enable.
func TestGroupSmallerThanItsMinimum(t *testing.T) {
	s := newStory(t, 2)
	s.tagged("gpu", 2)
	s.entry(2).LoadMultiplier = 2
	s.evaluate()
	s.want("", "all is enabled that there is")
	if len(s.plan.Alerts) > 0 {
		t.Errorf("alerts %+v", s.plan.Alerts)
	}
}
