package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// mishapWorld has two servers that run, with one recorded meeting that ends soon.
func mishapWorld(t *testing.T, meetings ...demand.Meeting) *World {
	t.Helper()
	w, err := New(Config{
		Start: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Seed: 1, Running: 2, RecordingWork: 1, Shipped: true, Meetings: meetings,
		Servers: pool.Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func at(w *World, minutes int) { w.AdvanceTo(w.config.Start.Add(time.Duration(minutes) * time.Minute)) }

func TestAUnitFailsWithItsMachine(t *testing.T) {
	w := mishapWorld(t)
	if err := w.SetUnit("bbb-w1.example.com", "bbb-html5.service", false); err != nil {
		t.Fatal(err)
	}
	stats, _ := w.Stats("bbb-w1.example.com")
	if down, _ := stats.UnitsDown.Get(); len(down) != 1 || down[0] != "bbb-html5.service" {
		t.Errorf("units down: %v", down)
	}
	_ = w.SetUnit("bbb-w1.example.com", "bbb-html5.service", true)
	stats, _ = w.Stats("bbb-w1.example.com")
	if down, _ := stats.UnitsDown.Get(); len(down) != 0 {
		t.Errorf("units down: %v", down)
	}
	if err := w.SetUnit("bbb-w9.example.com", "x", false); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a unit of no machine: %v", err)
	}
}

func TestAFailedRecordingStays(t *testing.T) {
	w := mishapWorld(t, demand.Meeting{Start: time.Date(2026, 3, 2, 8, 1, 0, 0, time.UTC), Duration: 20 * time.Minute, Participants: 2, Recorded: true})
	at(w, 30)
	domain := ""
	for _, s := range w.servers {
		if w.FailRecording(s.Domain) == nil {
			domain = s.Domain
		}
	}
	at(w, 120)
	stats, err := w.Stats(domain)
	if err != nil {
		t.Fatal(err)
	}
	failed, _ := stats.Failed.Get()
	backlog, _ := stats.Backlog.Get()
	if failed["processed"] != 1 || backlog["sanity"] != 0 {
		t.Errorf("failed %v, backlog %v; the work was in processing", failed, backlog)
	}
	for _, m := range w.Machines() {
		_ = w.Terminate(m.ID)
	}
	if lost := w.Tally().LostRecordings; lost != 1 {
		t.Errorf("%d recordings lost with their machine", lost)
	}
}

func TestAMaintenanceIsTheMachines(t *testing.T) {
	w := mishapWorld(t)
	id := w.Machines()[0].ID
	planned := pool.PlannedMaintenance{Reason: "disk", Start: w.Now().Add(24 * time.Hour)}
	if err := w.PlanMaintenance(id, planned); err != nil {
		t.Fatal(err)
	}
	if got := w.Machines()[0].Maintenances; len(got) != 1 || got[0] != planned {
		t.Errorf("planned %v", got)
	}
	if err := w.PlanMaintenance("nobody", planned); !errors.Is(err, ErrNotFound) {
		t.Errorf("a maintenance of nothing: %v", err)
	}
}

// TestTaggedMeetings: a meeting without a tag never goes to a tagged server; one
// with a tag goes there, or, unless it insists, to the others if there is none.
func TestTaggedMeetings(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 1, 0, 0, time.UTC)
	meeting := func(tag string) demand.Meeting {
		return demand.Meeting{Start: start, Duration: time.Hour, Participants: 1, Tag: tag}
	}
	for name, c := range map[string]struct {
		tag           string // of server 2
		wanted        []demand.Meeting
		first, second int
		refused       int
	}{
		"no tag, no tagged server":      {"", []demand.Meeting{meeting(""), meeting("")}, 1, 1, 0},
		"no tag avoids the tagged":      {"gpu", []demand.Meeting{meeting(""), meeting("")}, 2, 0, 0},
		"the tag finds its server":      {"gpu", []demand.Meeting{meeting("gpu"), meeting("gpu!"), meeting("gpu")}, 0, 3, 0},
		"a tag of nobody falls back":    {"gpu", []demand.Meeting{meeting("exam")}, 1, 0, 0},
		"a tag of nobody that insists":  {"gpu", []demand.Meeting{meeting("exam!")}, 0, 0, 1},
		"an untagged one is no tag's":   {"", []demand.Meeting{meeting("gpu!")}, 0, 0, 1},
		"a tag falls back to the least": {"", []demand.Meeting{meeting("gpu"), meeting("")}, 1, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := mishapWorld(t, c.wanted...)
			if err := w.SetTag(w.Entries()[1].ID, c.tag); err != nil {
				t.Fatal(err)
			}
			at(w, 15)
			first, _ := w.Meetings("bbb-w1.example.com")
			second, _ := w.Meetings("bbb-w2.example.com")
			if len(first) != c.first || len(second) != c.second || w.Tally().RefusedMeetings != c.refused {
				t.Errorf("%d and %d meetings, %d refused; want %d, %d, %d", len(first), len(second), w.Tally().RefusedMeetings, c.first, c.second, c.refused)
			}
		})
	}
}

func TestAMultiplierMakesAServerLookFuller(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 1, 0, 0, time.UTC)
	var wanted []demand.Meeting
	for range 9 {
		wanted = append(wanted, demand.Meeting{Start: start, Duration: time.Hour, Participants: 1})
	}
	w := mishapWorld(t, wanted...)
	if err := w.SetMultiplier(w.Entries()[0].ID, 2); err != nil {
		t.Fatal(err)
	}
	at(w, 10)
	first, _ := w.Meetings("bbb-w1.example.com")
	if len(first) != 3 {
		t.Errorf("the server that counts double has %d of 9 meetings; want 3", len(first))
	}
	if err := w.SetMultiplier(w.Entries()[0].ID, 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("a multiplier of 0: %v", err)
	}
}
