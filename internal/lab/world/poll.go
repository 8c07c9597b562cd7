package world

import (
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// Scalelite's rules for a meeting's load.
const (
	// youngMeeting is the age below which a meeting counts at least
	// youngMinimum: its people are still coming (LOAD_JOIN_BUFFER_TIME,
	// LOAD_MIN_USER_COUNT).
	youngMeeting = 15 * time.Minute
	youngMinimum = 15
	// badPolls in a row make a server offline; one good poll makes it online.
	badPolls = 2
)

// poll is Scalelite's regular look at all servers, the disabled ones included.
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

// polled takes note of a good poll.
func (w *World) polled(e *entry, m *machine) {
	e.online, e.bad = true, 0
	w.forgetEnded(e, m)
	if e.race.pending {
		e.race = race{straggling: true, load: e.multiplier * w.loadOf(m)}
	}
	if e.state == pool.Disabled {
		return
	}
	e.setLoad(e.multiplier * w.loadOf(m))
	if e.state == pool.Cordoned && e.load == 0 {
		e.state = pool.Disabled
		e.forgetLoad()
	}
}

// missed takes note of a bad poll. A server that goes offline is panicked: its
// meetings are dropped and, should it answer after all, ended; its state stays.
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
	e.forgetLoad()
	for len(e.meetings) > 0 {
		m := e.meetings[0]
		e.drop(m)
		_ = w.endThrough(e, m) // Scalelite does not look at the answer either
	}
}

// forgetEnded takes what BBB does not list any more out of Scalelite's map.
func (w *World) forgetEnded(e *entry, m *machine) {
	e.meetings = slices.DeleteFunc(e.meetings, func(known *meeting) bool {
		gone := known.ended || known.machine != m
		if gone {
			known.entry = nil
		}
		return gone
	})
}

// loadOf is Scalelite's measure of a server: its participants, moderators twice
// (one in each meeting here), a young meeting at least 15, an old empty one 0.
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

// place chooses the entry for a new meeting. One that asks for a tag is placed on a
// server that bears it, and if there is none, unless the tag ends in "!", on one
// that bears no tag, where all the others go.
func (w *World) place(tag string) *entry {
	wanted, strict := strings.CutSuffix(tag, "!")
	if best := w.leastLoaded(wanted); best != nil || strict || wanted == "" {
		return best
	}
	return w.leastLoaded("")
}

// leastLoaded chooses among the entries with a tag: online, in the set of those that are
// chosen from, and of these the least loaded; among equals the first id, as in a
// sorted set of Redis. Nil if there is none.
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

// offered tells whether new meetings are placed on the entry's server, and the
// load that it is chosen by: it is enabled and has a load, or it straggles.
func (e *entry) offered() (load float64, chosen bool) {
	if e.race.straggling {
		return e.race.load, true
	}
	return e.load, e.state == pool.Enabled && e.loadKnown
}
