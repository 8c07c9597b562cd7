package scaling

import (
	"strings"
	"testing"

	"divims/internal/pool"
)

func TestDrainGate(t *testing.T) {
	unchanged := func(*story) {}
	stats := func(change func(*pool.Stats)) func(*story) {
		return func(s *story) {
			stats, _ := s.seen.Servers[0].Stats.Get()
			change(&stats)
			s.seen.Servers[0].Stats = pool.Seen(stats)
		}
	}
	recording := func(state pool.RecordingState) func(*story) {
		return func(s *story) {
			s.seen.Servers[0].Recordings = pool.Seen([]pool.Recording{{ID: "r", State: state}})
		}
	}
	policy := func(p RecordingsPolicy, then func(*story)) func(*story) {
		return func(s *story) { s.config.Recordings = p; then(s) }
	}
	tests := []struct {
		name   string
		change func(*story)
		closed string // a part of the reason; "" if the gate is open
	}{
		{"cordoned, empty, everything known", unchanged, ""},
		{"disabled", func(s *story) { s.entry(1).State = pool.Disabled }, ""},
		{"enabled", func(s *story) { s.entry(1).State = pool.Enabled }, "entry"},
		{"a state that Scalelite does not have", func(s *story) { s.entry(1).State = "paused" }, "entry"},
		{"entry unknown", func(s *story) { s.seen.Servers[0].Entry = pool.Unknown[*pool.Entry]("down") }, "entry is unknown"},
		{"a meeting without participants", func(s *story) { s.meeting(1, 0) }, "1 meeting "},
		{"a breakout room", func(s *story) { s.seen.Servers[0].Meetings = pool.Seen([]pool.Meeting{{Breakout: true}}) }, "1 meeting "},
		{"meetings unknown", func(s *story) { s.seen.Servers[0].Meetings = pool.Unknown[[]pool.Meeting]("502") }, "meetings are unknown: 502"},
		{"meetings not looked at", func(s *story) { s.seen.Servers[0].Meetings = pool.Reading[[]pool.Meeting]{} }, "not looked at"},
		{"recordings unknown", func(s *story) { s.seen.Servers[0].Recordings = pool.Unknown[[]pool.Recording]("504") }, "recordings are unknown"},
		{"a recording that is being processed", recording(pool.Processing), "1 recording in work"},
		{"a processed recording", recording(pool.Processed), "1 recording in work"},
		{"a recording in an unknown state", recording("uploading"), "1 recording in work"},
		{"a published recording, to be shipped", recording(pool.Published), "not shipped"},
		{"a published recording, kept elsewhere", policy(RecordingsKept, recording(pool.Published)), ""},
		{"kept elsewhere, but in work", policy(RecordingsKept, recording(pool.Processed)), "in work"},
		{"stats unknown", func(s *story) { s.seen.Servers[0].Stats = pool.Unknown[pool.Stats]("401") }, "backlog is unknown: 401"},
		{"backlog unknown", stats(func(v *pool.Stats) { v.Backlog = pool.Unknown[map[string]int]("stale") }), "backlog is unknown: stale"},
		{"backlog at a stage", stats(func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"recorded": 0, "archived": 2}) }), "archived 2"},
		{"an empty backlog at each stage", stats(func(v *pool.Stats) { v.Backlog = pool.Seen(map[string]int{"recorded": 0, "archived": 0}) }), ""},
		{"a failed recording", stats(func(v *pool.Stats) { v.Failed = pool.Seen(map[string]int{"sanity": 1}) }), "only a person"},
		{"a pool that does not record, without stats", policy(RecordingsNone, func(s *story) {
			s.seen.Servers[0].Stats = pool.Unknown[pool.Stats]("none")
			s.seen.Servers[0].Recordings = pool.Unknown[[]pool.Recording]("none")
		}), ""},
		{"a pool that does not record, with a meeting", policy(RecordingsNone, func(s *story) { s.meeting(1, 1) }), "1 meeting "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, 1)
			s.entry(1).State = pool.Cordoned
			test.change(s)
			got := Gate(s.config, s.seen.Servers[0])
			if (got == "") != (test.closed == "") || !strings.Contains(got, test.closed) {
				t.Errorf("the gate says %q, want %q", got, test.closed)
			}
		})
	}
}
