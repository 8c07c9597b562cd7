// Package scenario reads bad days written down as files, and makes them happen in a
// sandbox. It takes the text of a scenario and returns its events in the order of time;
// each event changes the world, its services, or the run of the function.
package scenario

import "time"

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
