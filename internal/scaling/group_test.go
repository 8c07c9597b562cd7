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
	s.meeting(3, 80) // 480 people without a tag: 4 servers are required, and there are 3
	s.meeting(4, 200)
	s.evaluate()
	s.want("enable 5", "200 people with the tag need two servers with the tag, and those without a tag need none of these")
	if got := s.plan.Load.Participants; got != 480 {
		t.Errorf("the servers without a tag have %d participants, want 480", got)
	}
	if g := s.plan.Tagged; len(g) != 1 || g[0].Tag != "gpu" || g[0].Load.Participants != 200 {
		t.Errorf("got the groups %+v, want one with tag gpu and 200 participants", g)
	}
	s.wantAlert("pool size")
}

// TestForcedNumberIgnoresTags: a forced number is for the servers without a tag, and
// the record says so.
func TestForcedNumberIgnoresTags(t *testing.T) {
	s := newStory(t, 5)
	s.tagged("gpu", 4, 5)
	s.state.Forced = &pool.Forced{Hold: pool.Hold{Reason: "exam", Author: "Ada"}, Servers: 2, Until: noon.Add(time.Hour)}
	s.evaluate()
	s.want("cordon 1, cordon 4", "two servers without a tag are forced, and the minimum of the tag is one")
	if limits := strings.Join(s.plan.Required.Limits, "; "); !strings.Contains(limits, "servers with a tag are not forced") {
		t.Errorf("limits %s, want a sentence on tags", limits)
	}
}

func TestTagMinimum(t *testing.T) {
	s := newStory(t, 5)
	s.tagged("gpu", 3, 4, 5)
	s.config.TagMinimums = map[string]int{"gpu": 2}
	s.evaluate()
	s.want("cordon 1, cordon 3", "one server without a tag is required, and two with the tag")
	s.config.TagMinimums = nil
	s.entry(1).State, s.entry(3).State = pool.Cordoned, pool.Cordoned
	s.meeting(1, 1)
	s.meeting(3, 1)
	s.evaluate()
	s.want("cordon 4", "the minimum of a tag is one by default")
	s.config.TagMinimums = map[string]int{"gpu": 99}
	s.evaluate()
	s.want("enable 3", "the minimum is at most the three servers that there are")
}

func TestKeepsLastOnlineServerOfATag(t *testing.T) {
	s := newStory(t, 3)
	s.tagged("gpu", 3)
	s.machine(3).State = pool.Locked
	s.evaluate()
	if got := s.plan.Verdicts[2].LeftAlone.String(); !strings.Contains(got, "no other online") {
		t.Errorf("server 3, the only one of its tag, is left alone because %q, want because no other is online", got)
	}
}

func TestPoolWithoutUntaggedServers(t *testing.T) {
	s := newStory(t, 2)
	s.config.Policies = []Policy{PolicyLoad, PolicySchedule}
	s.seen.Calendar = pool.Seen(pool.Calendar{})
	s.tagged("a", 1)
	s.tagged("b", 2)
	s.evaluate()
	s.want("", "the minimum of each tag is one")
}

// TestLoadMultiplierScalesCapacity: a server with the multiplier 2 counts as half a
// server, and one with 0.5 as two.
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
	s.want("cordon 2, cordon 3", "the servers count as 4, so two halves are surplus")
}

// TestEnabledCapacityCountsMultipliers: if the enabled capacity must stay as it is, a
// server that counts as two servers is not counted as one.
func TestEnabledCapacityCountsMultipliers(t *testing.T) {
	s := newStory(t, 4)
	for n := 1; n <= 4; n++ {
		s.entry(n).LoadMultiplier = 0.5
	}
	s.config.Policies = nil
	s.evaluate()
	s.want("", "the four count as eight, and no policy said that fewer suffice")
}

// TestUsedUp: the pool is used up if the load requires all its capacity, but not if only
// the minimum does.
func TestUsedUp(t *testing.T) {
	for name, pool := range map[string]struct {
		multiplier    float64
		people        int
		minimum       int // in millionths
		usedUp, alert bool
		required      int
	}{
		"two of four are required":           {1, 250, 0, false, false, 2},
		"all four are required":              {1, 500, 0, true, false, 4},
		"more than four are required":        {1, 600, 0, true, true, 4},
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
			if alert := len(s.plan.Alerts) > 0; alert != pool.alert {
				t.Errorf("got the alerts %+v, want any: %t", s.plan.Alerts, pool.alert)
			}
			if capacity, _ := required.Capacity.Get(); capacity != 4/pool.multiplier {
				t.Errorf("the four enabled servers count as %g, want %g", capacity, 4/pool.multiplier)
			}
		})
	}
}

func TestTinyMultiplierIsBounded(t *testing.T) {
	s := newStory(t, 12)
	s.entry(1).LoadMultiplier = 0.001
	s.meeting(2, 1400) // 12 required: server 1 counts as ten, and two more are needed
	s.evaluate()
	if got := countOf(s.plan, Cordon); got != 9 {
		t.Errorf("%d servers are cordoned, want 9: %s", got, s.planned())
	}
}

func TestForgetsTheLoadOfARemovedTag(t *testing.T) {
	s := newStory(t, 3)
	s.tagged("gpu", 3)
	s.meeting(3, 7)
	s.evaluate()
	before := s.state
	s.seen.Servers[2].Meetings = pool.Unknown[[]pool.Meeting]("502")
	s.evaluate()
	if got := s.state.TagLoads["gpu"]; got != before.TagLoads["gpu"] || got.Participants != 7 {
		t.Errorf("the remembered load is %+v, want the last seen load %+v", got, before.TagLoads["gpu"])
	}
	s.tagged("", 3)
	s.evaluate()
	if len(s.state.TagLoads) != 0 {
		t.Errorf("the loads %v are remembered, although no server has a tag", s.state.TagLoads)
	}
	if len(before.TagLoads) != 1 {
		t.Error("the previous state was changed")
	}
}

// TestGroupSmallerThanItsMinimum: if all servers of a group are enabled and their capacity
// is still below the minimum, there is no alert about missing servers.
func TestGroupSmallerThanItsMinimum(t *testing.T) {
	s := newStory(t, 2)
	s.tagged("gpu", 2)
	s.entry(2).LoadMultiplier = 2
	s.evaluate()
	s.want("", "everything is enabled already")
	if len(s.plan.Alerts) > 0 {
		t.Errorf("alerts %+v", s.plan.Alerts)
	}
}
