package scaling

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// Gate is the drain gate. It returns why a machine must not be stopped or deleted, or ""
// if it may. The decision calls it first. It is called again right before the action, with
// fresh answers from the server.
//
// The gate is open if the entry is not enabled, BBB lists no meeting (breakout rooms
// count), no recording is being processed, no published recording waits to be shipped,
// no recording failed, and fresh stats report an empty backlog. If any of these is
// unknown, the gate is closed. In a pool that does not record, recordings and stats do
// not matter.
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

// recordingsGate is the part of Gate that looks at recordings.
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

// stoppedGate replaces Gate for a machine that is switched off and so cannot answer. It is
// open if this machine was seen empty before it stopped, or never ran long enough for
// a meeting.
func stoppedGate(s *server) string {
	if s.memory.MachineID == s.machine.ID && !s.memory.EmptySince.IsZero() {
		return ""
	}
	if s.machine.Since.Sub(s.machine.Created) < neverBooted {
		return ""
	}
	return "it is switched off, and nobody knows whether recordings are on its disk"
}

// neverBooted: if the hoster last changed the state of a machine within this time
// after its creation, the machine cannot have held a meeting, because BBB needs 3
// minutes to start.
const neverBooted = 2 * time.Minute
