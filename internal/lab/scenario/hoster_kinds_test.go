package scenario

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// hosterTest is a world during a test of an event.
type hosterTest struct {
	*testing.T
	*world.World
}

// create creates a machine for server 4 from the newest image of its zone, and returns the
// error of the creation or of the start.
func (h hosterTest) create() (pool.Machine, error) {
	images := slices.DeleteFunc(h.Images(), func(image pool.Image) bool { return image.Zone != "fr-par-2" })
	newest := slices.MaxFunc(images, func(a, b pool.Image) int { return a.Created.Compare(b.Created) })
	m, err := h.CreateMachine(world.Order{
		Name: "bbb-w4", Zone: "fr-par-2", Type: "POP2-8C-32G", ImageID: newest.ID, AddressIDs: []string{h.Addresses()[3].ID},
	})
	if err != nil {
		return m, err
	}
	return m, h.PowerOn(m.ID)
}

// machine returns the machine that server 1 has from the start.
func (h hosterTest) machine() pool.Machine { return h.Machines()[0] }

// boots reports whether a machine that is created now has its BBB up after a time.
func (h hosterTest) boots(after time.Duration) bool {
	h.Helper()
	m, err := h.create()
	if err != nil {
		h.Fatal(err)
	}
	h.AdvanceTo(h.Now().Add(after))
	_, err = h.Meetings("bbb-w4.sandbox.test")
	_ = h.PowerOff(m.ID) // it runs
	h.AdvanceTo(h.Now().Add(time.Minute))
	if err := h.Delete(m.ID); err != nil {
		h.Fatal(err)
	}
	return err == nil
}

func refusedWith(err error, status int) bool {
	refused, ok := errors.AsType[*world.RefusedError](err)
	return ok && refused.Status == status
}

// TestHosterEvents lets each event begin after an hour and end an hour later. during and
// after report whether the event holds, and whether it has been taken back.
func TestHosterEvents(t *testing.T) {
	for line, test := range map[string]struct{ during, after func(hosterTest) bool }{
		"zone-down zone=fr-par-2": {
			func(h hosterTest) bool {
				_, err := h.create()
				_, dead := h.Meetings("bbb-w2.sandbox.test")
				_, other := h.Meetings("bbb-w1.sandbox.test")
				return refusedWith(err, 503) && dead != nil && other == nil && h.Machines()[1].State == pool.Running
			},
			func(h hosterTest) bool {
				_, err := h.create()
				_, answers := h.Meetings("bbb-w2.sandbox.test")
				return err == nil && answers == nil
			},
		},
		"out-of-stock": {
			func(h hosterTest) bool {
				return !h.InStock("GP1-S", "fr-par-1") && !h.InStock("POP2-8C-32G", "fr-par-2")
			},
			func(h hosterTest) bool { return h.InStock("GP1-S", "fr-par-1") },
		},
		"out-of-stock zone=fr-par-1 type=GP1-S": {
			func(h hosterTest) bool {
				return !h.InStock("GP1-S", "fr-par-1") && h.InStock("GP1-S", "fr-par-2") && h.InStock("POP2-8C-32G", "fr-par-1")
			},
			func(h hosterTest) bool { return h.InStock("GP1-S", "fr-par-1") },
		},
		"quota zone=fr-par-2": {
			func(h hosterTest) bool { _, err := h.create(); return errors.Is(err, world.ErrQuota) },
			func(h hosterTest) bool { _, err := h.create(); return err == nil },
		},
		`refuse call="POST action:terminate" status=409 text="not now"`: {
			func(h hosterTest) bool { return refusedWith(h.Refused("POST action:terminate"), 409) },
			func(h hosterTest) bool { return h.Refused("POST action:terminate") == nil },
		},
		`refuse call="GET servers"`: {
			func(h hosterTest) bool { return refusedWith(h.Refused("GET servers"), 403) },
			func(h hosterTest) bool { return h.Refused("GET servers") == nil },
		},
		"bad-image how=never-up": {
			func(h hosterTest) bool { return !h.boots(30 * time.Minute) },
			func(h hosterTest) bool { return h.boots(8 * time.Minute) },
		},
		"bad-image how=unit-down": {
			func(h hosterTest) bool {
				_, err := h.create()
				h.AdvanceTo(h.Now().Add(8 * time.Minute))
				stats, problem := h.Stats("bbb-w4.sandbox.test")
				down, _ := stats.UnitsDown.Get()
				return errors.Join(err, problem) == nil && len(down) == 1
			},
			func(h hosterTest) bool { return len(h.Images()) == 2 },
		},
		"bad-image how=slow minutes=20": {
			func(h hosterTest) bool { return !h.boots(19*time.Minute) && h.boots(20*time.Minute) },
			func(h hosterTest) bool { return h.boots(8 * time.Minute) },
		},
		"boot-time": {
			func(h hosterTest) bool { return !h.boots(10*time.Minute) && h.boots(11*time.Minute) },
			func(h hosterTest) bool { return h.boots(8 * time.Minute) },
		},
		"machine-state servers=1": {
			func(h hosterTest) bool {
				return h.ReportedState(h.machine()) == "error" && h.machine().State == pool.Running
			},
			func(h hosterTest) bool { return h.ReportedState(h.machine()) == pool.Running },
		},
		"power-on-fails servers=4": {
			func(h hosterTest) bool { _, err := h.create(); return refusedWith(err, 500) },
			func(h hosterTest) bool { return h.PowerOn(h.Machines()[3].ID) == nil },
		},
		"hand-stop servers=1": {
			func(h hosterTest) bool { return h.machine().State == pool.Stopped },
			func(h hosterTest) bool { return h.machine().State == pool.Running },
		},
		"hand-start servers=3": { // it was stopped before
			func(h hosterTest) bool { return h.Machines()[2].State == pool.Running },
			func(h hosterTest) bool { return h.Machines()[2].State == pool.Stopped },
		},
		"hand-rename servers=1 to=mail": {
			func(h hosterTest) bool { return h.machine().Name == "mail" },
			func(h hosterTest) bool { return h.machine().Name == "bbb-w1" },
		},
		"hand-tag servers=1 tag=test": {
			func(h hosterTest) bool { return slices.Equal(h.machine().Tags, []string{"divims-sandbox", "test"}) },
			func(h hosterTest) bool { return slices.Equal(h.machine().Tags, []string{"divims-sandbox"}) },
		},
		"hand-detach-volume servers=1": {
			func(h hosterTest) bool { return len(h.machine().Volumes) == 0 && h.machine().State == pool.Stopped },
			func(h hosterTest) bool { return len(h.machine().Volumes) == 1 && h.machine().State == pool.Running },
		},
	} {
		t.Run(line, func(t *testing.T) {
			run, timeline := hosterRun(t, "+1h "+line+" for=1h")
			check := func(at time.Duration, holds func(hosterTest) bool) {
				t.Helper()
				run.sandbox.AdvanceTo(mondayMorning().Add(at))
				if lines, err := timeline.Happen(run.sandbox.Now()); err != nil || len(lines) != 1 {
					t.Errorf("lines %q, error %v", lines, err)
				}
				run.sandbox.AdvanceTo(run.sandbox.Now().Add(8 * time.Minute))
				run.sandbox.With(func(w *world.World) {
					if !holds(hosterTest{t, w}) {
						t.Errorf("%s: the world is not as it should be", w.Now().Sub(mondayMorning()))
					}
				})
			}
			check(time.Hour, test.during)
			check(2*time.Hour, test.after)
		})
	}
}

