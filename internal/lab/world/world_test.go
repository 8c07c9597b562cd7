package world

import (
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// eventfulDay runs a day on which machines are created and servers enabled, and returns
// its timeline, machines, entries and tally.
func eventfulDay(t *testing.T, seed uint64) ([]Minute, []pool.Machine, []pool.Entry, Tally) {
	t.Helper()
	from := time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC)
	wanted, err := demand.Generate(demand.School, from, from.AddDate(0, 0, 1), 7, 500)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Minute
	w, err := New(Config{
		Start:         from,
		Seed:          seed,
		Servers:       pool.Servers(5, 0, "bbb-w{n}", "bbb-w{n}.example.com"),
		Running:       2,
		Meetings:      wanted,
		RecordingWork: 1,
		EachMinute:    func(row Minute) { rows = append(rows, row) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for hour := 6; hour < 9; hour++ {
		w.AdvanceTo(from.Add(time.Duration(hour) * time.Hour))
		m, err := w.CreateMachine(Order{
			Name: "bbb", Zone: w.Zones()[0], Type: w.Types()[0].Name, ImageID: w.Images()[0].ID,
			AddressIDs: []string{w.Addresses()[hour-4].ID},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.PowerOn(m.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.SetState(w.Entries()[hour-4].ID, pool.Enabled); err != nil {
			t.Fatal(err)
		}
	}
	w.AdvanceTo(from.AddDate(0, 0, 1))
	return rows, w.Machines(), w.Entries(), w.Tally()
}

func TestSameConfigGivesSameWorld(t *testing.T) {
	rows, machines, entries, tally := eventfulDay(t, 1)
	again, machinesAgain, entriesAgain, tallyAgain := eventfulDay(t, 1)
	if !slices.Equal(rows, again) {
		t.Error("timelines differ")
	}
	for i := range machines {
		if machines[i].ID != machinesAgain[i].ID || machines[i].Since != machinesAgain[i].Since {
			t.Errorf("machine %d differs", i)
		}
	}
	for i := range entries {
		if entries[i].ID != entriesAgain[i].ID {
			t.Errorf("entry %d differs", i)
		}
	}
	if tally.ParticipantMinutes != tallyAgain.ParticipantMinutes || tally.ParticipantMinutes == 0 {
		t.Errorf("participant minutes %d and %d", tally.ParticipantMinutes, tallyAgain.ParticipantMinutes)
	}
	_, others, _, _ := eventfulDay(t, 2)
	if others[0].ID == machines[0].ID || others[2].Since.Equal(machines[2].Since) {
		t.Error("another seed gives the same machines")
	}
}

func TestStepSizeDoesNotMatter(t *testing.T) {
	wanted, err := demand.Generate(demand.University, ten, ten.AddDate(0, 0, 1), 3, 300)
	if err != nil {
		t.Fatal(err)
	}
	run := func(step time.Duration) Tally {
		story := newStory(t, 3, 3, wanted, func(c *Config) { c.RecordingWork = 1 })
		for after := step; after <= 24*time.Hour; after += step {
			story.at(after)
		}
		story.at(24 * time.Hour)
		return story.Tally()
	}
	inSteps, atOnce := run(17*time.Second), run(24*time.Hour)
	if inSteps.ParticipantMinutes != atOnce.ParticipantMinutes || atOnce.ParticipantMinutes == 0 ||
		inSteps.OverloadedParticipantMinutes != atOnce.OverloadedParticipantMinutes {
		t.Errorf("in small steps %+v, at once %+v", inSteps, atOnce)
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	story.at(time.Hour)
	story.at(time.Minute)
	expect(story, "now", story.Now(), ten.Add(time.Hour))
}

func TestParticipantMinutesMatchTheDemand(t *testing.T) {
	day := time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC)
	wanted, err := demand.Generate(demand.Company, day, day.AddDate(0, 0, 1), 5, 400)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(Config{Start: day.Add(-time.Hour), Servers: pool.Servers(4, 0, "w{n}", "w{n}.example.com"), Running: 4, Meetings: wanted})
	if err != nil {
		t.Fatal(err)
	}
	w.AdvanceTo(day.AddDate(0, 0, 1))
	want := 0.
	for _, m := range wanted {
		want += float64(m.Participants) * (m.Duration - m.Join/2 - m.Leave/2).Minutes()
	}
	if got := float64(w.Tally().ParticipantMinutes); got < 0.99*want || got > 1.01*want {
		t.Errorf("%g participant minutes, want about %g", got, want)
	}
	for _, m := range w.machines {
		if m.participants != 0 || len(m.meetings) != 0 {
			t.Errorf("%d people in %d meetings are left at midnight", m.participants, len(m.meetings))
		}
	}
}

func TestStatsFollowTheMeetings(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 0, 2*time.Hour, 100))
	read := func(after time.Duration) pool.Stats {
		t.Helper()
		story.at(after)
		stats, err := story.Stats(story.domain(1))
		story.must(err)
		return stats
	}
	load := func(stats pool.Stats) float64 { value, _ := stats.Load5.Get(); return value }
	sent := func(stats pool.Stats) float64 { value, _ := stats.Network.Get(); return value.Sent }
	uptime := func(stats pool.Stats) time.Duration { value, _ := stats.Uptime.Get(); return value }
	busy := read(time.Hour)
	expect(story, "uptime", uptime(busy), time.Hour)
	expect(story, "bytes sent to 100 people in an hour", sent(busy), 60*100*sentPerParticipant)
	expect(story, "load is that of 100 people", load(busy) > 3.1 && load(busy) < 3.3, true)
	idle := read(4 * time.Hour)
	expect(story, "load fades", load(idle) < 0.3, true)

	story.Break(1, BBBStopped{Fails})
	probe, _ := read(4 * time.Hour).Probe.Get()
	expect(story, "probe while BBB does not answer", probe.OK, false)
}

func TestDuplicateAndUnknownEntries(t *testing.T) {
	story := newStory(t, 1, 1, meetings(2, 3*time.Minute, time.Hour, 5))
	double, err := story.Register("https://bbb-w1.example.com/bigbluebutton/api", story.config.Secret)
	story.must(err)
	stranger, err := story.Register("https://elsewhere.example.org/bigbluebutton/api", pool.NewSecret("s"))
	story.must(err)
	expect(story, "state of a new entry", double.State, pool.Disabled)
	expect(story, "online before the poll", double.Online, false)
	story.must(story.SetState(double.ID, pool.Enabled))
	story.must(story.SetState(stranger.ID, pool.Enabled))
	story.at(2 * time.Minute)
	expect(story, "double online", story.entry(2).Online, true)
	expect(story, "stranger online", story.entry(3).Online, false)
	story.must(story.Remove(story.entry(1).ID))
	story.must(story.Remove(stranger.ID))
	story.at(4 * time.Minute)
	expect(story, "entries", len(story.Entries()), 1)
	expect(story, "meetings through the double", story.meetingsOn(1), 2)
}

func TestNewChecksTheConfig(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"no start":                   {func(c *Config) { c.Start = time.Time{} }, "no start"},
		"more running than servers":  {func(c *Config) { c.Running = 3 }, "Running is 3"},
		"BootMin above BootMax":      {func(c *Config) { c.BootMin = time.Hour }, "boot in 1h0m0s to 7m0s"},
		"Poll too short":             {func(c *Config) { c.Poller.Every = time.Millisecond }, "polls every 1ms"},
		"negative recording work":    {func(c *Config) { c.RecordingWork = -1 }, "RecordingWork is -1"},
		"two servers of one domain":  {func(c *Config) { c.Servers[1].Domain = c.Servers[0].Domain }, "two servers"},
		"running without an address": {func(c *Config) { c.Running, c.Addresses = 1, []pool.Address{} }, "no address has the tag divims-server-1"},
		"meeting out of bounds":      {func(c *Config) { c.Meetings = meetings(1, 0, time.Hour, 1e6) }, "meeting 1 of the demand: has 1000000 participants"},
		"meetings out of order": {func(c *Config) {
			c.Meetings = join(meetings(1, time.Hour, time.Hour, 2), meetings(1, 0, time.Hour, 2))
		}, "meeting 2 of the demand starts before"},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{Start: ten, Servers: pool.Servers(2, 0, "w{n}", "w{n}.example.com")}
			test.change(&config)
			_, err := New(config)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want one that says %q", err, test.says)
			}
		})
	}
}

func TestMeetingsBeforeTheStartAreSkipped(t *testing.T) {
	story := newStory(t, 1, 1, join(meetings(1, -time.Minute, time.Hour, 5), meetings(1, 0, time.Hour, 5)))
	story.at(time.Minute)
	expect(story, "meetings", story.meetingsOn(1), 1)
}
