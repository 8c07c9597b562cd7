package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/pool"
)

// breakServer gives the machine of a server a fault.
func (s story) breakServer(n int, fault Fault) (fix func()) {
	s.Helper()
	if fix = s.Break(n, fault); fix == nil {
		s.Fatalf("server %d has no machine", n)
	}
	return fix
}

// people returns how many people are on the nth server.
func (s story) people(n int) int { return s.servers[n-1].machine().participants }

func (s story) contactOf(n int) Contact {
	s.Helper()
	contact, err := s.Contact(s.domain(n))
	s.must(err)
	return contact
}

func TestDeadMachineLosesItsPeople(t *testing.T) {
	story := newStory(t, 2, 2, recordedMeetings(2, 0, time.Hour, 30), func(c *Config) { c.RecordingWork = 1 })
	story.at(10 * time.Minute)
	revive := story.breakServer(1, Dead{})
	expect(story, "people", story.people(1), 0)
	expect(story, "people elsewhere", story.people(2), 30)
	expect(story, "contact", story.contactOf(1), Drops)
	expect(story, "interrupted by the death", story.Tally().Interruptions[MachineDeath], Interruption{1, 30})
	expect(story, "interrupted by us", story.Tally().InterruptedMeetings, 0)
	if _, err := story.Stats(story.domain(1)); !errors.Is(err, ErrUnreachable) {
		t.Errorf("the stats of a dead machine: %v", err)
	}
	expect(story, "state", story.Machines()[0].State, pool.Running)
	story.at(13 * time.Minute)
	expect(story, "online", story.entry(1).Online, false)
	story.at(30 * time.Minute)
	expect(story, "recordings with work left", len(story.machines[0].backlog), 1)

	revive()
	expect(story, "contact after its end", story.contactOf(1), Answers)
	expect(story, "people after its end", story.people(1), 0)
	story.at(42 * time.Minute)
	expect(story, "online after its end", story.entry(1).Online, true)
	expect(story, "recordings with work left in the end", len(story.machines[0].backlog), 0)
}

// TestRebootEndsFaults checks which faults a reboot ends, and that a new machine has none.
func TestRebootEndsFaults(t *testing.T) {
	faults := []Fault{
		Dead{}, BBBStopped{Hangs}, UnitDown{"bbb-web.service"}, StatsStopped{StatsSilent},
		CutOff{Us}, ClockOff{time.Hour},
	}
	story := newStory(t, 1, 1, nil)
	var fixes []func()
	for _, fault := range faults {
		fixes = append(fixes, story.breakServer(1, fault))
	}
	m := story.machines[0]
	story.must(story.Reboot(m.ID))
	story.at(10 * time.Minute)
	expect(story, "faults left", len(m.faults.items), 2)
	expect(story, "cut off", m.isCutOff(Us), true)
	expect(story, "clock", m.clock(), time.Hour)

	story.must(story.Terminate(m.ID))
	story.at(12 * time.Minute)
	if fix := story.Break(1, Dead{}); fix != nil {
		t.Error("a machine that is gone has a fault")
	}
	fresh := story.create(1, "GP1-S")
	story.must(story.PowerOn(fresh.ID))
	story.at(25 * time.Minute)
	expect(story, "contact with the new machine", story.contactOf(1), Answers)
	for _, fix := range fixes {
		fix()
	}
	expect(story, "faults of the old machine", len(m.faults.items), 0)
}

// TestFaultsOverlap has faults of one machine that hold each until its own end.
func TestFaultsOverlap(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	fixHang := story.breakServer(1, BBBStopped{Hangs})
	fixError := story.breakServer(1, BBBStopped{Fails})
	expect(story, "both", story.contactOf(1), Hangs)
	fixFirst := story.breakServer(1, Dead{})
	fixSecond := story.breakServer(1, Dead{})
	fixFirst()
	expect(story, "one death over", story.contactOf(1), Drops)
	fixFirst()
	expect(story, "an end again", story.contactOf(1), Drops)
	fixSecond()
	expect(story, "no death", story.contactOf(1), Hangs)
	fixHang()
	expect(story, "the error left", story.contactOf(1), Fails)
	fixError()
	expect(story, "none left", story.contactOf(1), Answers)
}

// TestBBBStops has a BBB that hangs: people stay, and Scalelite's poller sees it offline.
func TestBBBStops(t *testing.T) {
	for name, contact := range map[string]Contact{"hang": Hangs, "refuse": Refuses, "502": Fails, "checksum": Denies} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 1, meetings(1, 0, time.Hour, 30))
			story.at(10*time.Minute + time.Second)
			fix := story.breakServer(1, BBBStopped{contact})
			expect(story, "contact", story.contactOf(1), contact)
			_, err := story.Meetings(story.domain(1))
			expect(story, "unreachable", errors.Is(err, ErrUnreachable), true)
			stats, err := story.Stats(story.domain(1))
			story.must(err)
			probe, _ := stats.Probe.Get()
			expect(story, "probe", probe.OK, false)
			story.at(13 * time.Minute)
			expect(story, "online", story.entry(1).Online, false)
			expect(story, "people", story.people(1), 30)
			fix()
			story.at(15 * time.Minute)
			expect(story, "online again", story.entry(1).Online, true)
			expect(story, "meetings", story.meetingsOn(1), 1)
			expect(story, "interrupted", story.Tally().Interruptions, [causes]Interruption{})
		})
	}
}

