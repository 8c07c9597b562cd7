package scaling

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// rollOut is a pool of four of which three are required; the first has a newer
// image than the other three, and the fourth drains with a meeting.
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
	s.want("cordon 2", "one more than required is there, and one with the old image goes")
	s.entry(2).State = pool.Cordoned
	s.evaluate()
	s.want("", "the others have to wait for the evening")
	s.wantAlert("outdated image")
	s = rollOut(t)
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 3)
	s.config.Size, s.config.MinimumMillionths = 6, 500_000
	s.evaluate()
	s.want("cordon 3", "the others suffice at night")
}

func TestRollOutIsLimited(t *testing.T) {
	s := rollOut(t)
	s.config.Size, s.config.MinimumMillionths = 6, 500_000 // 3 of 5, which suffice without the next one
	s.config.RollOutParallel = 1
	s.entry(2).State = pool.Cordoned
	s.meeting(2, 3)
	s.entry(1).State = pool.Cordoned
	s.meeting(1, 3)
	s.evaluate()
	s.want("", "server 2 drains for it already")
	s.config.RollOutParallel = 2
	s.evaluate()
	s.want("enable 1", "the turn of server 3: its replacement comes first")
}

func TestRollOutLimitCountsAllGroups(t *testing.T) {
	s := rollOut(t)
	s.config.RollOutParallel = 1
	s.config.MinimumMillionths = 10_000
	s.tagged("gpu", 4, 5)
	s.withoutMachine(1)
	s.entry(1).State = pool.Disabled
	s.evaluate()
	var given []int
	for _, action := range s.plan.Actions {
		if strings.Contains(action.Reason, "older than the image") {
			given = append(given, action.Server)
		}
	}
	if len(given) != 1 || given[0] != 2 {
		t.Errorf("servers %v are given up for their image, wanted only the first, 2", given)
	}
}

func TestRollOutStopsAtABadImage(t *testing.T) {
	s := rollOut(t)
	s.config.Size, s.config.MinimumMillionths = 6, 500_000 // 3 of 4, which suffice without the next one
	stats, _ := s.seen.Servers[0].Stats.Get()
	stats.UnitsDown = pool.Seen([]string{"bbb-html5"})
	s.seen.Servers[0].Stats = pool.Seen(stats)
	s.entry(1).State = pool.Cordoned // the bad one is taken out, and drains
	s.meeting(1, 3)
	s.withoutMachine(2) // and this one could take the place of another
	s.entry(2).State = pool.Disabled
	s.evaluate()
	s.want("", "no other is replaced by what may be as bad")
	s.wantAlert("roll-out")
	s.operator(1, func(memory *pool.ServerMemory) { memory.Maintenance = &pool.Hold{Author: "Ada"} })
	s.evaluate()
	s.wantAlert("roll-out")
	s.want("", "nor while somebody looks at the bad one")
}

func TestReplacesOutdatedImagesOneAtATime(t *testing.T) {
	s := newStory(t, 4)
	three(s)
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.seen.Images = pool.Seen([]pool.Image{{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	s.evaluate()
	s.want("enable 4, create 4", "replacement first")
	s.entry(4).State = pool.Enabled
	s.seen.Servers[3].Machine = pool.Seen(&pool.Machine{ID: "new", Zone: "fr-par-1", Name: "bbb-w4", State: pool.Running, ImageID: "newer", Since: s.now, Created: s.now})
	s.evaluate()
	s.want("", "the new machine is not online yet")
	s.entry(4).Online = true
	answersEmpty(&s.seen.Servers[3])
	s.evaluate()
	s.want("cordon 1", "three others are online now")
}
