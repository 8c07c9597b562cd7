package scenario

import (
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// firstDomain is the domain of server 1.
const firstDomain = "bbb-w1.sandbox.test"

// machineRun starts a sandbox of three servers, with machines for two of them. From the
// start on, ten people are in a recorded meeting of 70 minutes on each.
func machineRun(t *testing.T, text string) (*sandbox.Sandbox, *Timeline) {
	t.Helper()
	recorded := demand.Meeting{Start: mondayMorning(), Duration: 70 * time.Minute, Participants: 10, Recorded: true}
	surroundings, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: mondayMorning(), Seed: 1, Running: 2, RecordingWork: 0.1, Shipped: true, Meetings: []demand.Meeting{recorded, recorded},
		Servers: pool.Servers(3, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = surroundings.Close() })
	s, _, err := Read("bad.txt", []byte(text), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return surroundings, s.Timeline(sandboxRun{sandbox: surroundings})
}

// machineTest is a world during a test of an event.
type machineTest struct {
	*testing.T
	*world.World
}

func (m machineTest) contact() world.Contact {
	m.Helper()
	contact, err := m.Contact(firstDomain)
	if err != nil {
		m.Fatal(err)
	}
	return contact
}

func (m machineTest) stats() pool.Stats {
	m.Helper()
	stats, err := m.Stats(firstDomain)
	if err != nil {
		m.Fatal(err)
	}
	return stats
}

func (m machineTest) backlog(stage string) int {
	stages, _ := m.stats().Backlog.Get()
	return stages[stage]
}

func (m machineTest) failed(stage string) int {
	stages, _ := m.stats().Failed.Get()
	return stages[stage]
}

func (m machineTest) age() time.Duration { age, _ := m.stats().Age.Get(); return age }

// isOnline reports whether Scalelite has the first server online.
func (m machineTest) isOnline() bool { return m.Entries()[0].Online }

// TestMachineEvents lets each event begin after an hour and end an hour later. during and
// after report whether the event holds after half an hour, and whether it was taken back
// eight minutes after its end.
func TestMachineEvents(t *testing.T) {
	stops := func(contact world.Contact) func(machineTest) bool {
		return func(m machineTest) bool { return m.contact() == contact && !m.isOnline() && m.stats().Load1.Known() }
	}
	answers := func(m machineTest) bool { return m.contact() == world.Answers && m.isOnline() }
	for line, test := range map[string]struct{ during, after func(machineTest) bool }{
		"machine-dies servers=1": {
			func(m machineTest) bool {
				return m.contact() == world.Drops && !m.isOnline() && m.Tally().Interruptions[world.MachineDeath].Participants == 10
			}, answers,
		},
		"bbb-stops servers=1":                 {stops(world.Hangs), answers},
		"bbb-stops servers=1 answer=refuse":   {stops(world.Refuses), answers},
		"bbb-stops servers=1 answer=502":      {stops(world.Fails), answers},
		"bbb-stops servers=1 answer=checksum": {stops(world.Denies), answers},
		"cut servers=1 from=us": {
			func(m machineTest) bool { return m.contact() == world.Drops && m.isOnline() }, answers,
		},
		"cut servers=1 from=scalelite": {
			func(m machineTest) bool { return m.contact() == world.Answers && !m.isOnline() }, answers,
		},
		"cut servers=1": {
			func(m machineTest) bool { return m.contact() == world.Drops && !m.isOnline() }, answers,
		},
		"certificate servers=1 fault=wrong-name": {
			func(m machineTest) bool { return m.Certificate(firstDomain).WrongName && !m.isOnline() },
			func(m machineTest) bool {
				return m.Certificate(firstDomain) == world.Certificate{Domain: firstDomain} && m.isOnline()
			},
		},
		"certificate servers=1 fault=expired": {
			func(m machineTest) bool { return m.Certificate(firstDomain).Expires.Before(m.Now()) && !m.isOnline() }, answers,
		},
		"certificate servers=1 expires=72h": {
			func(m machineTest) bool {
				return m.Certificate(firstDomain).Expires.Equal(mondayMorning().Add(73*time.Hour)) && m.isOnline()
			}, answers,
		},
		"unit-fails servers=1 unit=bbb-web": {
			func(m machineTest) bool {
				down, _ := m.stats().UnitsDown.Get()
				return len(down) == 1 && down[0] == "bbb-web.service" && m.contact() == world.Answers
			},
			func(m machineTest) bool { down, known := m.stats().UnitsDown.Get(); return known && len(down) == 0 },
		},
		"recording-stuck servers=1": {
			func(m machineTest) bool { return m.backlog("sanity") == 1 },
			func(m machineTest) bool { return m.backlog("sanity") == 0 },
		},
		"recording-stuck servers=1 stage=recorded": {
			func(m machineTest) bool { return m.backlog("recorded") == 1 },
			func(m machineTest) bool { return m.backlog("recorded") == 0 },
		},
		"recording-fails servers=1 stage=published": {
			func(m machineTest) bool { return m.failed("published") == 1 },
			func(m machineTest) bool { return m.failed("published") == 1 },
		},
		"stats-stop servers=1": {
			func(m machineTest) bool {
				_, err := m.Stats(firstDomain)
				return err != nil && m.contact() == world.Answers
			},
			func(m machineTest) bool { return m.stats().Load1.Known() },
		},
		"stats-stop servers=1 how=stale": {
			func(m machineTest) bool { return m.age() == 30*time.Minute },
			func(m machineTest) bool { return m.age() == 0 },
		},
		"stats-stop servers=1 how=cached": {
			func(m machineTest) bool {
				uptime, _ := m.stats().Uptime.Get()
				return uptime == time.Hour && m.age() == 0
			},
			func(m machineTest) bool {
				uptime, _ := m.stats().Uptime.Get()
				return uptime == 2*time.Hour+8*time.Minute
			},
		},
		"stats-stop servers=1 how=cached-with-date": {
			func(m machineTest) bool {
				page, err := m.StatsPage(firstDomain)
				return err == nil && page.InCache == 30*time.Minute
			},
			func(m machineTest) bool {
				page, err := m.StatsPage(firstDomain)
				return err == nil && page.InCache == 0
			},
		},
		"clock servers=1 offset=-11h": {
			func(m machineTest) bool { return m.ServerClock(firstDomain).Equal(m.Now().Add(-11 * time.Hour)) },
			func(m machineTest) bool { return m.ServerClock(firstDomain).Equal(m.Now()) },
		},
		"dns servers=1 to=2": {
			func(m machineTest) bool { return m.LeadsTo(firstDomain) == "bbb-w2.sandbox.test" && !m.isOnline() }, answers,
		},
	} {
		t.Run(line, func(t *testing.T) {
			surroundings, timeline := machineRun(t, "+1h "+line+" for=1h")
			check := func(at, wait time.Duration, holds func(machineTest) bool) {
				t.Helper()
				surroundings.AdvanceTo(mondayMorning().Add(at))
				if lines, err := timeline.Happen(surroundings.Now()); err != nil || len(lines) != 1 {
					t.Errorf("lines %q, error %v", lines, err)
				}
				surroundings.AdvanceTo(surroundings.Now().Add(wait))
				surroundings.With(func(w *world.World) {
					if !holds(machineTest{t, w}) {
						t.Errorf("%s: the world is not as it should be", w.Now().Sub(mondayMorning()))
					}
				})
			}
			check(time.Hour, 30*time.Minute, test.during)
			check(2*time.Hour, 8*time.Minute, test.after)
		})
	}
}

func TestPeopleCome(t *testing.T) {
	surroundings, timeline := machineRun(t, "+2h people add=60 meetings=4 length=30m recorded=yes")
	surroundings.AdvanceTo(mondayMorning().Add(2 * time.Hour))
	if _, err := timeline.Happen(surroundings.Now()); err != nil {
		t.Fatal(err)
	}
	surroundings.AdvanceTo(surroundings.Now().Add(6 * time.Minute))
	meetings, people := 0, 0
	surroundings.With(func(w *world.World) {
		for _, domain := range []string{firstDomain, "bbb-w2.sandbox.test"} {
			list, err := w.Meetings(domain)
			if err != nil {
				t.Error(err)
			}
			meetings, people = meetings+len(list), people+pool.Participants(list)
			for _, m := range list {
				if !m.Recorded {
					t.Errorf("the meeting %s is not recorded", m.ID)
				}
			}
		}
	})
	if meetings != 4 || people != 60 {
		t.Errorf("%d people in %d meetings, want 60 in 4", people, meetings)
	}
}

func TestMachineEventsSayWhatCannotHappen(t *testing.T) {
	for line, want := range map[string]string{
		"machine-dies servers=3":              "server 3 has no machine",
		"recording-stuck servers=3":           "server 3 has no machine",
		"cut servers=3 from=us":               "server 3 has no machine",
		"dns servers=2 to=2":                  "server 2 leads to itself",
		"certificate servers=3 fault=expired": "", // a server without a machine has a certificate
	} {
		t.Run(line, func(t *testing.T) {
			surroundings, timeline := machineRun(t, "+1h "+line)
			surroundings.AdvanceTo(mondayMorning().Add(time.Hour))
			lines, err := timeline.Happen(surroundings.Now())
			if err != nil || len(lines) != 1 || want != "" && !strings.HasSuffix(lines[0], ": nothing happens: "+want) || want == "" && !strings.HasSuffix(lines[0], line) {
				t.Errorf("lines %q, error %v; want %q", lines, err, want)
			}
		})
	}
}

func TestMachineEventsCheckTheirValues(t *testing.T) {
	for line, want := range map[string]string{
		"machine-dies":                                    "servers= is missing",
		"bbb-stops servers=1 answer=500":                  `answer=: "500" must be hang, refuse, 502 or checksum`,
		"cut servers=1 from=them":                         `from=: "them" must be us, scalelite or both`,
		"certificate servers=1":                           "either fault= or expires= is needed",
		"certificate servers=1 fault=expired expires=72h": "either fault= or expires= is needed",
		"certificate servers=1 expires=-1h":               "expires=",
		"unit-fails servers=1":                            "unit= is missing",
		"recording-fails servers=1 stage=ended":           `stage=: "ended" must be recorded, raw, queued, sanity, processing or published`,
		"stats-stop servers=1 how=slow":                   `how=: "slow" must be silent, stale, cached or cached-with-date`,
		"clock servers=1":                                 "offset= is missing",
		"dns servers=1 to=99":                             `to=: "99" must be the number of a server from 1 to`,
		"people add=0":                                    "add=",
		"people add=500 meetings=20 for=1h":               "for=",
		"people add=90000 meetings=2":                     "45000 participants",
	} {
		if _, _, err := Read("bad.txt", []byte("+1h "+line), testOptions()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
}
