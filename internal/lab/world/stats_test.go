package world

import (
	"testing"
	"time"
)

// TestBacklogIsUpToAMinuteOld has a recorded meeting that ends at 10:31:20. Its recording
// is processed from then on. The server is up since 10:00, so its timer counts at full
// minutes. A recording being processed counts at its stage and as a queued job.
func TestBacklogIsUpToAMinuteOld(t *testing.T) {
	story := newStory(t, 1, 1, recordedMeetings(1, 20*time.Second, 30*time.Minute, 5), func(c *Config) { c.RecordingWork = 1 })
	for _, moment := range []struct {
		name  string
		after time.Duration
		work  int
		age   time.Duration
	}{
		{"before", 31*time.Minute + 10*time.Second, 0, 10 * time.Second},
		{"at the end", 31*time.Minute + 20*time.Second, 0, 20 * time.Second},
		{"just before it is counted", 31*time.Minute + 59*time.Second, 0, 59 * time.Second},
		{"when it is counted", 32 * time.Minute, 2, 0},
		{"long after", 50*time.Minute + 7*time.Second, 2, 7 * time.Second},
		{"processed, but not counted yet", 62*time.Minute + 30*time.Second, 2, 30 * time.Second},
		{"in the end", 63 * time.Minute, 0, 0},
	} {
		story.at(moment.after)
		stats, err := story.Stats(story.domain(1))
		story.must(err)
		age, _ := stats.Age.Get()
		expect(story, moment.name+": age", age, moment.age)
		backlog, _ := stats.Backlog.Get()
		work := 0
		for _, recordings := range backlog {
			work += recordings
		}
		expect(story, moment.name+": work", work, moment.work)
	}
}
