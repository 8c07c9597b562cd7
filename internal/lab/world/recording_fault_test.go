package world

import (
	"fmt"
	"testing"
	"time"

	"divims/internal/pool"
)

// counted returns the counts that are not 0.
func counted(counts map[string]int) map[string]int {
	found := map[string]int{}
	for name, n := range counts {
		if n > 0 {
			found[name] = n
		}
	}
	return found
}

// recordings returns what the stats and BBB's API show of the first server's recordings.
func (s story) recordings() string {
	s.Helper()
	stats, err := s.Stats(s.domain(1))
	s.must(err)
	backlog, _ := stats.Backlog.Get()
	failed, _ := stats.Failed.Get()
	list, err := s.Recordings(s.domain(1))
	s.must(err)
	states := []pool.RecordingState{}
	for _, r := range list {
		states = append(states, r.State)
	}
	return fmt.Sprintf("backlog %v, failed %v, listed %v", counted(backlog), counted(failed), states)
}

// TestRecordingFaults has two recorded meetings of ten minutes, which end at 10:11 and
// 10:31. The first recording meets the fault. If it keeps the worker busy, the second one
// waits.
func TestRecordingFaults(t *testing.T) {
	for _, test := range []struct {
		point        string
		stuck, fails string
		blocks       bool
	}{
		{"recorded", "backlog map[recorded:1], failed map[], listed []", "backlog map[], failed map[archived:1], listed []", false},
		{"raw", "backlog map[queued:1 raw:1], failed map[], listed []", "backlog map[], failed map[archived:1], listed []", true},
		{"queued", "backlog map[archived:1 queued:1], failed map[], listed []", "backlog map[], failed map[sanity:1], listed []", false},
		{"sanity", "backlog map[sanity:1], failed map[], listed []", "backlog map[], failed map[sanity:1], listed []", false},
		{"processing", "backlog map[queued:1 sanity:1], failed map[], listed [processing]", "backlog map[], failed map[processed:1], listed []", true},
		{"published", "backlog map[published:1 queued:1], failed map[], listed [published]", "backlog map[], failed map[published:1], listed [processed]", true},
	} {
		t.Run(test.point, func(t *testing.T) {
			wanted := join(recordedMeetings(1, 0, 10*time.Minute, 5), recordedMeetings(1, 20*time.Minute, 10*time.Minute, 5))
			begin := func() story {
				return newStory(t, 1, 1, wanted, func(c *Config) { c.RecordingWork, c.Shipped = 1, true })
			}
			story := begin()
			free := story.StickRecording(1, test.point)
			story.at(30 * time.Minute)
			expect(story, "stuck", story.recordings(), test.stuck)
			story.at(time.Hour)
			waiting := 1
			if test.blocks {
				waiting = 2
			}
			expect(story, "recordings with work left", len(story.machines[0].backlog), waiting)
			free()
			story.at(2 * time.Hour)
			expect(story, "after its end", story.recordings(), "backlog map[], failed map[], listed []")

			story = begin()
			end := story.BreakRecording(1, test.point)
			story.at(30 * time.Minute)
			expect(story, "failed", story.recordings(), test.fails)
			end()
			story.at(2 * time.Hour)
			expect(story, "failed, and the second done", story.recordings(), test.fails)
			story.must(story.Terminate(story.Machines()[0].ID))
			expect(story, "lost with its disk", story.Tally().LostRecordings, 1)
		})
	}
}

// TestStuckRecordingIsLost deletes machines with a recording that is stuck, one that waits
// behind it, and one that is published and not shipped.
func TestStuckRecordingIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		point   string
		shipped bool
		lost    int
	}{
		"stuck in the queue":                  {"queued", true, 1},
		"stuck in processing, one waits":      {"processing", true, 2},
		"published, not shipped":              {"published", true, 2},
		"being published, nothing is shipped": {"published", false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 1, recordedMeetings(2, 0, 10*time.Minute, 5), func(c *Config) { c.RecordingWork, c.Shipped = 1, test.shipped })
			story.StickRecording(1, test.point)
			story.at(2 * time.Hour)
			story.must(story.Terminate(story.Machines()[0].ID))
			expect(story, "lost", story.Tally().LostRecordings, test.lost)
		})
	}
}

