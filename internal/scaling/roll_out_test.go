package scaling

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// rollOut returns a pool of five servers, of which four are required, at 21:00. The
// machine of the first server was made from the newest image, the other four from an
// older one.
func rollOut(t *testing.T) *story {
	s := newStory(t, 5)
	s.config.MinimumMillionths = 800_000 // 4 of 5
	s.config.RollOutHours = Hours{19 * time.Hour, 6 * time.Hour}
	s.seen.Images = pool.Seen([]pool.Image{
		{ID: "elsewhere", Zone: "fr-par-2", Name: "bbb-3", Created: noon},
		{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon},
	})
	s.machine(1).ImageID = "newer"
	s.now = noon.Add(9 * time.Hour) // 21:00
	return s
}

func TestRollOutWaitsForItsHours(t *testing.T) {
	s := rollOut(t)
	s.now = noon
	s.evaluate()
	s.want("cordon 2", "one server more than required is enabled, and one with the old image is cordoned")
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.want("", "it is noon, and the roll-out begins in the evening")
	s.wantAlert("image bbb-2")
	s = rollOut(t)
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 3)
	s.config.Size, s.config.MinimumMillionths = 6, 500_000
	s.evaluate()
	s.want("cordon 3", "it is night, and the other servers suffice")
}

func TestRollOutIsLimited(t *testing.T) {
	s := rollOut(t)
	s.config.Size, s.config.MinimumMillionths = 6, 500_000 // the minimum is 3
	s.config.RollOutParallel = 1
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 3)
	s.entry(1).State = pool.Cordoned
	s.meeting(1, 3)
	s.evaluate()
	s.want("", "server 2 already drains because of its image")
	s.config.RollOutParallel = 2
	s.evaluate()
	s.want("enable 1", "server 3 is next, and its replacement comes first")
}

func TestRollOutLimitCountsAllGroups(t *testing.T) {
	s := rollOut(t)
	s.config.RollOutParallel = 1
	s.config.MinimumMillionths = 10_000
	s.tagged("gpu", 4, 5)
	s.withoutMachine(1)
	s.entry(1).State = pool.Disabled
	s.evaluate()
	var replaced []int
	for _, action := range s.plan.Actions {
		if strings.Contains(action.Reason.String(), "older than the image") {
			replaced = append(replaced, action.Server)
		}
	}
	if len(replaced) != 1 || replaced[0] != 2 {
		t.Errorf("servers %v are replaced because of their image, want only server 2", replaced)
	}
}

func TestRollOutStopsAtABadImage(t *testing.T) {
	s := rollOut(t)
	s.config.Size, s.config.MinimumMillionths = 6, 500_000 // the minimum is 3
	stats, _ := s.seen.Servers[0].Stats.Get()
	stats.UnitsDown = pool.Seen([]string{"bbb-html5"})
	s.seen.Servers[0].Stats = pool.Seen(stats)
	s.entry(1).State = pool.Cordoned // the server with the bad image drains
	s.meeting(1, 3)
	s.withoutMachine(2) // this server could replace another
	s.entry(2).State = pool.Disabled
	s.evaluate()
	s.want("", "the image may be bad, so no other server is replaced")
	s.wantAlert("image bbb-2")
	s.operator(1, func(memory *pool.ServerMemory) { memory.Maintenance = &pool.Hold{Author: "Ada"} })
	s.evaluate()
	s.wantAlert("image bbb-2")
	s.want("", "the bad server in maintenance also stops the roll-out")
}

func TestReplacesOutdatedImagesOneAtATime(t *testing.T) {
	s := newStory(t, 4)
	requireThree(s)
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.seen.Images = pool.Seen([]pool.Image{{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	s.evaluate()
	s.want("create 4, enable 4", "its replacement comes first")
	s.entry(4).State = pool.Enabled
	s.seen.Servers[3].Machine = pool.Seen(&pool.Machine{ID: "new", Zone: "fr-par-1", Name: "bbb-w4", State: pool.Running, ImageID: "newer", Since: s.now, Created: s.now})
	s.evaluate()
	s.want("", "the new machine is not online yet")
	s.entry(4).Online = true
	answersEmpty(&s.seen.Servers[3])
	s.evaluate()
	s.want("cordon 1", "three other servers are online")
}
