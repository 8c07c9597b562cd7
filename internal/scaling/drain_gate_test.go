package scaling

import (
	"strings"
	"testing"

	"divims/internal/pool"
)

// withStats changes the stats of server 1.
func withStats(change func(*pool.Stats)) func(*story) {
	return func(s *story) { s.stats(1, change) }
}

// withRecording gives server 1 a recording.
func withRecording(state pool.RecordingState) func(*story) {
	return func(s *story) {
		s.seen.Servers[0].Recordings = pool.Seen([]pool.Recording{{ID: "r", State: state}})
	}
}

// withPolicy sets what happens to recordings, and makes another change.
func withPolicy(policy RecordingsPolicy, change func(*story)) func(*story) {
	return func(s *story) { s.config.Recordings = policy; change(s) }
}

var drainGateTests = []struct {
	name   string
	change func(*story)
	closed string // a part of the reason; "" if the gate is open
}{
	{"cordoned, empty, everything known", func(*story) {}, ""},
	{"disabled", func(s *story) { s.entry(1).State = pool.Disabled }, ""},
	{"enabled", func(s *story) { s.entry(1).State = pool.Enabled }, "entry"},
	{"a state that Scalelite does not have", func(s *story) { s.entry(1).State = "paused" }, "entry"},
	{"entry unknown", func(s *story) { s.seen.Servers[0].Entry = pool.Unknown[*pool.Entry]("down") }, "entry is unknown"},
	{"a meeting without participants", func(s *story) { s.meeting(1, 0) }, "1 meeting "},
	{"a breakout room", func(s *story) { s.seen.Servers[0].Meetings = pool.Seen([]pool.Meeting{{Breakout: true}}) }, "1 meeting "},
	{"meetings unknown", func(s *story) { s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("502") }, "meetings are unknown: 502"},
	{"meetings not looked at", func(s *story) { s.seen.Servers[0].Meetings = pool.Reading[[]pool.Meeting]{} }, "not looked at"},
	{"recordings unknown", func(s *story) { s.seen.Servers[0].Recordings = pool.Unknown[[]pool.Recording]("504") }, "recordings are unknown"},
	{"a recording that is being processed", withRecording(pool.Processing), "1 recording in work"},
	{"a processed recording", withRecording(pool.Processed), "1 recording in work"},
	{"a recording in an unknown state", withRecording("uploading"), "1 recording in work"},
	{"a published recording, to be shipped", withRecording(pool.Published), "not shipped"},
	{"a published recording, kept elsewhere", withPolicy(RecordingsKept, withRecording(pool.Published)), ""},
	{"kept elsewhere, but in work", withPolicy(RecordingsKept, withRecording(pool.Processed)), "in work"},
	{"stats unknown", func(s *story) { s.seen.Servers[0].Stats = pool.Unknown[pool.Stats]("401") }, "backlog is unknown: 401"},
	{"backlog unknown", withStats(func(v *pool.Stats) { v.Backlog = pool.Unknown[map[string]int]("stale") }), "backlog is unknown: stale"},
	{"backlog at a stage", withStats(func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"recorded": 0, "archived": 2}) }), "archived 2"},
	{"an empty backlog at each stage", withStats(func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"recorded": 0, "archived": 0}) }), ""},
	{"a failed recording", withStats(func(v *pool.Stats) { v.Failed = pool.Seen(map[string]int{"sanity": 1}) }), "only a person"},
	{"a pool that does not record, without stats", withPolicy(RecordingsNone, func(s *story) {
		s.seen.Servers[0].Stats = pool.Unknown[pool.Stats]("none")
		s.seen.Servers[0].Recordings = pool.Unknown[[]pool.Recording]("none")
	}), ""},
	{"a pool that does not record, with a meeting", withPolicy(RecordingsNone, func(s *story) { s.meeting(1, 1) }), "1 meeting "},
}

func TestDrainGate(t *testing.T) {
	for _, test := range drainGateTests {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, 1)
			s.entry(1).State = pool.Cordoned
			test.change(s)
			got := Gate(s.config, s.seen.Servers[0]).String()
			if (got == "") != (test.closed == "") || !strings.Contains(got, test.closed) {
				t.Errorf("the gate says %q, want %q", got, test.closed)
			}
		})
	}
}
