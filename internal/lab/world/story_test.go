package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// ten is when all stories begin.
var ten = time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)

// story is a world with short methods for tests.
type story struct {
	*testing.T
	*World
}

// newStory starts a story at ten o'clock. Of its servers, the first ones run.
func newStory(t *testing.T, servers, running int, wanted []demand.Meeting, change ...func(*Config)) story {
	t.Helper()
	config := Config{
		Start:    ten,
		Seed:     1,
		Servers:  pool.Servers(servers, 0, "bbb-w{n}", "bbb-w{n}.example.com"),
		Running:  running,
		Meetings: wanted,
		Tags:     []string{"divims-pool"},
	}
	for _, c := range change {
		c(&config)
	}
	w, err := New(config)
	if err != nil {
		t.Fatalf("new world: %v", err)
	}
	return story{t, w}
}

// at advances the world to a time after ten.
func (s story) at(after time.Duration) { s.AdvanceTo(ten.Add(after)) }

// must fails the test if err is not nil.
func (s story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// entry returns the entry of the nth server, counted from 1.
func (s story) entry(n int) pool.Entry { return s.Entries()[n-1] }

func (s story) domain(n int) string { return s.config.Servers[n-1].Domain }

func (s story) set(n int, state pool.EntryState) {
	s.Helper()
	s.must(s.SetState(s.entry(n).ID, state))
}

// meetingsOn returns the number of meetings on the nth server.
func (s story) meetingsOn(n int) int {
	s.Helper()
	meetings, err := s.Meetings(s.domain(n))
	s.must(err)
	return len(meetings)
}

// create creates a machine for the nth server.
func (s story) create(n int, kind string) pool.Machine {
	s.Helper()
	m, err := s.CreateMachine(Order{
		Name:       s.config.Servers[n-1].Hostname,
		Zone:       "fr-par-1",
		Type:       kind,
		ImageID:    s.Images()[0].ID,
		Tags:       []string{"divims-pool"},
		AddressIDs: []string{s.Addresses()[n-1].ID},
	})
	s.must(err)
	return m
}

// expect reports an error, with the time of the story, if got is not want.
func expect[T comparable](s story, what string, got, want T) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %s = %v, want %v", s.Now().Format(time.TimeOnly), what, got, want)
	}
}

// meetings returns identical meetings that begin at start after ten. Everybody joins at
// the start and leaves at the end.
func meetings(count int, start, duration time.Duration, participants int) []demand.Meeting {
	list := make([]demand.Meeting, count)
	for i := range list {
		list[i] = demand.Meeting{Start: ten.Add(start), Duration: duration, Participants: participants}
	}
	return list
}

func recordedMeetings(count int, start, duration time.Duration, participants int) []demand.Meeting {
	list := meetings(count, start, duration, participants)
	for i := range list {
		list[i].Recorded = true
	}
	return list
}

