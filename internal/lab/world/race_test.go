package world

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// firstIsFirst is a seed with which the first of two servers has the first id, so that
// it gets the first meeting.
const firstIsFirst = 3

// racing starts a story with two servers and cordons the first at 10:00:30, which races
// with the poller with the given probability. One meeting is on that server before;
// others start every minute from 10:02:30 on.
func racing(t *testing.T, probability float64) story {
	wanted := meetings(1, 10*time.Second, time.Hour, 5)
	for i := range 10 {
		wanted = append(wanted, meetings(1, time.Duration(150+60*i)*time.Second, time.Hour, 2)...)
	}
	story := newStory(t, 2, 2, wanted, func(c *Config) { c.CordonRace, c.Seed = probability, firstIsFirst })
	story.at(30 * time.Second)
	if story.meetingsOn(1) == 0 {
		t.Fatal("the first meeting is not on the first server")
	}
	story.set(1, pool.Cordoned)
	return story
}

func TestRacingCordonStillGetsMeetings(t *testing.T) {
	story := racing(t, 1)
	story.at(8 * time.Minute)
	expect(story, "state", story.entry(1).State, pool.Cordoned)
	expect(story, "meetings came to the cordoned server", story.meetingsOn(1) > 1, true)

	story.set(1, pool.Cordoned)
	before := story.meetingsOn(1)
	story.at(13 * time.Minute)
	expect(story, "another cordon does not repair it", story.meetingsOn(1) > before, true)
	expect(story, "its load still counts, so that the other server gets meetings, too", story.meetingsOn(2) > 2, true)
}

func TestCordonWithoutRaceGetsNoMeetings(t *testing.T) {
	story := racing(t, 0)
	story.at(13 * time.Minute)
	expect(story, "meetings", story.meetingsOn(1), 1)
}

func TestEnableThenCordonRepairsStraggler(t *testing.T) {
	story := racing(t, 1)
	story.at(5 * time.Minute)
	before := story.meetingsOn(1)
	expect(story, "meetings came", before > 1, true)
	story.config.CordonRace = 0
	story.set(1, pool.Enabled)
	story.set(1, pool.Cordoned)
	story.at(13 * time.Minute)
	expect(story, "meetings after the repair", story.meetingsOn(1), before)
}

func TestDisabledStragglerStillGetsMeetings(t *testing.T) {
	story := racing(t, 1)
	story.set(1, pool.Disabled)
	story.at(8 * time.Minute)
	expect(story, "state", story.entry(1).State, pool.Disabled)
	expect(story, "load known", story.entry(1).Load.Known(), false)
	expect(story, "meetings came to the disabled server", story.meetingsOn(1) > 1, true)
}

// TestOnlyTheNextPollRaces makes the poll after the cordon fail. Later polls have the new
// state and do not undo the cordon.
func TestOnlyTheNextPollRaces(t *testing.T) {
	story := racing(t, 1)
	fix := story.Break(1, BBBStopped{Fails})
	story.at(90 * time.Second)
	fix()
	story.at(13 * time.Minute)
	expect(story, "meetings", story.meetingsOn(1), 1)
}

func TestRaceFrequency(t *testing.T) {
	story := newStory(t, 1, 1, nil, func(c *Config) { c.CordonRace = 0.2 })
	races := 0
	for range 1000 {
		story.set(1, pool.Cordoned)
		if story.entries[0].race.pending {
			races++
		}
		story.set(1, pool.Enabled)
	}
	expect(story, "about a fifth of the cordons race", races > 160 && races < 240, true)
}

func TestCordonRaceIsAProbability(t *testing.T) {
	for _, probability := range []float64{-0.1, 1.1} {
		if _, err := New(Config{Start: ten, CordonRace: probability}); err == nil {
			t.Errorf("New accepts CordonRace %g", probability)
		}
	}
}
