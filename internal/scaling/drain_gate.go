package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// Gate is the drain gate. It returns why a machine must not be stopped or deleted, or no
// text if it may. The decision calls it first. It is called again right before the action, with
// fresh answers from the server.
//
// The gate is open if the entry is not enabled, BBB lists no meeting (breakout rooms
// count), no recording is being processed, no published recording waits to be shipped,
// no recording failed, and fresh stats report an empty backlog. If any of these is
// unknown, the gate is closed. In a pool that does not record, recordings and stats do
// not matter.
func Gate(config Config, s pool.ServerObservation) fact.Text {
	entry, ok := s.Entry.Get()
	if !ok {
		return fact.New("its entry is unknown: %s", s.Entry.Reason())
	}
	if entry != nil && entry.State != pool.Cordoned && entry.State != pool.Disabled {
		return fact.New("its entry is %q", entry.State)
	}
	meetings, ok := s.Meetings.Get()
	if !ok {
		return fact.New("its meetings are unknown: %s", s.Meetings.Reason())
	}
	if len(meetings) > 0 {
		return fact.New("%s with %s", fact.Count(len(meetings), "meeting"), fact.Count(pool.Participants(meetings), "participant"))
	}
	if config.Recordings == RecordingsNone {
		return fact.Text{}
	}
	return recordingsGate(config, s)
}

// recordingsGate is the part of Gate that looks at recordings.
func recordingsGate(config Config, s pool.ServerObservation) fact.Text {
	recordings, ok := s.Recordings.Get()
	if !ok {
		return fact.New("its recordings are unknown: %s", s.Recordings.Reason())
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
		return fact.New("%s in work", fact.Count(inWork, "recording"))
	}
	if published > 0 && config.Recordings != RecordingsKept {
		return fact.New("%s not shipped yet", fact.Count(published, "published recording"))
	}
	stats, ok := s.Stats.Get()
	if !ok {
		return fact.New("its recording backlog is unknown: %s", s.Stats.Reason())
	}
	backlog, ok := stats.Backlog.Get()
	if !ok {
		return fact.New("its recording backlog is unknown: %s", stats.Backlog.Reason())
	}
	if total(backlog) > 0 {
		return fact.New("recording backlog: %s", stages(backlog))
	}
	failed, ok := stats.Failed.Get()
	if !ok {
		return fact.New("its failed recordings are unknown: %s", stats.Failed.Reason())
	}
	if total(failed) > 0 {
		return fact.New("failed recordings that only a person can save: %s", stages(failed))
	}
	return fact.Text{}
}

// stoppedGate replaces Gate for a machine that is switched off and so cannot answer. It is
// open if it was seen switched off twice, and either was seen empty before it stopped, or
// never ran: nothing on it ever answered, and the hoster's dates leave no time for a
// meeting.
func (d *decision) stoppedGate(s *server) fact.Text {
	memory := s.memory
	emptied := memory.MachineID == s.machine.ID && !memory.EmptySince.IsZero()
	neverRan := memory.Came.IsZero() && memory.LoadSeen.IsZero() && !memory.BootSeen && s.machine.Since.Sub(s.machine.Created) < neverBooted
	switch {
	case memory.Recordings && !emptied:
		return fact.New("it is switched off, and recordings are on its disk")
	case !emptied && !neverRan:
		return fact.New("it is switched off, and nobody knows whether recordings are on its disk")
	case !d.twice(memory.Stopped):
		return fact.New("seen switched off for the first time: nothing is done unless the next evaluation sees the same")
	}
	return fact.Text{}
}

// neverBooted: if the hoster last changed a machine within this time after its creation,
// the machine cannot have held a meeting, because BBB needs 3 minutes to start. A later edit
// of its tags closes the gate: what happened between two evaluations is not remembered.
const neverBooted = 2 * time.Minute