func join(lists ...[]demand.Meeting) []demand.Meeting {
	var all []demand.Meeting
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func TestFreshServerGetsAllNewMeetingsUntilThePoll(t *testing.T) {
	const s, m = time.Second, time.Minute
	story := newStory(t, 2, 2, join(
		meetings(4, 10*s, time.Hour, 20),      // before the second server is enabled
		meetings(1, m+40*s, time.Hour, 1),     // enabled, but still without a load
		meetings(10, 2*m+10*s, time.Hour, 2),  // the rush at the full hour, in one poll interval
		meetings(1, 3*m+10*s, time.Hour, 150), // after the next poll
	))
	story.set(2, pool.Disabled)
	story.at(m + 30*s)
	expect(story, "meetings on 1", story.meetingsOn(1), 4)
	story.set(2, pool.Enabled)
	expect(story, "load of 2 known before the poll", story.entry(2).Load.Known(), false)

	story.at(m + 59*s)
	expect(story, "meetings on 1 while 2 has no load", story.meetingsOn(1), 5)

	// Server 1: 4 × (20 + 1 for the moderator) = 84, and 15 for the young meeting.
	story.at(2 * m)
	expect(story, "load of 1", known(story, story.entry(1).Load), 99)
	expect(story, "load of 2", known(story, story.entry(2).Load), 0)

	// Each of the ten meetings adds only 1 for its creation and 2 for the joins.
	story.at(2*m + 59*s)
	expect(story, "meetings on 2 after the rush", story.meetingsOn(2), 10)
	expect(story, "load of 2 before the poll", known(story, story.entry(2).Load), 30)

	// The poll counts 15 for each young meeting, but only after all ten were placed.
	story.at(3 * m)
	expect(story, "load of 2 after the poll", known(story, story.entry(2).Load), 150)
	story.at(3*m + 59*s)
	expect(story, "meetings on 1 in the end", story.meetingsOn(1), 6)
}

func TestFreshServerTakesMeetingsOnlyUntilItHasCaughtUp(t *testing.T) {
	wanted := join(
		meetings(1, time.Second, time.Hour, 20),
		meetings(1, 2*time.Second, time.Hour, 5),
	)
	for i := range time.Duration(10) {
		wanted = append(wanted, meetings(1, 2*time.Minute+(1+5*i)*time.Second, time.Hour, 5)...)
	}
	story := newStory(t, 2, 2, wanted)
	story.set(2, pool.Disabled)
	story.at(time.Minute + time.Second)
	story.set(2, pool.Enabled)
	story.at(2 * time.Minute)
	// 20 + 1 for the moderator, and 15 for the young meeting with 5 people.
	expect(story, "load of 1", known(story, story.entry(1).Load), 36)
	expect(story, "load of 2", known(story, story.entry(2).Load), 0)
	story.at(3*time.Minute - time.Second)
	// Each of the ten meetings adds 6. The first six go to server 2, until its load is
	// 36, too. The servers take turns with the rest.
	expect(story, "meetings on 2", story.meetingsOn(2), 6+2)
	expect(story, "load of 1", known(story, story.entry(1).Load), 36+2*6)
	expect(story, "load of 2", known(story, story.entry(2).Load), 8*6)
}

// known returns a load, which must be known.
func known(s story, load pool.Reading[float64]) float64 {
	s.Helper()
	value, ok := load.Get()
	if !ok {
		s.Errorf("%s: load is unknown", s.Now().Format(time.TimeOnly))
	}
	return value
}

func TestLoadOfYoungAndOldMeetings(t *testing.T) {
	story := newStory(t, 1, 1, []demand.Meeting{{Start: ten.Add(time.Second), Duration: 40 * time.Minute, Participants: 2}})
	story.at(15 * time.Minute)
	expect(story, "load at 14:59 of age", known(story, story.entry(1).Load), 15)
	story.at(16*time.Minute + 10*time.Second)
	expect(story, "load of two people, one of them moderator, later", known(story, story.entry(1).Load), 3)
	story.at(41 * time.Minute) // they left at 40:01; BBB still lists the meeting
	expect(story, "meetings in the last minute", story.meetingsOn(1), 1)
	expect(story, "load of an old empty meeting", known(story, story.entry(1).Load), 0)
	story.at(41*time.Minute + time.Second)
	expect(story, "meetings a minute after the last user left", story.meetingsOn(1), 0)
}

func TestUnjoinedMeetingEndsAfterFiveMinutes(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 0, time.Hour, 0))
	story.at(5*time.Minute - time.Second)
	expect(story, "meetings before", story.meetingsOn(1), 1)
	expect(story, "load", known(story, story.entry(1).Load), 15)
	story.at(5 * time.Minute)
	expect(story, "meetings after", story.meetingsOn(1), 0)
}

func TestParticipantsJoinAndLeaveEvenly(t *testing.T) {
	story := newStory(t, 1, 1, []demand.Meeting{{
		Start: ten, Duration: 60 * time.Minute, Participants: 10, Join: 10 * time.Minute, Leave: 5 * time.Minute,
	}})
	for after, want := range map[time.Duration]int{
		0: 1, 59 * time.Second: 1, time.Minute: 2, 9 * time.Minute: 10, 55 * time.Minute: 10,
		55*time.Minute + 30*time.Second: 9, 59 * time.Minute: 2, 60 * time.Minute: 0,
	} {
		again := newStory(t, 1, 1, story.config.Meetings)
		again.at(after)
		list, err := again.Meetings(again.domain(1))
		again.must(err)
		expect(again, "participants", list[0].Participants, want)
	}
}

