package world

import (
	"fmt"
	"testing"
	"time"

	"divims/internal/pool"
)

// endOfPolls returns when the polls of a story have saved all entries.
func endOfPolls(s story, until time.Duration) []time.Duration {
	var ends []time.Duration
	busy := false
	for after := time.Duration(0); after < until; after += 10 * time.Millisecond {
		s.at(after)
		if busy && !s.poller.busy {
			ends = append(ends, after)
		}
		busy = s.poller.busy
	}
	return ends
}

// TestNextPollFollowsTheEndOfTheLast compares a pool that answers with one that has an
// address without a machine, which takes the connect time-out of 1 s.
func TestNextPollFollowsTheEndOfTheLast(t *testing.T) {
	for name, test := range map[string]struct {
		running int
		takes   time.Duration
	}{"all answer": {2, 0}, "one is off": {1, time.Second}} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 2, test.running, nil)
			ends := endOfPolls(story, 4*time.Minute+30*time.Second)
			if len(ends) != 4 {
				t.Fatalf("%d polls ended at %v, want 4", len(ends), ends)
			}
			for i, end := range ends {
				earliest := time.Duration(i+1)*time.Minute - pollLead + time.Duration(i)*test.takes
				if end < earliest || end > earliest+time.Duration(i+1)*(maxAnswer+10*time.Millisecond) {
					t.Errorf("poll %d ends at %v, want little after %v", i+1, end, earliest)
				}
			}
		})
	}
}

// TestPollThatIsKilled polls 40 entries of which the first 35 have no machine, with 4
// threads, as Scalelite's defaults are: 5 s each are too much for 15 s. The last entries
// are never reached, and those in work lose their load if they were online.
func TestPollThatIsKilled(t *testing.T) {
	story := newStory(t, 40, 40, nil, func(c *Config) { c.Poller = Poller{Threads: 5, Connect: 5 * time.Second} })
	for i := range 35 {
		story.must(story.PowerOff(story.Machines()[i].ID))
		story.set(i+1, pool.Disabled)
	}
	story.at(time.Minute + 15*time.Second)
	// In the 15 s from 10:00:59 on, the four threads are done with 8 of them.
	for n := 1; n <= 8; n++ {
		expect(story, fmt.Sprintf("failed polls of %d", n), story.entries[n-1].bad, 1)
	}
	for n := 9; n <= 40; n++ {
		expect(story, fmt.Sprintf("failed polls of %d", n), story.entries[n-1].bad, 0)
	}
	story.set(13, pool.Enabled)
	story.set(14, pool.Cordoned)
	story.at(10 * time.Minute)
	expect(story, "an entry that is not reached is online", story.entry(20).Online, true)
	expect(story, "and without a known load if it is enabled", story.entry(13).Online && !story.entry(13).Load.Known(), true)
	expect(story, "live entries keep their load", story.entry(40).Load.Known(), true)
}

// TestKilledEntryLosesItsLoad gives a thread more to do than one poll takes.
func TestKilledEntryLosesItsLoad(t *testing.T) {
	story := newStory(t, 2, 2, nil, func(c *Config) { c.Poller = Poller{Threads: 2, Connect: 20 * time.Second} })
	story.must(story.PowerOff(story.Machines()[0].ID))
	story.at(time.Minute + 13*time.Second)
	expect(story, "load known before the end", story.entry(1).Load.Known(), true)
	story.at(time.Minute + 14*time.Second)
	expect(story, "online", story.entry(1).Online, true)
	expect(story, "load known", story.entry(1).Load.Known(), false)
	expect(story, "load of the one that was not reached", story.entry(2).Load.Known(), true)
	story.at(time.Hour)
	expect(story, "stays online for ever", story.entry(1).Online, true)
	if _, err := story.AllMeetings(); err == nil {
		t.Error("getMeetings answers, although it asks a server that does not")
	}
	story.set(1, pool.Disabled)
	if _, err := story.AllMeetings(); err != nil {
		t.Errorf("getMeetings without that server: %v", err)
	}
}

// duringAPoll returns a story of one server with a meeting, in the middle of a poll that
// has read the entry and not saved it.
func duringAPoll(t *testing.T, state pool.EntryState, people int) story {
	story := newStory(t, 2, 2, meetings(1, 0, 20*time.Minute, people), func(c *Config) { c.Seed = firstIsFirst })
	story.at(30 * time.Minute)
	story.set(1, state)
	for !story.poller.busy {
		story.AdvanceTo(story.Now().Add(10 * time.Millisecond))
	}
	return story
}

// TestCordonDuringAPollIsHalfUndone lets the poll see a load that has changed since it
// read the entry, because only then it saves the load.
func TestCordonDuringAPollIsHalfUndone(t *testing.T) {
	story := newStory(t, 2, 2, meetings(3, 50*time.Second, time.Hour, 5), func(c *Config) { c.Seed = firstIsFirst })
	story.at(time.Minute - pollLead + 10*time.Millisecond)
	expect(story, "a poll is in progress", story.poller.busy, true)
	story.set(1, pool.Cordoned)
	story.at(time.Minute)
	expect(story, "state", story.entry(1).State, pool.Cordoned)
	expect(story, "new meetings are placed on it all the same", story.entries[0].race.straggling, true)
	story.set(1, pool.Disabled)
	expect(story, "another state repairs it", story.entries[0].race.straggling, false)
}

func TestCordonDuringAPollOfAnUnchangedLoadHolds(t *testing.T) {
	story := duringAPoll(t, pool.Enabled, 5)
	story.set(1, pool.Cordoned)
	story.AdvanceTo(story.Now().Add(time.Second))
	expect(story, "straggling", story.entries[0].race.straggling, false)
}

func TestEnableDuringAPollIsUndone(t *testing.T) {
	story := duringAPoll(t, pool.Cordoned, 0)
	expect(story, "state", story.entry(1).State, pool.Cordoned)
	story.set(1, pool.Enabled)
	story.AdvanceTo(story.Now().Add(time.Second))
	expect(story, "state", story.entry(1).State, pool.Disabled)
	expect(story, "load known", story.entry(1).Load.Known(), false)
}

func TestStoppedPoller(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 2*time.Minute, time.Hour, 20))
	story.at(90 * time.Second)
	resume := story.StopPoller()
	again := story.StopPoller()
	story.at(10 * time.Minute)
	expect(story, "the load counts only creates and joins", known(story, story.entry(1).Load), 21)
	resume()
	story.Break(1, BBBStopped{Fails})
	story.at(20 * time.Minute)
	expect(story, "online while another one stops the poller", story.entry(1).Online, true)
	again()
	story.at(22 * time.Minute)
	expect(story, "online once it polls", story.entry(1).Online, false)
}

func TestChangedPoller(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	story.Break(1, BBBStopped{Fails})
	withdraw, err := story.ChangePoller(func(p *Poller) { p.Every, p.Unhealthy = 15*time.Second, 8 })
	story.must(err)
	story.at(100 * time.Second)
	expect(story, "online after 7 failed polls", story.entry(1).Online, true)
	story.at(2 * time.Minute)
	expect(story, "online after 8", story.entry(1).Online, false)
	withdraw()
	expect(story, "settings", story.pollerSettings(), story.config.Poller)
	if _, err := story.ChangePoller(func(p *Poller) { p.Threads = 1 }); err == nil {
		t.Error("a poller with one thread, which polls no server, is accepted")
	}
}
