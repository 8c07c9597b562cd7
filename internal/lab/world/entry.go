package world

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"divims/internal/pool"
)

// entry is a server as Scalelite knows it.
type entry struct {
	id     string
	url    string
	secret pool.Secret
	server *server // the server at the url, or nil
	// hash orders large sets in Redis, and determines how fast the server answers polls.
	hash uint64
	// version is the BBB version, which is "" until the first successful poll.
	version string
	deleted bool
	// wrongSecret is set if the server's BBB has another secret.
	wrongSecret bool
	// changes counts the changes of the state that were asked for.
	changes int
	// handChanges is what changes was when a person changed the state last.
	handChanges int
	// handStates and handMultipliers are what people set by hand.
	handStates      override[pool.EntryState]
	handMultipliers override[float64]
	state           pool.EntryState
	multiplier      float64
	tag             string
	online          bool
	bad             int // failed polls in a row
	load            float64
	loadKnown       bool
	race            race
	// meetings are the entry's meetings in Scalelite's own list.
	meetings []*meeting
	// drainingSince is when the entry stopped being enabled. It is zero while the entry
	// is enabled, if it was never enabled, and after noteDrain.
	drainingSince time.Time
	// withdrawn is when somebody cordoned or disabled the entry last, and withdrawnBy who.
	withdrawn   time.Time
	withdrawnBy Cause
}

func (e *entry) setLoad(load float64) { e.load, e.loadKnown = load, true }

func (e *entry) clearLoad() { e.load, e.loadKnown = 0, false }

// count adds a created meeting or a join to the load. The next poll replaces the load, but
// no poll replaces the load in race. Redis refuses what is not a number.
func (e *entry) count() {
	if e.deleted || math.IsNaN(e.multiplier) {
		return
	}
	e.load += e.multiplier
	e.race.load += e.multiplier
}

// contact returns what Scalelite meets at the entry's url, and the machine behind it if
// its BBB answers.
func (e *entry) contact() (Contact, *machine) {
	if e.server == nil {
		return Refuses, nil // the name is not known
	}
	contact, m := e.server.contact(Scalelite)
	switch {
	case contact != Answers:
		return contact, nil
	case e.wrongSecret:
		return Fails, nil
	}
	return contact, m
}

// bbb returns the machine whose BBB answers Scalelite at the entry's url, or nil.
func (e *entry) bbb() *machine {
	_, m := e.contact()
	return m
}

// seen returns the entry as Scalelite lists it.
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
		BBBVersion:     e.version,
	}
	if e.loadKnown {
		seen.Load = pool.Seen(e.load)
	}
	return seen
}

// addEntry registers an entry, which is disabled and offline.
func (w *World) addEntry(address string, secret pool.Secret) *entry {
	e := &entry{id: w.newID("entry", address), url: address, state: pool.Disabled, multiplier: 1}
	e.server = w.serverAt(address)
	w.setSecret(e, secret)
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(e.id))
	e.hash = hash.Sum64()
	w.entries = append(w.entries, e)
	return e
}

// Entries returns Scalelite's entries in the order of their registration.
func (w *World) Entries() []pool.Entry {
	seen := make([]pool.Entry, len(w.entries))
	for i, e := range w.entries {
		seen[i] = e.seen()
	}
	return seen
}

// Register adds a disabled entry. Like Scalelite, it checks nothing else and accepts
// duplicates. Errors: ErrInvalid for an empty url.
func (w *World) Register(url string, secret pool.Secret) (pool.Entry, error) {
	if url == "" {
		return pool.Entry{}, fmt.Errorf("register an entry without url: %w", ErrInvalid)
	}
	if w.caller == DiViMS && w.hasURL(url) {
		w.tally.EntriesDoubled++
	}
	return w.addEntry(url, secret).seen(), nil
}

// SetSecret sets the secret with which Scalelite calls an entry's server. Errors:
// ErrNotFound.
func (w *World) SetSecret(id string, secret pool.Secret) error {
	e, err := w.entry(id)
	if err == nil {
		w.setSecret(e, secret)
	}
	return err
}

func (w *World) setSecret(e *entry, secret pool.Secret) {
	e.secret, e.wrongSecret = secret, secret.Reveal() != w.config.Secret.Reveal()
}

