package scaling

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestPlannedMaintenanceIgnoresRollOutHours(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.config.RollOutHours = Hours{19 * time.Hour, 6 * time.Hour}
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.machine(2).Maintenances = []pool.PlannedMaintenance{{Reason: "disk", Start: noon.Add(72 * time.Hour)}}
	s.evaluate()
	s.want("", "the maintenance is three days away")
	s.now = noon.Add(25 * time.Hour)
	s.evaluate()
	s.want("create 4, enable 4", "the replacement comes first")
}

func TestAlertsAboutAMissingReplacementAfterADay(t *testing.T) {
	s := newStory(t, 1)
	stats, _ := s.seen.Servers[0].Stats.Get()
	stats.Uptime = pool.Seen(10 * 24 * time.Hour)
	s.seen.Servers[0].Stats = pool.Seen(stats)
	for range 24 * 12 {
		s.evaluate()
		if len(s.plan.Alerts) > 0 {
			t.Fatalf("after %s there are already alerts: %+v", s.now.Sub(noon), s.plan.Alerts)
		}
	}
	s.evaluate()
	s.wantAlert("server 1")
}

func TestReplacementMustBeHealthy(t *testing.T) {
	s := newStory(t, 4)
	requireThree(s)
	s.config.Policies = nil
	for _, n := range []int{1, 4} {
		s.seen.Servers[n-1].Stats = pool.Seen(pool.Stats{Uptime: pool.Seen(8 * 24 * time.Hour), Backlog: pool.Seen(map[string]int{}), Failed: pool.Seen(map[string]int{})})
	}
	s.entry(4).State = pool.Cordoned
	s.meeting(4, 10)
	for range 4 {
		s.evaluate()
		s.want("", "server 4 is to be recycled too, and there is no other")
	}
	if v := s.plan.Verdicts[0]; !strings.Contains(v.LeftAlone.String(), "no healthy server is free") {
		t.Errorf("server 1 is left alone because %q, want because no healthy server is free", v.LeftAlone)
	}
}

func TestReplacementComesBeforeRecycling(t *testing.T) {
	s := newStory(t, 4)
	s.config.MinimumMillionths = 750_000 // 3 of 4
	s.entry(4).State = pool.Cordoned
	s.meeting(4, 1)
	s.evaluate()
	s.want("", "three servers are required and enabled")
	s.operator(2, func(memory *pool.ServerMemory) { memory.Recycle = &pool.Hold{Author: "Ada", Reason: "noises"} })
	s.evaluate()
	s.want("enable 4", "its replacement comes first")
	s.entry(4).State = pool.Enabled
	s.evaluate()
	s.want("cordon 2", "the other servers suffice")
}

// TestUrgency: what malfunctions is replaced at once, what has an outdated image in its hours.
func TestUrgency(t *testing.T) {
	s := newStory(t, 4)
	s.seen.Images = pool.Seen([]pool.Image{{ID: "new", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	s.unitDown("bbb-web", 1)
	s.machine(2).Maintenances = []pool.PlannedMaintenance{{Start: noon.Add(time.Hour)}}
	d := newDecision(s.now, s.config, s.seen, s.state)
	for i, want := range []urgency{atOnce, soon, whenQuiet, whenQuiet} {
		if got := d.urgency(d.servers[i]); got != want {
			t.Errorf("server %d has urgency %d, want %d", i+1, got, want)
		}
	}
}

// TestServerThatWaitsForItsReplacementIsNoSurplus: it stays enabled until then, although more
// are coming than are required.
func TestServerThatWaitsForItsReplacementIsNoSurplus(t *testing.T) {
	s := newStory(t, 4)
	s.people(2, 240) // 2 are required
	s.dead(3, 4)
	s.machine(3).Since, s.machine(4).Since = noon.Add(4*time.Minute), noon.Add(4*time.Minute)
	s.state.Servers = map[int]*pool.ServerMemory{1: {MachineID: "machine 1", FirstSeen: noon.Add(-time.Hour), Recycle: &pool.Hold{Author: "Ada"}}}
	s.evaluate()
	s.want("cordon 3", "server 1 is to be recycled, and server 4 will replace it")
}
