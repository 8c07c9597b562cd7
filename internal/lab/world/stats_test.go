package world

import (
	"errors"
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

// read returns the stats page of the first server.
func (s story) page() StatsPage {
	s.Helper()
	page, err := s.StatsPage(s.domain(1))
	s.must(err)
	return page
}

// TestStatsStop stops the stats of a server at 10:10:30, in three ways, while a recording
// is processed from 10:31 on.
func TestStatsStop(t *testing.T) {
	const m = time.Minute
	for name, test := range map[string]struct {
		how     StatsFailure
		backlog int           // queued, at 10:40
		age     time.Duration // of the figures by the page's own clock
		behind  time.Duration // of the page's clock
		uptime  time.Duration
	}{
		"stale":  {StatsStale, 0, 30 * m, 0, 40 * m},
		"cached": {StatsCached, 0, 30 * time.Second, 29*m + 30*time.Second, 10*m + 30*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 1, recordedMeetings(1, 0, 30*m, 5), func(c *Config) { c.RecordingWork = 1 })
			story.at(10*m + 30*time.Second)
			fix := story.breakServer(1, StatsStopped{test.how})
			story.at(40 * m)
			page := story.page()
			backlog, _ := page.Backlog.Get()
			age, _ := page.Age.Get()
			uptime, _ := page.Uptime.Get()
			expect(story, "backlog", backlog["queued"], test.backlog)
			expect(story, "age", age, test.age)
			expect(story, "clock of the page", story.Now().Sub(page.Time), test.behind)
			expect(story, "uptime", uptime, test.uptime)
			fix()
			page = story.page()
			backlog, _ = page.Backlog.Get()
			age, _ = page.Age.Get()
			expect(story, "backlog in the end", backlog["queued"], 1)
			expect(story, "age in the end", age, 0)
		})
	}
	t.Run("silent", func(t *testing.T) {
		story := newStory(t, 1, 1, nil)
		fix := story.breakServer(1, StatsStopped{StatsSilent})
		_, err := story.Stats(story.domain(1))
		expect(story, "silent", errors.Is(err, ErrSilent), true)
		expect(story, "contact", story.contactOf(1), Answers)
		fix()
		story.page()
	})
}

// TestStatsThatStopBeforeTheyExist has stats that stop while the machine's system is down.
func TestStatsThatStopBeforeTheyExist(t *testing.T) {
	for name, how := range map[string]StatsFailure{"stale": StatsStale, "cached": StatsCached} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 0, nil)
			story.must(story.PowerOn(story.create(1, "GP1-S").ID))
			story.breakServer(1, StatsStopped{how})
			story.at(10 * time.Minute)
			page := story.page()
			expect(story, "backlog known", page.Backlog.Known(), false)
			expect(story, "load known", page.Load1.Known(), how == StatsStale)
		})
	}
}