func TestServerIsOfflineAfterTwoFailedPolls(t *testing.T) {
	story := newStory(t, 1, 1, join(
		meetings(1, time.Second, time.Hour, 5),
		meetings(1, 4*time.Minute, time.Hour, 5), // finds no server until 10:08
	))
	story.at(30 * time.Second)
	fix := story.Break(1, BBBStopped{Fails})
	story.at(time.Minute)
	expect(story, "online after one bad poll", story.entry(1).Online, true)
	story.at(2 * time.Minute)
	expect(story, "online after two", story.entry(1).Online, false)
	expect(story, "state", story.entry(1).State, pool.Enabled)
	expect(story, "load known", story.entry(1).Load.Known(), false)

	story.at(7*time.Minute + 30*time.Second)
	fix()
	story.at(8 * time.Minute)
	expect(story, "online after one good poll", story.entry(1).Online, true)
	story.at(9 * time.Minute)
	expect(story, "meetings, the late one included", story.meetingsOn(1), 2)
	expect(story, "refused meetings", story.Tally().RefusedMeetings, 0)
	expect(story, "interrupted meetings", story.Tally().InterruptedMeetings, 0)

	// Scalelite has dropped the first meeting, so a panic ends only the other one.
	story.must(story.Panic(story.entry(1).ID))
	story.at(10 * time.Minute)
	expect(story, "meetings after panic", story.meetingsOn(1), 1)
	expect(story, "state after panic", story.entry(1).State, pool.Disabled)
	expect(story, "interrupted by panic", story.Tally().InterruptedMeetings, 1)
}

func TestPanicStopsIfServerDoesNotAnswer(t *testing.T) {
	story := newStory(t, 1, 1, meetings(2, 0, time.Hour, 5))
	story.at(time.Second)
	story.Break(1, BBBStopped{Fails})
	for range 2 { // each call drops one meeting
		if err := story.Panic(story.entry(1).ID); !errors.Is(err, ErrUnreachable) {
			t.Fatalf("panic = %v, want unreachable", err)
		}
		expect(story, "state", story.entry(1).State, pool.Enabled)
	}
	story.must(story.Panic(story.entry(1).ID))
	expect(story, "state", story.entry(1).State, pool.Disabled)
}

func TestIdleCordonedServerBecomesDisabled(t *testing.T) {
	story := newStory(t, 2, 2, meetings(1, time.Second, time.Hour, 20))
	story.at(time.Minute + 30*time.Second)
	busy, idle := 1, 2
	if story.meetingsOn(1) == 0 {
		busy, idle = 2, 1
	}
	story.set(busy, pool.Cordoned)
	story.set(idle, pool.Cordoned)
	story.at(2 * time.Minute)
	expect(story, "state of the idle one", story.entry(idle).State, pool.Disabled)
	expect(story, "its load known", story.entry(idle).Load.Known(), false)
	expect(story, "state of the busy one", story.entry(busy).State, pool.Cordoned)

	story.set(busy, pool.Enabled)
	expect(story, "load kept", known(story, story.entry(busy).Load), 21)
	expect(story, "disabled one still polled", story.entry(idle).Online, true)
}

func TestMeetingIsRefusedAfterFiveMinutesWithoutServer(t *testing.T) {
	story := newStory(t, 1, 0, meetings(3, 0, time.Hour, 5))
	story.at(5*time.Minute - time.Second)
	expect(story, "refused before", story.Tally().RefusedMeetings, 0)
	story.at(time.Hour)
	expect(story, "refused", story.Tally().RefusedMeetings, 3)
	expect(story, "participant minutes", story.Tally().ParticipantMinutes, 0)
}

