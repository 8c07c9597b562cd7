package world

import (
	"fmt"
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
)

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
		if w.now.Sub(meeting.stamp()) < youngMeeting {
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

// leastLoaded returns the least loaded of the entries with a tag that new
// meetings are placed on, or nil. Among equals it returns the one with the first id, as
// a sorted set of Redis does.
func (w *World) leastLoaded(tag string) *entry {
	var best *entry
	least := 0.0
	for _, e := range w.entries {
		load, chosen := e.offered()
		if !chosen || e.tag != tag {
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
// Whether it is online does not matter: an entry loses its load when it goes offline.
func (e *entry) offered() (load float64, chosen bool) {
	if e.race.straggling {
		return e.race.load, true
	}
	return e.load, e.state == pool.Enabled && e.loadKnown
}

// AllMeetings returns the meetings of all servers as Scalelite's own getMeetings does: it
// asks each server that is online and not disabled, and gives up at the first error.
// Errors: ErrUnreachable.
func (w *World) AllMeetings() ([]pool.Meeting, error) {
	var all []pool.Meeting
	for _, e := range w.entries {
		if !e.online || e.state == pool.Disabled {
			continue
		}
		m := e.bbb()
		if m == nil {
			return nil, fmt.Errorf("BBB at %s: %w", e.url, ErrUnreachable)
		}
		all = append(all, m.listMeetings()...)
	}
	return all, nil
}
