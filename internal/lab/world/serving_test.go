package world

import (
	"fmt"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestServing has three servers, of which two run. A server serves from the poll after it
// was enabled until it is cordoned or its BBB stops, whatever Scalelite has noticed.
func TestServing(t *testing.T) {
	story := newStory(t, 3, 2, nil)
	serving := func(what, want string) {
		t.Helper()
		expect(story, what, fmt.Sprint(story.Serving()), want)
	}
	serving("at the start", "[1 2]")
	story.set(1, pool.Cordoned)
	serving("1 cordoned", "[2]")
	story.set(1, pool.Disabled)
	story.set(1, pool.Enabled)
	serving("1 enabled, its load unknown", "[2]")
	story.at(time.Minute)
	serving("1 polled", "[1 2]")
	fix := story.Break(2, BBBStopped{Fails})
	serving("the BBB of 2 silent, before a poll", "[1]")
	fix()
	serving("the BBB of 2 back, before a poll", "[1 2]")
	story.must(story.Terminate(story.Machines()[1].ID))
	serving("the machine of 2 deleted", "[1]")
	story.set(3, pool.Enabled)
	story.at(2 * time.Minute)
	serving("3 enabled without a machine", "[1]")
}

// TestFreePlaces has three servers, of which the first two run.
func TestFreePlaces(t *testing.T) {
	story := newStory(t, 3, 2, nil)
	free := func(what, want string) {
		t.Helper()
		expect(story, what, fmt.Sprint(story.FreePlaces()), want)
	}
	free("at the start, 3 without a machine", "[3]")
	story.set(2, pool.Cordoned)
	free("2 cordoned", "[2 3]")
	story.Break(2, BBBStopped{Fails})
	free("the BBB of 2 silent", "[3]")
	story.set(3, pool.Enabled)
	free("3 enabled without a machine", "[]")
	story.As(Person, func() { story.set(3, pool.Disabled) })
	free("3 disabled by hand", "[]")
	story.set(3, pool.Enabled)
	story.set(3, pool.Disabled)
	free("3 enabled and disabled by DiViMS", "[3]")
	story.must(story.SetTag(story.Entries()[2].ID, "exam"))
	free("3 with a tag", "[]")
	story.must(story.SetTag(story.Entries()[2].ID, ""))
	story.must(story.Remove(story.Entries()[2].ID))
	free("3 without an entry", "[]")
}

// TestOccupied has two servers with a meeting each, of which the second is cordoned. The meeting
// on the first is recorded.
func TestOccupied(t *testing.T) {
	wanted := join(meetings(1, 0, 20*time.Minute, 5), recordedMeetings(1, 0, 20*time.Minute, 5))
	story := newStory(t, 2, 2, wanted, func(c *Config) { c.RecordingWork = 1 })
	occupied := func(what, want string) {
		t.Helper()
		expect(story, what, fmt.Sprint(story.Occupied()), want)
	}
	story.at(10 * time.Minute)
	occupied("both enabled", "[]")
	story.set(2, pool.Cordoned)
	occupied("2 cordoned", "[2]")
	story.at(26 * time.Minute)
	occupied("the meetings are over, and one was recorded", "[1]")
	story.at(5 * time.Hour)
	occupied("the work on the recording is over", "[]")
}
