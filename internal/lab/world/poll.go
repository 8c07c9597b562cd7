package world

import (
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// Scalelite's rules for the load.
const (
	// A meeting younger than youngMeeting counts as at least youngMinimum people,
	// because people are still joining (LOAD_JOIN_BUFFER_TIME, LOAD_MIN_USER_COUNT).
	youngMeeting = 15 * time.Minute
	youngMinimum = 15
	// A server is offline after badPolls failed polls in a row, and online after one
	// successful poll.
	badPolls = 2
)

// poll polls all servers, disabled ones included, and returns the time of the next poll.
func (w *World) poll() time.Time {
	for _, e := range w.entries {
		if m := e.bbb(); m != nil {
			w.polled(e, m)
		} else {
			w.missed(e)
		}
	}
	return w.next(w.config.Poll)
}

// polled records a successful poll.
func (w *World) polled(e *entry, m *machine) {
	e.online, e.bad = true, 0
	w.dropEnded(e, m)
	if e.race.pending {
		e.race = race{straggling: true, load: e.multiplier * w.loadOf(m)}
	}
	if e.state == pool.Disabled {
		return
	}
	e.setLoad(e.multiplier * w.loadOf(m))
	if e.state == pool.Cordoned && e.load == 0 {
		e.state = pool.Disabled
		e.clearLoad()
	}
}

// missed records a failed poll. When a server goes offline, its meetings are dropped
// and, if it answers after all, ended. Its state stays the same.
func (w *World) missed(e *entry) {
	e.race.pending = false
	if !e.online {
		return
	}
	e.bad++
	if e.bad < badPolls {
		return
	}
	e.online = false
	e.clearLoad()
	for len(e.meetings) > 0 {
		m := e.meetings[0]
		e.drop(m)
		w.As(ScalelitePanic, func() { _ = w.endThrough(e, m) }) // Scalelite ignores the answer, too
	}
}

// dropEnded removes meetings that BBB does not list any more from Scalelite's list.
func (w *World) dropEnded(e *entry, m *machine) {
	e.meetings = slices.DeleteFunc(e.meetings, func(known *meeting) bool {
		gone := known.ended || known.machine != m
		if gone {
			known.entry = nil
		}
		return gone
	})
}

// loadOf returns the load that Scalelite computes for a server: its participants, with
// moderators counted twice (here each meeting has one). A young meeting counts at least
// 15, an older empty one 0.
func (w *World) loadOf(m *machine) float64 {
	load := 0
	for _, meeting := range m.meetings {
		people := meeting.inside()
		if people > 0 {
			people++
		}
		if w.now.Sub(meeting.created) < youngMeeting {
			people = max(people, youngMinimum)
		}
		load += people
	}
	return float64(load)
}

// place returns the entry for a new meeting, or nil. A meeting with a tag is placed on a
// server with that tag. If there is none, it is placed on a server without a tag, as
// meetings without a tag are, unless its tag ends in "!".
func (w *World) place(tag string) *entry {
	wanted, strict := strings.CutSuffix(tag, "!")
	if best := w.leastLoaded(wanted); best != nil || strict || wanted == "" {
		return best
	}
	return w.leastLoaded("")
}

// leastLoaded returns the least loaded of the online entries with a tag that new
// meetings are placed on, or nil. Among equals it returns the one with the first id, as
// a sorted set of Redis does.
func (w *World) leastLoaded(tag string) *entry {
	var best *entry
	least := 0.0
	for _, e := range w.entries {
		load, chosen := e.offered()
		if !e.online || !chosen || e.tag != tag {
			continue
		}
		if best == nil || load < least || load == least && e.id < best.id {
			best, least = e, load
		}
	}
	return best
}

// offered reports whether new meetings are placed on the entry, and with which load it
// is compared. The entry must be enabled and have a load, or it must be straggling.
func (e *entry) offered() (load float64, chosen bool) {
	if e.race.straggling {
		return e.race.load, true
	}
	return e.load, e.state == pool.Enabled && e.loadKnown
}
