package scaling

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// Gate is the drain gate: it says why a machine must not be stopped or deleted,
// or "" when it may. It is asked twice, by the decision and again, with fresh
// answers of the server itself, right before the act.
//
// Open: the entry is not enabled, BBB lists no meeting (breakout rooms count),
// no recording is in work, none that is to be shipped remains, none has failed
// and waits for a person, and a fresh stats endpoint reports an empty backlog.
// Whatever is unknown keeps it closed.
func Gate(config Config, s pool.ServerObservation) string {
	entry, ok := s.Entry.Get()
	if !ok {
		return "its entry is unknown: " + s.Entry.Reason()
	}
	if entry != nil && entry.State != pool.Cordoned && entry.State != pool.Disabled {
		return fmt.Sprintf("its entry is %q", entry.State)
	}
	meetings, ok := s.Meetings.Get()
	if !ok {
		return "its meetings are unknown: " + s.Meetings.Reason()
	}
	if len(meetings) > 0 {
		return pool.Count(len(meetings), "meeting") + " with " + pool.Count(pool.Participants(meetings), "participant")
	}
	if config.Recordings == RecordingsNone {
		return ""
	}
	return recordingsGate(config, s)
}

func recordingsGate(config Config, s pool.ServerObservation) string {
	recordings, ok := s.Recordings.Get()
	if !ok {
		return "its recordings are unknown: " + s.Recordings.Reason()
	}
	inWork, published := 0, 0
	for _, r := range recordings {
		if r.State == pool.Published {
			published++
		} else {
			inWork++
		}
	}
	if inWork > 0 {
		return pool.Count(inWork, "recording") + " in work"
	}
	if published > 0 && config.Recordings != RecordingsKept {
		return pool.Count(published, "published recording") + " not shipped yet"
	}
	stats, ok := s.Stats.Get()
	if !ok {
		return "its recording backlog is unknown: " + s.Stats.Reason()
	}
	backlog, ok := stats.Backlog.Get()
	if !ok {
		return "its recording backlog is unknown: " + stats.Backlog.Reason()
	}
	if total(backlog) > 0 {
		return "recording backlog: " + stages(backlog)
	}
	failed, ok := stats.Failed.Get()
	if !ok {
		return "its failed recordings are unknown: " + stats.Failed.Reason()
	}
	if total(failed) > 0 {
		return "failed recordings that only a person can save: " + stages(failed)
	}
	return ""
}

// stoppedGate is the gate of a machine that is switched off and cannot be
// asked: open if this very machine was seen empty before it stopped, or if it
// was never on for long enough to have had a meeting.
func stoppedGate(s *server) string {
	if s.memory.MachineID == s.machine.ID && !s.memory.EmptySince.IsZero() {
		return ""
	}
	if s.machine.Since.Sub(s.machine.Created) < neverBooted {
		return ""
	}
	return "it is switched off, and nobody knows whether recordings are on its disk"
}

// neverBooted: a machine that the hoster last changed this soon after its
// creation has not run since, and BBB needs 3 minutes to start.
const neverBooted = 2 * time.Minute