func TestWaitingMeetingStartsOnceAServerIsEnabled(t *testing.T) {
	story := newStory(t, 1, 1, []demand.Meeting{
		{Start: ten.Add(time.Minute), Duration: time.Hour, Participants: 10, Join: 5 * time.Minute},
	})
	story.set(1, pool.Disabled)
	story.at(3*time.Minute + 30*time.Second)
	story.set(1, pool.Enabled)
	story.at(4 * time.Minute)
	list, err := story.Meetings(story.domain(1))
	story.must(err)
	expect(story, "participants who came in the meantime", list[0].Participants, 7)
	expect(story, "created", list[0].Created, ten.Add(4*time.Minute))
	expect(story, "refused", story.Tally().RefusedMeetings, 0)
}

func TestOverloadCountsEverybodyOnOverloadedServers(t *testing.T) {
	// 8 people from 10:00 to 10:30, 8 more from 10:10:30 to 10:20:30.
	wanted := join(meetings(1, 0, 30*time.Minute, 8), meetings(1, 10*time.Minute+30*time.Second, 10*time.Minute, 8))
	tests := []struct {
		name                   string
		participants, meetings int
		overloaded             int
	}{
		{"within both limits", 16, 2, 0},
		{"too many participants for ten minutes", 15, 2, 160},
		// BBB lists the second meeting for a minute after its end, while 8 people are in
		// the first.
		{"too many meetings for eleven minutes", 16, 1, 168},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var rows []Minute
			story := newStory(t, 1, 1, wanted, func(c *Config) {
				c.ServerParticipants, c.ServerMeetings = test.participants, test.meetings
				c.EachMinute = func(row Minute) { rows = append(rows, row) }
			})
			story.at(time.Hour)
			tally := story.Tally()
			expect(story, "overloaded participant minutes", tally.OverloadedParticipantMinutes, test.overloaded)
			// 10:01 to 10:29 with 8, ten of these minutes with 8 more.
			expect(story, "participant minutes", tally.ParticipantMinutes, 29*8+10*8)
			expect(story, "peak", tally.PeakParticipants, 16)
			expect(story, "rows", len(rows), 60)
			want := Minute{Time: ten.Add(time.Minute), Participants: 8, Meetings: 1, Running: 1, Enabled: 1, Machines: 1, Up: 1, Serving: 1, Served: 8}
			expect(story, "first row", rows[0], want)
		})
	}
}

func TestRecordingsAreProcessedOneAtATime(t *testing.T) {
	story := newStory(t, 1, 1, recordedMeetings(2, 0, 59*time.Minute, 5), func(c *Config) {
		c.RecordingWork, c.Shipped = 1, true
	})
	// BBB ends both at 11:00, a minute after the last person left. Each is an hour of work.
	backlog := func(after time.Duration) map[string]int {
		t.Helper()
		story.at(after)
		stats, err := story.Stats(story.domain(1))
		story.must(err)
		counts, ok := stats.Backlog.Get()
		if !ok || len(counts) != len(pool.BacklogStages) {
			t.Fatalf("backlog = %v, want all stages", counts)
		}
		return counts
	}
	listed := func() []pool.Recording {
		t.Helper()
		list, err := story.Recordings(story.domain(1))
		story.must(err)
		return list
	}
	for stage, count := range backlog(time.Hour - time.Second) {
		expect(story, "before the end: backlog in "+stage, count, 0)
	}
	expect(story, "recorded", backlog(time.Hour)["recorded"], 1)
	expect(story, "being archived", backlog(time.Hour)["raw"], 1)
	expect(story, "jobs", backlog(time.Hour)["queued"], 1)
	expect(story, "listed before processing", len(listed()), 0)
	expect(story, "processing", backlog(time.Hour + 30*time.Minute)["sanity"], 1)
	expect(story, "still waiting", backlog(time.Hour + 30*time.Minute)["recorded"], 1)
	expect(story, "listed", listed()[0].State, pool.Processing)
	expect(story, "processed", backlog(time.Hour + 58*time.Minute)["processed"], 1)
	expect(story, "count a minute old", backlog(2*time.Hour - time.Second)["processed"], 1)
	expect(story, "listed", listed()[0].State, pool.Published)
	expect(story, "second waits until the first is shipped", backlog(2*time.Hour - time.Second)["recorded"], 1)
	expect(story, "published when the first is shipped", backlog(2 * time.Hour)["published"], 0)
	expect(story, "second's turn", backlog(2*time.Hour + 30*time.Minute)["sanity"], 1)
	for stage, count := range backlog(3 * time.Hour) {
		expect(story, "after two hours of work: backlog in "+stage, count, 0)
	}
	expect(story, "listed in the end", len(listed()), 0)
}

