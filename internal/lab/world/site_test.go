package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestOutageOfAZone takes the zone of server 2 down twice, overlapping, while people are on
// both servers.
func TestOutageOfAZone(t *testing.T) {
	story := newStory(t, 2, 2, meetings(2, time.Second, 2*time.Hour, 5), func(c *Config) {
		c.Zones = []string{"fr-par-1", "fr-par-2"}
	})
	story.at(10 * time.Minute)
	id := story.Machines()[1].ID
	first := story.BeginOutage("fr-par-2")
	second := story.BeginOutage("fr-par-2")
	expect(story, "interrupted by the death of machines", story.Tally().Interruptions[MachineDeath], Interruption{1, 5})
	expect(story, "interrupted by DiViMS", story.Tally().InterruptedMeetings, 0)
	expect(story, "meetings in the other zone", story.meetingsOn(1), 1)

	dead := func(want bool) {
		t.Helper()
		_, bbb := story.Meetings(story.domain(2))
		_, stats := story.Stats(story.domain(2))
		expect(story, "BBB is dead", errors.Is(bbb, ErrUnreachable), want)
		expect(story, "the stats are dead", errors.Is(stats, ErrUnreachable), want)
		expect(story, "state", story.machine(id).State, pool.Running)
	}
	dead(true)
	first()
	dead(true)
	story.at(15 * time.Minute)
	expect(story, "online", story.entry(2).Online, false)
	refused, ok := errors.AsType[*RefusedError](story.outage("fr-par-2"))
	expect(story, "a creation is refused with 503", ok && refused.Status == 503, true)
	second()
	dead(false)
	expect(story, "meetings after the outage", story.meetingsOn(2), 0)
	expect(story, "nothing is refused", story.outage("fr-par-2") == nil, true)
}

func TestMachinesThatBootInAnOutageAnswerAfterIt(t *testing.T) {
	story := newStory(t, 1, 0, nil)
	m := story.create(1, "GP1-S")
	story.must(story.PowerOn(m.ID))
	end := story.BeginOutage("fr-par-1")
	story.at(20 * time.Minute)
	_, err := story.Meetings(story.domain(1))
	expect(story, "unreachable during the outage", errors.Is(err, ErrUnreachable), true)
	end()
	expect(story, "meetings after it", story.meetingsOn(1), 0)
}
