// Package world models a pool in virtual time: the hoster's machines, Scalelite, BBB
// servers with their meetings and recordings, and the people in them. It takes the
// meetings that people want to hold and the calls that DiViMS makes, answers as the
// real services would at that moment, and counts costs and harm in a Tally.
package world

import (
	"errors"
	"sort"
	"time"
)

// Errors of the world's calls. The error text around them names the call and what it
// was about.
var (
	// ErrNotFound: nothing has this id.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the arguments are invalid, whatever the state of the world is.
	ErrInvalid = errors.New("invalid")
	// ErrState: the call is not possible in the present state of the machine, volume or
	// address.
	ErrState = errors.New("not possible in the present state")
	// ErrOutOfStock: the hoster has no machine of this type in this zone now.
	ErrOutOfStock = errors.New("out of stock")
	// ErrQuota: the project may not have another machine of this type in this zone.
	ErrQuota = errors.New("over quota")
	// ErrUnreachable: nothing answers at the server's domain.
	ErrUnreachable = errors.New("unreachable")
	// ErrSilent: the stats endpoint does not run, on a machine that can be reached.
	ErrSilent = errors.New("not running")
)

// World is a pool in virtual time. It is not safe for concurrent use.
type World struct {
	config Config
	now    time.Time
	agenda agenda
	draws  draws

	servers []*server
	domains map[string]*server
	// machines are sorted by creation.
	machines   []*machine
	machineIDs map[string]*machine
	volumes    []*volume
	addresses  []*address
	// reservations counts the calls of Reserve.
	reservations int
	// soldOut and exhausted are the offers that are out of stock and over quota.
	soldOut, exhausted standing[Offer]
	// sites are the zones that have been used, by name.
	sites         map[string]*site
	refusals      standing[refusal]
	startRefusals standing[startRefusal]
	slowBoots     standing[time.Duration]
	// defects has the images with a defect, by id.
	defects map[string]Defect
	entries []*entry
	poller  poller
	emptied emptied
	// apiStops counts the calls of StopScaleliteAPI that are in force.
	apiStops int
	// until is how far AdvanceTo goes.
	until time.Time
	// caller is who calls the world's methods now; see As. ordered counts the calls of
	// MarkOrdered that are in force, by the number of the server.
	caller  Cause
	ordered map[int]int

	// arrived is the index of the next meeting of the demand.
	arrived  int
	unplaced unplaced
	tally    Tally
}

// New creates a world at config.Start. It returns an error if the Config is invalid.
func New(config Config) (*World, error) {
	if err := config.setDefaults(); err != nil {
		return nil, err
	}
	w := &World{
		config:     config,
		now:        config.Start,
		draws:      newDraws(config.Seed),
		domains:    map[string]*server{},
		machineIDs: map[string]*machine{},
		defects:    map[string]Defect{},
		sites:      map[string]*site{},
		caller:     DiViMS,
		ordered:    map[int]int{},
	}
	w.reserveAddresses()
	for _, place := range config.Servers {
		if err := w.addServer(place); err != nil {
			return nil, err
		}
	}
	w.planRecurring()
	return w, nil
}

// planRecurring plans the events that no call causes: meetings, polls and minutes.
// Meetings from before the start are left out.
func (w *World) planRecurring() {
	w.arrived = sort.Search(len(w.config.Meetings), func(i int) bool {
		return !w.config.Meetings[i].Start.Before(w.now)
	})
	if w.arrived < len(w.config.Meetings) {
		w.agenda.plan(w.config.Meetings[w.arrived].Start, byPeople, w.arrive)
	}
	w.planFirstPoll()
	w.agenda.plan(w.next(time.Minute), byClock, w.minute)
}

// Now returns the world's present time, in UTC.
func (w *World) Now() time.Time { return w.now }

// AdvanceTo runs all events until t, t included, and sets Now to t. A time before Now
// changes nothing.
func (w *World) AdvanceTo(t time.Time) {
	if t.Before(w.now) {
		return
	}
	w.until = t
	for e := w.agenda.next(t); e != nil; e = w.agenda.next(t) {
		w.now = e.at
		if at := e.run(); !at.IsZero() {
			w.agenda.again(e, at)
		}
	}
	w.now = t.UTC()
}

// next returns the next multiple of period after now: polls and minutes are aligned to
// the clock.
func (w *World) next(period time.Duration) time.Time {
	return w.now.Truncate(period).Add(period)
}

// once plans an event that happens once.
func (w *World) once(at time.Time, rank rank, do func()) {
	w.agenda.plan(at, rank, func() time.Time { do(); return time.Time{} })
}
