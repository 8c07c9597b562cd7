// Package scenario makes bad days that are written down as files happen in a sandbox. It takes
// the text of a scenario and returns its events. Their Timeline makes each happen at its
// moment: it changes the world, its services, or the run of the function.
package scenario

import (
	"slices"
	"time"
)

// Scenario is a bad day: events with the moments at which they happen.
type Scenario struct {
	// Name is the name of its file.
	Name string
	// Events are in the order of their lines.
	Events []Event

	options Options
}

// Options describe the run that a scenario is read for.
type Options struct {
	// Start is the virtual time at which the run begins.
	Start time.Time
	// Length is the virtual time that the run takes; 0 has no end.
	Length time.Duration
	// Zone is the time zone of the pool; nil is UTC.
	Zone *time.Location
	// Servers is the size of the pool.
	Servers int
	// Seed determines which servers random:N and N% select.
	Seed uint64
	// Check, if set, returns an error if the run cannot make an event happen, for example an
	// order that is not a command.
	Check func(*Event) error
}

// Event is one line of a scenario.
type Event struct {
	// Line is its number in the file, from 1.
	Line int
	// Kind is the name of the event.
	Kind string
	// Text is the event as it is written, without its time: "zone-down zone=fr-par-1 for=2h".
	Text string
	// At is when it begins. For is how long it lasts; 0 means that it stays.
	At  time.Time
	For time.Duration
	// Values are the values of its keys, without for=.
	Values map[string]string

	kind *kind
	// servers is the parsed value of the key "servers", if the kind has it.
	servers selection
}

// takesServers reports whether the event is about servers.
func (e *Event) takesServers() bool { return slices.ContainsFunc(e.kind.keys, isServers) }

// isServers reports whether a key selects servers.
func isServers(k key) bool { return k.name == serversKey }
