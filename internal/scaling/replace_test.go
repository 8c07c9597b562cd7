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

func TestARollOutWaitsForItsHours(t *testing.T) {
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

func TestARollOutIsAFewAtATime(t *testing.T) {
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

func TestARollOutIsAFewAtATimeInAllGroups(t *testing.T) {
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

func TestARollOutStopsAtABadImage(t *testing.T) {
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

func TestAPlannedMaintenanceIsNotWaitedFor(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.config.RollOutHours = Hours{19 * time.Hour, 6 * time.Hour}
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.machine(2).Maintenances = []pool.PlannedMaintenance{{Reason: "disk", Start: noon.Add(72 * time.Hour)}}
	s.evaluate()
	s.want("", "it is three days away")
	s.now = noon.Add(25 * time.Hour)
	s.evaluate()
	s.want("enable 4, create 4", "the replacement comes first")
}

func TestHours(t *testing.T) {
	night, day, always := Hours{19 * time.Hour, 6*time.Hour + 30*time.Minute}, Hours{12 * time.Hour, 14 * time.Hour}, Hours{}
	for _, c := range []struct {
		hours Hours
		at    string
		want  bool
	}{
		{night, "18:59", false}, {night, "19:00", true}, {night, "00:00", true}, {night, "06:29", true}, {night, "06:30", false},
		{day, "11:59", false}, {day, "12:00", true}, {day, "13:59", true}, {day, "14:00", false},
		{always, "00:00", true}, {always, "15:00", true},
	} {
		at, err := time.Parse("15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.hours.Contain(at); got != c.want {
			t.Errorf("%s is %s: %t, want %t", c.at, c.hours, got, c.want)
		}
	}
}

func TestAReplacementThatNobodyCanMakeIsToldAfterADay(t *testing.T) {
	s := newStory(t, 1)
	stats, _ := s.seen.Servers[0].Stats.Get()
	stats.Uptime = pool.Seen(10 * 24 * time.Hour)
	s.seen.Servers[0].Stats = pool.Seen(stats)
	for range 24 * 12 {
		s.evaluate()
		if len(s.plan.Alerts) > 0 {
			t.Fatalf("after %s: %+v", s.now.Sub(noon), s.plan.Alerts)
		}
	}
	s.evaluate()
	s.wantAlert("replacement of server 1")
}