func TestUnshippedRecordingsStayPublished(t *testing.T) {
	story := newStory(t, 1, 1, recordedMeetings(1, 0, 59*time.Minute, 5), func(c *Config) { c.RecordingWork = 0.5 })
	story.at(90*time.Minute + time.Second)
	list, err := story.Recordings(story.domain(1))
	story.must(err)
	expect(story, "recordings", len(list), 1)
	expect(story, "state", list[0].State, pool.Published)
	story.must(story.Terminate(story.Machines()[0].ID))
	expect(story, "lost", story.Tally().LostRecordings, 0)
}

func TestDeletingABusyMachineDoesHarm(t *testing.T) {
	story := newStory(t, 1, 1, join(
		recordedMeetings(1, 0, 29*time.Minute, 5),                // ends at 10:30, its recording is finished at 11:00
		recordedMeetings(1, 10*time.Minute, time.Hour, 30),       // interrupted, its recording is lost
		meetings(1, 20*time.Minute, time.Hour, 4),                // interrupted
		meetings(1, 20*time.Minute, 19*time.Minute, 4),           // empty at 10:39:30
		meetings(1, 39*time.Minute+45*time.Second, time.Hour, 4), // finds no server
	), func(c *Config) { c.RecordingWork = 1 })
	story.at(35 * time.Minute)
	story.set(1, pool.Cordoned)
	story.at(39*time.Minute + 30*time.Second)
	story.must(story.Terminate(story.Machines()[0].ID))
	story.at(time.Hour)
	tally := story.Tally()
	expect(story, "interrupted", tally.InterruptedMeetings, 2)
	expect(story, "lost", tally.LostRecordings, 2)
	expect(story, "refused", tally.RefusedMeetings, 1)
	expect(story, "deleted", tally.MachinesDeleted, 1)
	expect(story, "drains", len(tally.DrainTimes), 1)
	expect(story, "drain time", tally.DrainTimes[0], 4*time.Minute+30*time.Second)
	expect(story, "machines", len(story.Machines()), 0)
}

func TestRebootedMachineContinuesItsRecordings(t *testing.T) {
	story := newStory(t, 1, 1, join(
		recordedMeetings(1, 0, 29*time.Minute, 5),
		meetings(1, 31*time.Minute, time.Hour, 3),
	), func(c *Config) { c.RecordingWork, c.Shipped = 1, true })
	story.at(45 * time.Minute)
	story.must(story.Reboot(story.Machines()[0].ID))
	expect(story, "state", story.Machines()[0].State, pool.Stopping)
	expect(story, "interrupted", story.Tally().InterruptedMeetings, 1)
	story.at(55 * time.Minute)
	list, err := story.Recordings(story.domain(1))
	story.must(err)
	expect(story, "recordings", len(list), 1)
	story.at(2 * time.Hour)
	list, err = story.Recordings(story.domain(1))
	story.must(err)
	expect(story, "recordings in the end", len(list), 0)
	expect(story, "lost", story.Tally().LostRecordings, 0)
}

func TestEndMeetingTakesSecondsAndInterrupts(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 0, time.Hour, 3))
	story.at(time.Minute)
	list, err := story.Meetings(story.domain(1))
	story.must(err)
	story.must(story.EndMeeting(story.domain(1), list[0].ID))
	expect(story, "meetings at once", story.meetingsOn(1), 1)
	story.at(time.Minute + maxEnding)
	expect(story, "meetings later", story.meetingsOn(1), 0)
	expect(story, "interrupted", story.Tally().InterruptedMeetings, 1)
	if err := story.EndMeeting(story.domain(1), list[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("end a meeting that is over = %v, want not found", err)
	}
}
