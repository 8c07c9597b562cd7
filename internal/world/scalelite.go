package world

import (
	"fmt"
	"net/url"
	"slices"
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

// entry is a server as Scalelite knows it.
type entry struct {
	id         string
	url        string
	secret     pool.Secret
	server     *server // that the url leads to; nil if it leads nowhere
	state      pool.EntryState
	multiplier float64
	online     bool
	bad        int // bad polls in a row
	load       float64
	loadKnown  bool
	// meetings is Scalelite's own map of who is where.
	meetings []*meeting
	// drainingSince is when it was last enabled; zero while it is, or never was.
	drainingSince time.Time
}

func (e *entry) setLoad(load float64) { e.load, e.loadKnown = load, true }

func (e *entry) forgetLoad() { e.load, e.loadKnown = 0, false }

// count adds a create or a join to the load until the next poll.
func (e *entry) count() { e.load += e.multiplier }

// bbb is the machine that answers at the entry's url, or nil.
func (e *entry) bbb() *machine {
	if e.server == nil {
		return nil
	}
	return e.server.bbb()
}

func (e *entry) seen() pool.Entry {
	seen := pool.Entry{
		ID:             e.id,
		URL:            e.url,
		Secret:         e.secret,
		State:          e.state,
		Load:           pool.Unknown[float64]("unavailable"),
		LoadMultiplier: e.multiplier,
		Online:         e.online,
		BBBVersion:     bbbVersion,
	}
	if e.loadKnown {
		seen.Load = pool.Seen(e.load)
	}
	return seen
}

// addEntry registers an entry, disabled and offline.
func (w *World) addEntry(address string, secret pool.Secret) *entry {
	e := &entry{id: w.newID(), url: address, secret: secret, state: pool.Disabled, multiplier: 1}
	if u, err := url.Parse(address); err == nil {
		e.server = w.domains[u.Hostname()]
	}
	w.entries = append(w.entries, e)
	return e
}

// Entries lists Scalelite's entries in the order of their registration.
func (w *World) Entries() []pool.Entry {
	seen := make([]pool.Entry, len(w.entries))
	for i, e := range w.entries {
		seen[i] = e.seen()
	}
	return seen
}

// Register adds an entry in state disabled. Like Scalelite it looks at nothing
// and takes duplicates. An empty url gives ErrInvalid.
func (w *World) Register(url string, secret pool.Secret) (pool.Entry, error) {
	if url == "" {
		return pool.Entry{}, fmt.Errorf("register an entry without url: %w", ErrInvalid)
	}
	return w.addEntry(url, secret).seen(), nil
}

// Remove deletes an entry, whatever meetings it has: ErrNotFound.
func (w *World) Remove(id string) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	for len(e.meetings) > 0 {
		e.drop(e.meetings[0])
	}
	w.entries = slices.DeleteFunc(w.entries, func(other *entry) bool { return other == e })
	return nil
}

// SetState enables, cordons or disables an entry. A disabled entry has no load,
// and once enabled it gets no meetings until a poll has given it one. Errors:
// ErrNotFound, ErrInvalid.
func (w *World) SetState(id string, state pool.EntryState) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	switch state {
	case pool.Enabled:
		e.drainingSince = time.Time{}
	case pool.Cordoned, pool.Disabled:
		if e.state == pool.Enabled {
			e.drainingSince = w.now
		}
	default:
		return fmt.Errorf("set entry %s to state %q: %w", id, state, ErrInvalid)
	}
	e.state = state
	if state == pool.Disabled {
		e.forgetLoad()
	}
	return nil
}

// Panic drops the entry's meetings from Scalelite's map one by one, ends each on
// the server, and then disables the entry. It stops at the first that cannot be
// ended, which is dropped all the same: ErrUnreachable, or ErrNotFound for a
// meeting that BBB does not know any more.
func (w *World) Panic(id string) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	for len(e.meetings) > 0 {
		m := e.meetings[0]
		e.drop(m)
		if err := w.endThrough(e, m); err != nil {
			return fmt.Errorf("panic entry %s: %w", id, err)
		}
	}
	return w.SetState(id, pool.Disabled)
}

// endThrough is Scalelite's call of BBB's end.
func (w *World) endThrough(e *entry, m *meeting) error {
	if e.server == nil {
		return fmt.Errorf("BBB at %s: %w", e.url, ErrUnreachable)
	}
	return w.EndMeeting(e.server.Domain, m.id)
}

func (w *World) entry(id string) (*entry, error) {
	i := slices.IndexFunc(w.entries, func(e *entry) bool { return e.id == id })
	if i < 0 {
		return nil, fmt.Errorf("entry %q: %w", id, ErrNotFound)
	}
	return w.entries[i], nil
}

// drop takes a meeting out of Scalelite's map.
func (e *entry) drop(m *meeting) {
	m.entry = nil
	e.meetings = slices.DeleteFunc(e.meetings, func(other *meeting) bool { return other == m })
}

// place chooses the entry for a new meeting: enabled, online, and of those with
// a load the least loaded; among equals the first id, as in a sorted set of
// Redis. Nil if there is none.
func (w *World) place() *entry {
	var best *entry
	for _, e := range w.entries {
		if e.state != pool.Enabled || !e.online || !e.loadKnown {
			continue
		}
		if best == nil || e.load < best.load || e.load == best.load && e.id < best.id {
			best = e
		}
	}
	return best
}

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
