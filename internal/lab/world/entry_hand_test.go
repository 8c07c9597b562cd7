package world

import (
	"math"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestHandOnTheStateIsTakenBack(t *testing.T) {
	story := newStory(t, 2, 2, meetings(2, 0, 3*time.Hour, 5))
	story.at(time.Minute)
	first := story.SetStateByHand(1, pool.Cordoned)
	second := story.SetStateByHand(1, pool.Disabled)
	expect(story, "state", story.entry(1).State, pool.Disabled)
	first()
	expect(story, "state while the second hand holds it", story.entry(1).State, pool.Disabled)
	second()
	expect(story, "state once both have let go", story.entry(1).State, pool.Enabled)

	again, over := story.SetStateByHand(1, pool.Cordoned), story.SetStateByHand(1, pool.Disabled)
	over()
	expect(story, "state after the second hand", story.entry(1).State, pool.Cordoned)
	again()
	expect(story, "state after the first", story.entry(1).State, pool.Enabled)
}

func TestHandIsNotTakenBackIfTheStateWasChangedSince(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	undo := story.SetStateByHand(1, pool.Cordoned)
	story.set(1, pool.Enabled)
	story.set(1, pool.Disabled)
	undo()
	expect(story, "state", story.entry(1).State, pool.Disabled)
}

func TestHandIsTakenBackAfterScaleliteDisabledTheEmptyServer(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	undo := story.SetStateByHand(1, pool.Cordoned)
	story.at(time.Minute)
	expect(story, "state after a poll", story.entry(1).State, pool.Disabled)
	undo()
	expect(story, "state", story.entry(1).State, pool.Enabled)
}

func TestHandOnTheMultiplier(t *testing.T) {
	story := newStory(t, 1, 1, meetings(1, 30*time.Second, time.Hour, 40))
	undo := story.SetMultiplierByHand(1, -1)
	story.at(time.Minute)
	expect(story, "load", known(story, story.entry(1).Load), -41)
	undo()
	expect(story, "multiplier", story.entry(1).LoadMultiplier, 1)

	undo = story.SetMultiplierByHand(1, math.NaN())
	story.at(3 * time.Minute)
	expect(story, "Redis keeps the load that it can store", known(story, story.entry(1).Load), -41)
	undo()
	expect(story, "multiplier", story.entry(1).LoadMultiplier, 1)
}

func TestHandDeletesAnEntry(t *testing.T) {
	story := newStory(t, 2, 2, nil)
	id := story.entry(1).ID
	undo := story.RemoveByHand(1)
	expect(story, "entries", len(story.Entries()), 1)
	undo()
	expect(story, "entries", len(story.Entries()), 2)
	added := story.entry(2)
	expect(story, "state of the new entry", added.State, pool.Enabled)
	expect(story, "it has another id", added.ID != id, true)

	undo = story.RemoveByHand(1)
	_, err := story.Register(story.config.Servers[0].EntryURL(), story.config.Secret)
	story.must(err)
	undo()
	expect(story, "entries if DiViMS has added one already", len(story.Entries()), 2)
	expect(story, "entries doubled", story.Tally().EntriesDoubled, 0)
}

func TestHandDuplicatesAnEntry(t *testing.T) {
	story := newStory(t, 2, 2, nil)
	undo := story.DuplicateByHand(2)
	expect(story, "entries", len(story.Entries()), 3)
	expect(story, "state of the double", story.entry(3).State, pool.Disabled)
	expect(story, "entries that DiViMS doubled", story.Tally().EntriesDoubled, 0)
	undo()
	expect(story, "entries", len(story.Entries()), 2)

	_, err := story.Register("HTTPS://BBB-w1.example.com.:443/bigbluebutton/api/", story.config.Secret)
	story.must(err)
	expect(story, "entries that DiViMS doubled", story.Tally().EntriesDoubled, 1)
}

// TestEntryURLs checks which URLs lead to the BBB of the first server.
func TestEntryURLs(t *testing.T) {
	for url, leads := range map[string]bool{
		"https://bbb-w1.example.com/bigbluebutton/api":      true,
		"https://BBB-W1.Example.COM/bigbluebutton/api/":     true,
		"https://bbb-w1.example.com.:443/bigbluebutton/api": true,
		"https://bbb-w1.example.com:8443/bigbluebutton/api": false,
		"http://bbb-w1.example.com:80/":                     false,
		"https://bbb-w1.example.com/":                       false,
		"https://elsewhere.example.com/bigbluebutton/api":   false,
		"nonsense": false,
	} {
		story := newStory(t, 1, 1, nil)
		added, err := story.Register(url, story.config.Secret)
		story.must(err)
		expect(story, "url", added.URL, url)
		story.at(time.Minute)
		expect(story, url+" is online", story.entry(2).Online, leads)
	}
}

func TestWrongSecret(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	story.must(story.SetSecret(story.entry(1).ID, pool.NewSecret("another")))
	story.at(2 * time.Minute)
	expect(story, "online", story.entry(1).Online, false)
	story.must(story.SetSecret(story.entry(1).ID, story.config.Secret))
	story.at(3 * time.Minute)
	expect(story, "online with the right secret", story.entry(1).Online, true)
}
