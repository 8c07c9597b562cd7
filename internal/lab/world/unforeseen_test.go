package world

import (
	"testing"
	"time"
)

// TestMeetingBetweenTheListAndTheNextCallIsUnforeseen deletes a machine some time after BBB
// has listed its meetings. A meeting begins 300 ms after the list.
func TestMeetingBetweenTheListAndTheNextCallIsUnforeseen(t *testing.T) {
	for name, test := range map[string]struct {
		begins, ends time.Duration // after the list
		unforeseen   int
	}{
		"the meeting begins after the list":                   {300 * time.Millisecond, 2 * time.Second, 1},
		"the meeting was on the list":                         {-time.Second, 2 * time.Second, 0},
		"there was time for another call, which was not made": {300 * time.Millisecond, 20 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list := 30 * time.Minute
			story := newStory(t, 1, 1, meetings(1, list+test.begins, time.Hour, 5))
			story.at(list)
			_, err := story.Meetings(story.domain(1))
			story.must(err)
			story.at(list + test.ends)
			story.must(story.Terminate(story.Machines()[0].ID))
			tally := story.Tally()
			expect(story, "unforeseen", len(tally.Unforeseen), test.unforeseen)
		})
	}
}
