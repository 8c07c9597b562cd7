// Package world is a model of a pool in virtual time.
// In go a configuration, the demand (meetings) and what is done to the pool: orders to the hoster, to Scalelite and to BBB.
// Out comes what each of them would answer at that moment, and a tally of what it meant for people and cost.
package world

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"time"
)

// What the world answers to what it cannot do. The text around them names what
// was asked for.
var (
	// ErrNotFound: nothing bears this id.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the order makes no sense, whatever the moment.
	ErrInvalid = errors.New("invalid")
	// ErrState: not in the present state of the thing.
	ErrState = errors.New("not possible in the present state")
	// ErrOutOfStock: no machine of this type in this zone now.
	ErrOutOfStock = errors.New("out of stock")
	// ErrUnreachable: nothing answers under the server's domain.
	ErrUnreachable = errors.New("unreachable")
)

// World is a pool in virtual time. It is not safe for concurrent use.
type World struct {
	config Config
	now    time.Time
	agenda agenda
	random *rand.Rand
	// races settles the races, apart from random: a world with races is but for
	// them the one without.
	races *rand.Rand

	servers []*server
	domains map[string]*server
	// machines are in the order of their creation.
	machines   []*machine
	machineIDs map[string]*machine
	volumes    []*volume
	addresses  []*address
	// reservations counts the addresses that were ever reserved beyond those.
	reservations int
	soldOut      map[stock]bool
	entries      []*entry

	// arrived counts the meetings of the demand that have begun.
	arrived int
	tally   Tally
}

// New makes a world at its start. It refuses a Config that contradicts itself.
func New(config Config) (*World, error) {
	if err := config.settle(); err != nil {
		return nil, err
	}
	w := &World{
		config:     config,
		now:        config.Start,
		random:     rand.New(rand.NewPCG(config.Seed, 0)),
		races:      rand.New(rand.NewPCG(config.Seed, 1)),
		domains:    map[string]*server{},
		machineIDs: map[string]*machine{},
		soldOut:    map[stock]bool{},
	}
	w.reserveAddresses()
	for _, place := range config.Servers {
		if err := w.addServer(place); err != nil {
			return nil, err
		}
	}
	w.planRegulars()
	return w, nil
}

// planRegulars puts on the agenda what happens without anybody's doing.
func (w *World) planRegulars() {
	w.arrived = sort.Search(len(w.config.Meetings), func(i int) bool {
		return !w.config.Meetings[i].Start.Before(w.now)
	})
	if w.arrived < len(w.config.Meetings) {
		w.agenda.plan(w.config.Meetings[w.arrived].Start, byPeople, w.arrive)
	}
	w.agenda.plan(w.next(w.config.Poll), byScalelite, w.poll)
	w.agenda.plan(w.next(time.Minute), byClock, w.minute)
}

// Now is the world's present, in UTC.
func (w *World) Now() time.Time { return w.now }

// AdvanceTo lets everything happen that happens until t, t included. A time
// before Now changes nothing.
func (w *World) AdvanceTo(t time.Time) {
	if t.Before(w.now) {
		return
	}
	for e := w.agenda.next(t); e != nil; e = w.agenda.next(t) {
		w.now = e.at
		if at := e.run(); !at.IsZero() {
			w.agenda.again(e, at)
		}
	}
	w.now = t.UTC()
}

// next is the first full period after now: polls and minutes keep to the clock.
func (w *World) next(period time.Duration) time.Time {
	return w.now.Truncate(period).Add(period)
}

// once plans what happens a single time.
func (w *World) once(at time.Time, rank rank, do func()) {
	w.agenda.plan(at, rank, func() time.Time { do(); return time.Time{} })
}

// between draws a time from now+least to now+most, by the second.
func (w *World) between(least, most time.Duration) time.Time {
	choices := int64((most-least)/time.Second) + 1
	return w.now.Add(least + time.Duration(w.random.Int64N(choices))*time.Second)
}

// newID draws an id as the services give them: a random UUID.
func (w *World) newID() string {
	a, b := w.random.Uint64(), w.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&(1<<48-1))
}
