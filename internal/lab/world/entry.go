package world

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"divims/internal/pool"
)

// entry is a server as Scalelite knows it.
type entry struct {
	id         string
	url        string
	secret     pool.Secret
	server     *server // that the url leads to; nil if it leads nowhere
	state      pool.EntryState
	multiplier float64
	tag        string
	online     bool
	bad        int // bad polls in a row
	load       float64
	loadKnown  bool
	race       race
	// meetings is Scalelite's own map of who is where.
	meetings []*meeting
	// drainingSince is when it was last enabled; zero while it is, or never was.
	drainingSince time.Time
}

func (e *entry) setLoad(load float64) { e.load, e.loadKnown = load, true }

func (e *entry) forgetLoad() { e.load, e.loadKnown = 0, false }

// count adds a create or a join to the load until the next poll, and to the load
// of a straggler, which no poll sets again.
func (e *entry) count() {
	e.load += e.multiplier
	e.race.load += e.multiplier
}

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
		Tag:            e.tag,
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

// SetTag says for which meetings an entry's server is: those that ask for the tag,
// or with "" those that ask for none. Errors: ErrNotFound.
func (w *World) SetTag(id, tag string) error {
	e, err := w.entry(id)
	if err == nil {
		e.tag = tag
	}
	return err
}

// SetMultiplier says by what Scalelite multiplies the load of an entry's server,
// from now on. Errors: ErrNotFound, ErrInvalid.
func (w *World) SetMultiplier(id string, multiplier float64) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	if !(multiplier > 0 && multiplier <= maximumMultiplier) {
		return fmt.Errorf("set the load multiplier of entry %s to %g: %w", id, multiplier, ErrInvalid)
	}
	e.multiplier = multiplier
	return nil
}

// maximumMultiplier is far above what makes sense.
const maximumMultiplier = 1000

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
		e.race = race{}
	case pool.Cordoned, pool.Disabled:
		if e.state == pool.Enabled {
			e.drainingSince = w.now
			e.race.pending = w.races.Float64() < w.config.CordonRace
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
