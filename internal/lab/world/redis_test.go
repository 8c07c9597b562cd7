package world

import (
	"testing"
	"time"

	"divims/internal/pool"
)

func TestEmptyRedis(t *testing.T) {
	story := newStory(t, 2, 2, join(meetings(2, 0, time.Hour, 5), meetings(1, 10*time.Minute, time.Hour, 5)))
	story.at(5 * time.Minute)
	before := story.Entries()
	restore := story.EmptyRedis()
	again := story.EmptyRedis()
	_, err := story.Register(story.config.Servers[0].EntryURL(), story.config.Secret)
	story.must(err)
	story.at(20 * time.Minute)
	expect(story, "entries", len(story.Entries()), 1)
	expect(story, "refused meetings", story.Tally().RefusedMeetings, 1)
	restore()
	expect(story, "entries while another one keeps Redis empty", len(story.Entries()), 1)
	again()
	for i, e := range story.Entries() {
		expect(story, "id", e.ID, before[i].ID)
		expect(story, "state", e.State, before[i].State)
	}
	expect(story, "entries", len(story.Entries()), 2)
	story.at(21 * time.Minute)
	expect(story, "load after a poll", known(story, story.entry(1).Load)+known(story, story.entry(2).Load), 12)
}

func TestRenewedEntries(t *testing.T) {
	story := newStory(t, 2, 2, meetings(1, 0, time.Hour, 5))
	story.at(5 * time.Minute)
	before := story.Entries()
	story.RenewEntries()
	for i, e := range story.Entries() {
		expect(story, "url", e.URL, before[i].URL)
		expect(story, "the id is new", e.ID != before[i].ID, true)
		expect(story, "state", e.State, pool.Disabled)
	}
	expect(story, "entries", len(story.Entries()), 2)
	expect(story, "entries that DiViMS doubled", story.Tally().EntriesDoubled, 0)
}

// TestPredecessor has 60 people on the first of three running servers for 20 each: twice
// 60 require six servers, so all are enabled. In the end one is enough.
func TestPredecessor(t *testing.T) {
	story := newStory(t, 4, 3, meetings(1, time.Minute, 20*time.Minute, 60), func(c *Config) { c.ServerParticipants = 20 })
	story.at(2 * time.Minute)
	stop := story.StartPredecessor()
	story.at(3 * time.Minute)
	for n := 1; n <= 3; n++ {
		expect(story, "state with 60 people", story.entry(n).State, pool.Enabled)
	}
	expect(story, "state of the one without a machine", story.entry(4).State, pool.Disabled)
	story.at(30 * time.Minute)
	expect(story, "state of 1 with nobody", story.entry(1).State, pool.Enabled)
	expect(story, "2 is enabled", story.entry(2).State == pool.Enabled, false)
	expect(story, "3 is enabled", story.entry(3).State == pool.Enabled, false)
	story.set(1, pool.Disabled)
	stop()
	story.at(40 * time.Minute)
	expect(story, "state once it has stopped", story.entry(1).State, pool.Disabled)
}