func TestCutFromOneParty(t *testing.T) {
	story := newStory(t, 2, 2, meetings(2, 0, time.Hour, 30))
	story.at(10*time.Minute + time.Second)
	story.breakServer(1, CutOff{Us})
	story.breakServer(2, CutOff{Scalelite})
	story.at(15 * time.Minute)
	expect(story, "contact of the one cut off from us", story.contactOf(1), Drops)
	expect(story, "its entry online", story.entry(1).Online, true)
	expect(story, "contact of the one cut off from Scalelite", story.contactOf(2), Answers)
	expect(story, "its entry online", story.entry(2).Online, false)
	stats, err := story.Stats(story.domain(2))
	story.must(err)
	probe, _ := stats.Probe.Get()
	expect(story, "the probe on the server itself", probe.OK, true)
	expect(story, "people", story.people(1)+story.people(2), 60)
}

// TestLostNetwork cuts a machine off from both sides, in two steps, at 10:10 and 10:11.
// Its 30 people leave within a minute, and BBB ends the meeting at 10:13.
func TestLostNetwork(t *testing.T) {
	const m = time.Minute
	story := newStory(t, 1, 1, meetings(1, 0, time.Hour, 30))
	story.at(10 * m)
	story.breakServer(1, CutOff{Us})
	story.at(11 * m)
	fix := story.breakServer(1, CutOff{Scalelite})
	expect(story, "people at first", story.people(1), 30)
	story.at(11*m + 30*time.Second)
	expect(story, "people after half a minute", story.people(1), 15)
	story.at(12 * m)
	expect(story, "people after a minute", story.people(1), 0)
	story.at(13*m - time.Second)
	expect(story, "meetings before their end", len(story.machines[0].meetings), 1)
	fix() // too late
	story.at(13 * m)
	expect(story, "meetings", len(story.machines[0].meetings), 0)
	expect(story, "interrupted", story.Tally().Interruptions, [causes]Interruption{})
}

// TestNetworkComesBack gives the machine its network back after half a minute. Those who
// have not left stay, and those who come later join. Who is rebooted away before is not
// DiViMS's.
func TestNetworkComesBack(t *testing.T) {
	wanted := meetings(1, 0, time.Hour, 60)
	wanted[0].Join = 20 * time.Minute // three people a minute
	story := newStory(t, 1, 1, wanted)
	story.at(10*time.Minute - time.Second)
	fixUs, fixScalelite := story.breakServer(1, CutOff{Us}), story.breakServer(1, CutOff{Scalelite})
	story.at(10*time.Minute + 29*time.Second)
	expect(story, "half of 30 have left", story.people(1), 15)
	fixUs()
	story.at(10*time.Minute + 59*time.Second)
	expect(story, "those who came meanwhile and a minute before", story.people(1), 15+3)
	story.at(30 * time.Minute)
	expect(story, "all but those who left", story.people(1), 45)
	story.breakServer(1, CutOff{Us})
	story.must(story.Reboot(story.machines[0].ID))
	expect(story, "interrupted by the lost network", story.Tally().Interruptions[MachineDeath], Interruption{1, 45})
	expect(story, "interrupted by us", story.Tally().InterruptedMeetings, 0)
	fixScalelite()
}

// TestClockOff has a meeting from before the clock went wrong and one from after. The
// server stamps the second with its own time, so Scalelite does not see that it is young.
func TestClockOff(t *testing.T) {
	story := newStory(t, 1, 1, join(meetings(1, 0, 2*time.Hour, 1), meetings(1, 30*time.Minute, 2*time.Hour, 1)))
	story.at(20 * time.Minute)
	fix := story.breakServer(1, ClockOff{-11 * time.Hour})
	story.at(31 * time.Minute)
	list, err := story.Meetings(story.domain(1))
	story.must(err)
	expect(story, "creation before", list[0].Created, ten)
	expect(story, "creation after", list[1].Created, ten.Add(30*time.Minute-11*time.Hour))
	expect(story, "load: each person, and a moderator", known(story, story.entry(1).Load), 4)
	expect(story, "the server's clock", story.ServerClock(story.domain(1)), story.Now().Add(-11*time.Hour))
	page, err := story.StatsPage(story.domain(1))
	story.must(err)
	uptime, _ := page.Uptime.Get()
	probe, _ := page.Probe.Get()
	expect(story, "time on the page", page.Time, story.Now().Add(-11*time.Hour))
	expect(story, "uptime", uptime, 31*time.Minute)
	expect(story, "time of the probe", probe.At, page.Time.Add(-probeAge))
	fix()
	expect(story, "the server's clock in the end", story.ServerClock(story.domain(1)), story.Now())
}

func TestUnitFails(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	fix := story.breakServer(1, UnitDown{"bbb-web.service"})
	story.breakServer(1, UnitDown{"etherpad.service"})
	story.breakServer(1, UnitDown{"etherpad.service"})
	stats, err := story.Stats(story.domain(1))
	story.must(err)
	down, _ := stats.UnitsDown.Get()
	probe, _ := stats.Probe.Get()
	expect(story, "units down", len(down), 2)
	expect(story, "probe", probe.OK, false)
	expect(story, "contact", story.contactOf(1), Answers)
	fix()
	stats, _ = story.Stats(story.domain(1))
	probe, _ = stats.Probe.Get()
	expect(story, "probe while a unit is down that it leaves out", probe.OK, true)
}