// TestRecordingFaultsSurviveAReboot has a recording stuck before a reboot, and a fault that
// waits for a recording.
func TestRecordingFaultsSurviveAReboot(t *testing.T) {
	story := newStory(t, 1, 1, recordedMeetings(2, 0, 10*time.Minute, 5), func(c *Config) { c.RecordingWork, c.Shipped = 1, true })
	story.StickRecording(1, "sanity")
	story.BreakRecording(1, "published")
	story.at(12 * time.Minute)
	story.must(story.Reboot(story.Machines()[0].ID))
	story.at(time.Hour)
	expect(story, "one stuck, one failed", story.recordings(), "backlog map[sanity:1], failed map[published:1], listed [processed]")
	if story.StickRecording(2, "sanity") != nil || story.StickRecording(1, "elsewhere") != nil {
		t.Error("a server or a point that does not exist has a fault")
	}
}

// TestRecordingsAreLostByCause deletes a machine with a recording in work, and its disk, in
// several ways.
func TestRecordingsAreLostByCause(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(story)
		cause Cause
		ours  int
		all   int
	}{
		"DiViMS deletes the machine, then its disk": {func(s story) {
			s.must(s.Terminate(s.Machines()[0].ID))
			s.at(35 * time.Minute)
			s.must(s.DeleteVolume(s.Volumes()[0].ID))
		}, DiViMS, 1, 1},
		"an operator ordered it": {func(s story) {
			s.MarkOrdered(1)
			s.must(s.Terminate(s.Machines()[0].ID))
		}, Person, 1, 1},
		"a person deletes the machine": {func(s story) {
			s.As(Person, func() { s.must(s.Terminate(s.Machines()[0].ID)) })
		}, Person, 0, 1},
		"a person detaches the disk, DiViMS deletes the machine": {func(s story) {
			s.DetachVolumeByHand(1)
			s.at(35 * time.Minute)
			s.must(s.Delete(s.Machines()[0].ID))
		}, DiViMS, 0, 0},
		"a person detaches the disk, DiViMS deletes it": {func(s story) {
			s.DetachVolumeByHand(1)
			s.at(35 * time.Minute)
			s.must(s.Delete(s.Machines()[0].ID))
			s.must(s.DeleteVolume(s.Volumes()[0].ID))
		}, DiViMS, 1, 1},
		"the machine has lost its network": {func(s story) {
			s.breakServer(1, CutOff{Us})
			s.breakServer(1, CutOff{Scalelite})
			s.must(s.Terminate(s.Machines()[0].ID))
		}, DiViMS, 1, 1},
		"the machine died, and is left alone": {func(s story) { s.breakServer(1, Dead{}) }, MachineDeath, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 1, recordedMeetings(1, 0, 20*time.Minute, 5), func(c *Config) { c.RecordingWork, c.Shipped = 1, true })
			story.at(30 * time.Minute)
			test.do(story)
			tally := story.Tally()
			expect(story, "lost by this cause", tally.LostByCause[test.cause], test.all)
			expect(story, "lost by DiViMS's calls", tally.LostRecordings, test.ours)
		})
	}
}

// TestRecordingWaitsWhileItsMachineIsDead has a machine die while it processes a recording:
// the recording starts over when the machine answers again.
func TestRecordingWaitsWhileItsMachineIsDead(t *testing.T) {
	story := newStory(t, 1, 1, recordedMeetings(1, 0, 10*time.Minute, 5), func(c *Config) { c.RecordingWork, c.Shipped = 1, true })
	story.at(15 * time.Minute)
	revive := story.breakServer(1, Dead{})
	story.at(time.Hour)
	expect(story, "recordings with work left", len(story.machines[0].backlog), 1)
	revive()
	expect(story, "in work again", story.machines[0].inWork != nil, true)
	story.at(80 * time.Minute)
	expect(story, "in the end", story.recordings(), "backlog map[], failed map[], listed []")
}
