package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// twoServers creates a world at 8:00 with two running servers.
func twoServers(t *testing.T, meetings ...demand.Meeting) *World {
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

// at advances the world to so many minutes after its start.
func at(w *World, minutes int) { w.AdvanceTo(w.config.Start.Add(time.Duration(minutes) * time.Minute)) }

func TestBrokenUnit(t *testing.T) {
	w := twoServers(t)
	fix := w.Break(1, UnitDown{"bbb-html5.service"})
	stats, _ := w.Stats("bbb-w1.example.com")
	if down, _ := stats.UnitsDown.Get(); len(down) != 1 || down[0] != "bbb-html5.service" {
		t.Errorf("units down: %v", down)
	}
	fix()
	stats, _ = w.Stats("bbb-w1.example.com")
	if down, _ := stats.UnitsDown.Get(); len(down) != 0 {
		t.Errorf("units down: %v", down)
	}
	if w.Break(9, UnitDown{"x"}) != nil {
		t.Error("a unit of an unknown server is down")
	}
}

func TestFailedRecordingStaysOnTheDisk(t *testing.T) {
	w := twoServers(t, demand.Meeting{Start: time.Date(2026, 3, 2, 8, 1, 0, 0, time.UTC), Duration: 20 * time.Minute, Participants: 2, Recorded: true})
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
		t.Errorf("failed %v, backlog %v; the recording was being processed", failed, backlog)
	}
	for _, m := range w.Machines() {
		_ = w.Terminate(m.ID)
	}
	if lost := w.Tally().LostRecordings; lost != 1 {
		t.Errorf("%d recordings lost with their machine; want 1", lost)
	}
}

func TestPlanMaintenance(t *testing.T) {
	w := twoServers(t)
	id := w.Machines()[0].ID
	planned := pool.PlannedMaintenance{Reason: "disk", Start: w.Now().Add(24 * time.Hour)}
	if err := w.PlanMaintenance(id, planned); err != nil {
		t.Fatal(err)
	}
	if got := w.Machines()[0].Maintenances; len(got) != 1 || got[0] != planned {
		t.Errorf("planned %v", got)
	}
	if err := w.PlanMaintenance("nobody", planned); !errors.Is(err, ErrNotFound) {
		t.Errorf("maintenance of an unknown machine: %v, want not found", err)
	}
}

// TestTaggedMeetings checks that a meeting without a tag is never placed on a tagged
// server. A meeting with a tag is placed on a server with the tag. If there is none, it
// is placed on an untagged server, unless its tag ends in "!".
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
		"no tag, no tagged server":             {"", []demand.Meeting{meeting(""), meeting("")}, 1, 1, 0},
		"no tag avoids tagged servers":         {"gpu", []demand.Meeting{meeting(""), meeting("")}, 2, 0, 0},
		"tag has a server":                     {"gpu", []demand.Meeting{meeting("gpu"), meeting("gpu!"), meeting("gpu")}, 0, 3, 0},
		"unknown tag falls back":               {"gpu", []demand.Meeting{meeting("exam")}, 1, 0, 0},
		"unknown strict tag is refused":        {"gpu", []demand.Meeting{meeting("exam!")}, 0, 0, 1},
		"strict tag, no tagged server":         {"", []demand.Meeting{meeting("gpu!")}, 0, 0, 1},
		"unknown tag goes to the least loaded": {"", []demand.Meeting{meeting("gpu"), meeting("")}, 1, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := twoServers(t, c.wanted...)
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

func TestLoadMultiplier(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 1, 0, 0, time.UTC)
	var wanted []demand.Meeting
	for range 9 {
		wanted = append(wanted, demand.Meeting{Start: start, Duration: time.Hour, Participants: 1})
	}
	w := twoServers(t, wanted...)
	if err := w.SetMultiplier(w.Entries()[0].ID, 2); err != nil {
		t.Fatal(err)
	}
	at(w, 10)
	first, _ := w.Meetings("bbb-w1.example.com")
	if len(first) != 3 {
		t.Errorf("the server with multiplier 2 has %d of 9 meetings; want 3", len(first))
	}
	if err := w.SetMultiplier(w.Entries()[0].ID, 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("a multiplier of 0: %v, want invalid", err)
	}
}
