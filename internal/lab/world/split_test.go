package world

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestMeetingOfACordonedServerIsCreatedAnew cordons a server 1 s after a meeting was
// created on it, and before the first of 5 people is in it.
func TestMeetingOfACordonedServerIsCreatedAnew(t *testing.T) {
	for name, test := range map[string]struct {
		cordon func(story)
		split  int
	}{
		"DiViMS cordons it":      {func(s story) { s.set(1, pool.Cordoned) }, 1},
		"a person cordons it":    {func(s story) { s.As(Person, func() { s.set(1, pool.Cordoned) }) }, 0},
		"an operator ordered it": {func(s story) { s.MarkOrdered(1); s.set(1, pool.Cordoned) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 2, 2, recordedMeetings(1, 30*time.Second, time.Hour, 5), func(c *Config) {
				c.Seed, c.FirstJoinMin, c.FirstJoinMax, c.RecordingWork = firstIsFirst, 2*time.Second, 8*time.Second, 1
			})
			story.at(31 * time.Second)
			expect(story, "meetings on 1", story.meetingsOn(1), 1)
			test.cordon(story)
			story.at(time.Minute)
			expect(story, "people on 1", story.machines[0].participants, 0)
			expect(story, "people on 2", story.machines[1].participants, 5)
			expect(story, "split meetings", story.Tally().SplitMeetings, test.split)
			story.at(30*time.Second + lingerUnjoined)
			expect(story, "meetings on 1 in the end", story.meetingsOn(1), 0)
			expect(story, "recordings on 1", len(story.machines[0].backlog), 0)
			expect(story, "interruptions", story.Tally().Interruptions, [causes]Interruption{})
		})
	}
}

func TestMeetingOfACordonedServerStays(t *testing.T) {
	for name, change := range map[string]func(story){
		"somebody is in it":           func(s story) { s.at(time.Minute); s.set(1, pool.Cordoned) },
		"there is no other server":    func(s story) { s.set(2, pool.Disabled); s.set(1, pool.Cordoned) },
		"the server is only disabled": func(s story) { s.set(1, pool.Disabled) },
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 2, 2, meetings(1, 30*time.Second, time.Hour, 5), func(c *Config) {
				c.Seed, c.FirstJoinMin, c.FirstJoinMax = firstIsFirst, 2*time.Second, 8*time.Second
			})
			story.at(31 * time.Second)
			change(story)
			story.at(2 * time.Minute)
			expect(story, "people on 1", story.machines[0].participants, 5)
			expect(story, "split meetings", story.Tally().SplitMeetings, 0)
		})
	}
}
