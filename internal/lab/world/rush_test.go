package world

import (
	"testing"
	"time"
)

// TestRush has 100 people come in 7 meetings: all meetings exist after two minutes,
// everybody is there after five, and nobody after 50 minutes.
func TestRush(t *testing.T) {
	story := newStory(t, 2, 2, nil, func(c *Config) { c.RecordingWork = 1 })
	story.at(time.Minute)
	story.must(story.StartRush("a rush", Rush{People: 100, Meetings: 7, Length: 50 * time.Minute, Recorded: true}))
	count := func() (meetings, people int) {
		for _, m := range story.machines {
			meetings, people = meetings+len(m.meetings), people+m.participants
		}
		return meetings, people
	}
	story.at(2 * time.Minute)
	meetings, people := count()
	expect(story, "meetings after a minute", meetings, 4)
	expect(story, "some have joined, and others have not", people > 0 && people < 50, true)
	story.at(3 * time.Minute)
	meetings, _ = count()
	expect(story, "meetings after two minutes", meetings, 7)
	story.at(6 * time.Minute)
	_, people = count()
	expect(story, "people after five minutes", people, 100)
	story.at(54 * time.Minute)
	meetings, people = count()
	expect(story, "meetings in the end", meetings, 0)
	expect(story, "people in the end", people, 0)
	expect(story, "recordings", len(story.machines[0].backlog)+len(story.machines[1].backlog), 7)
}

// TestRushDoesNotChangeTheDemand compares the meetings of the demand with and without a
// rush: their ids are the same.
func TestRushDoesNotChangeTheDemand(t *testing.T) {
	ids := func(rush bool) string {
		story := newStory(t, 2, 2, meetings(3, 10*time.Minute, 10*time.Minute, 5))
		if rush {
			story.must(story.StartRush("a rush", Rush{People: 10, Meetings: 2, Length: 5 * time.Minute}))
		}
		story.at(15 * time.Minute)
		all := ""
		for _, e := range story.entries {
			for _, m := range e.meetings {
				all += m.id
			}
		}
		return all
	}
	with, without := ids(true), ids(false)
	if with != without || without == "" {
		t.Errorf("%s with the rush, %s without", with, without)
	}
}

func TestRushIsChecked(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	for name, rush := range map[string]Rush{
		"no meetings":     {People: 10, Length: time.Hour},
		"no length":       {People: 10, Meetings: 1},
		"too many people": {People: 100_000, Meetings: 1, Length: time.Hour},
		"people missing":  {People: -5, Meetings: 1, Length: time.Hour},
	} {
		if story.StartRush(name, rush) == nil {
			t.Errorf("%s: the rush came", name)
		}
	}
	story.must(story.StartRush("a short one", Rush{People: 10, Meetings: 1, Length: time.Minute}))
}