// hosterRun starts a sandbox of four servers in two zones, with machines for three of them.
// That of server 3 is stopped.
func hosterRun(t *testing.T, text string) (sandboxRun, *Timeline) {
	t.Helper()
	surroundings, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: mondayMorning(), Seed: 1, Running: 3, Zones: hosterZones,
		Servers: pool.Servers(4, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = surroundings.Close() })
	surroundings.With(func(w *world.World) { err = w.PowerOff(w.Machines()[2].ID) })
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := Read("bad.txt", []byte(text), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	run := sandboxRun{sandbox: surroundings}
	return run, s.Timeline(run)
}

func TestHosterEventsSayWhatCannotHappen(t *testing.T) {
	for line, want := range map[string]string{
		"hand-stop servers=3-4":           "server 3 has no machine to stop; server 4 has no machine to stop",
		"hand-start servers=1":            "server 1 has no stopped machine",
		"hand-rename servers=1 to=bbb-w1": "server 1 has no machine, or it has that name already",
		"hand-detach-volume servers=4":    "server 4 has no machine with a volume",
		"machine-state servers=4":         "server 4 has no machine",
	} {
		t.Run(line, func(t *testing.T) {
			run, timeline := hosterRun(t, "+1h "+line+" for=1h")
			run.sandbox.AdvanceTo(mondayMorning().Add(time.Hour))
			lines, err := timeline.Happen(run.sandbox.Now())
			if err != nil || len(lines) != 1 || !strings.HasSuffix(lines[0], ": nothing happens: "+want) {
				t.Errorf("lines %q, error %v; want %q", lines, err, want)
			}
			if at, more := timeline.Next(); more || timeline.Entries()[0].Ongoing() {
				t.Errorf("the event is ongoing, and ends at %s", at)
			}
		})
	}
}

func TestHosterEventsCheckTheirValues(t *testing.T) {
	for line, want := range map[string]string{
		"out-of-stock zone=fr-par-9":       `zone=: "fr-par-9" must be fr-par-1 or fr-par-2`,
		"quota type=GP1":                   `type=: "GP1" must be POP2-HC-8C-16G, POP2-8C-32G or GP1-S`,
		`refuse call="POST server"`:        `"POST server" is not a call of Scaleway's API that the sandbox serves; is POST servers meant?`,
		"refuse status=500":                "call= is missing",
		`refuse call="GET ips" status=200`: `status=: "200" must be an HTTP status from 400 to 599`,
		"bad-image minutes=3":              "how= is missing",
		"bad-image how=never-up minutes=3": "minutes= goes with how=slow only",
		"boot-time minutes=0":              `minutes=: "0" must be a whole number from 1 to 1440`,
		"hand-rename servers=1":            "to= is missing",
		"hand-tag servers=1":               "tag= is missing",
	} {
		if _, _, err := Read("bad.txt", []byte("+1h "+line), testOptions()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
}