// SetTag sets the tag of an entry, or removes it if tag is "". See place for the effect on
// new meetings. Errors: ErrNotFound.
func (w *World) SetTag(id, tag string) error {
	e, err := w.entry(id)
	if err == nil {
		e.tag = tag
	}
	return err
}

// SetMultiplier sets the factor by which Scalelite multiplies the load of an entry's
// server from the next poll on. It takes NaN and every number but 0. Errors:
// ErrNotFound, ErrInvalid.
func (w *World) SetMultiplier(id string, multiplier float64) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	if multiplier == 0 || math.IsInf(multiplier, 0) {
		return fmt.Errorf("set the load multiplier of entry %s to %g: %w", id, multiplier, ErrInvalid)
	}
	e.multiplier = multiplier
	return nil
}

// Remove deletes an entry, even if it has meetings. Errors: ErrNotFound.
func (w *World) Remove(id string) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	w.removeEntry(e)
	return nil
}

func (w *World) removeEntry(e *entry) {
	for len(e.meetings) > 0 {
		e.drop(e.meetings[0])
	}
	e.deleted = true
	w.entries = slices.DeleteFunc(w.entries, func(other *entry) bool { return other == e })
}

// SetState enables, cordons or disables an entry. A disabled entry has no load. Once
// enabled, it gets no meetings until a poll has set its load. Errors: ErrNotFound,
// ErrInvalid.
func (w *World) SetState(id string, state pool.EntryState) error {
	e, err := w.entry(id)
	if err != nil {
		return err
	}
	if state != pool.Enabled && state != pool.Cordoned && state != pool.Disabled {
		return fmt.Errorf("set entry %s to state %q: %w", id, state, ErrInvalid)
	}
	w.setState(e, state)
	return nil
}

func (w *World) setState(e *entry, state pool.EntryState) {
	e.changes++
	switch state {
	case e.state:
	case pool.Enabled:
		e.enable()
	default:
		w.withdraw(e, state)
	}
}

// enable enables an entry. One that was straggling without a load keeps that of the race.
func (e *entry) enable() {
	if e.race.straggling && !e.loadKnown {
		e.setLoad(e.race.load)
	}
	e.state, e.drainingSince, e.race = pool.Enabled, time.Time{}, race{}
}

// withdraw cordons or disables an entry. Any such change removes a straggler from the set
// that new meetings are placed on.
func (w *World) withdraw(e *entry, state pool.EntryState) {
	e.race.straggling = false
	e.withdrawn, e.withdrawnBy = w.now, w.causeFor(e.server)
	if e.state == pool.Enabled {
		e.drainingSince = w.now
		e.race.pending = w.Chance("cordon race", e.id, w.config.CordonRace)
	}
	e.state = state
	if state == pool.Disabled {
		e.clearLoad()
	}
}

// Panic removes the entry's meetings from Scalelite's list one by one, ends each on the
// server, and then disables the entry. It stops at the first meeting that cannot be
// ended, which is removed from the list all the same. Errors: ErrUnreachable, or
// ErrNotFound for a meeting that BBB does not know any more.
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

// endThrough ends a meeting as Scalelite does, by BBB's end call.
func (w *World) endThrough(e *entry, m *meeting) error {
	machine := e.bbb()
	if machine == nil {
		return fmt.Errorf("BBB at %s: %w", e.url, ErrUnreachable)
	}
	return w.endOn(machine, e.server.Domain, m.id)
}

func (w *World) entry(id string) (*entry, error) {
	i := slices.IndexFunc(w.entries, func(e *entry) bool { return e.id == id })
	if i < 0 {
		return nil, fmt.Errorf("entry %q: %w", id, ErrNotFound)
	}
	return w.entries[i], nil
}

// entriesOf returns the entries of a server.
func (w *World) entriesOf(number int) []*entry {
	var found []*entry
	for _, e := range w.entries {
		if e.server != nil && e.server.Number == number {
			found = append(found, e)
		}
	}
	return found
}

// drop removes a meeting from Scalelite's list.
func (e *entry) drop(m *meeting) {
	m.entry = nil
	e.meetings = slices.DeleteFunc(e.meetings, func(other *meeting) bool { return other == m })
}
