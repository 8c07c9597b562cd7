package scenario

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
)

// kind is a kind of event.
type kind struct {
	name string
	keys []key
	// instant is set for events without an end, which take no for=.
	instant bool
	// happens says what happens in the world, in whole sentences.
	happens string
	// example is the rest of an example line, for instance "servers=3 for=1h".
	example string
	// check, if set, returns an error if an event's values do not go together, or do not
	// fit a pool of that many servers. The keys' own checks have passed.
	check func(e *Event, servers int) error
	// begin makes the event happen. It gives happening.atEnd what undoes it.
	begin func(*happening) error
}

// key is a key that a kind of event takes, beside for=. A key with the name "servers" is
// always required; its value is parsed, and happening.Servers has the servers it selects.
type key struct {
	name     string
	required bool
	// words are the values that the key may have; empty for any that check accepts.
	words []string
	// check returns an error if the value is not valid. Nil accepts every text.
	check func(value string) error
}

// kinds returns all kinds of events in the order in which they are listed.
func kinds() []kind {
	return slices.Concat(machineKinds, hosterKinds, scaleliteKinds, runKinds)
}

// Run is the run of the sandbox that a scenario happens to.
type Run interface {
	// Sandbox is everything around the pool.
	Sandbox() *sandbox.Sandbox
	// Operate gives an order of the command line, for example "force 8 --for 4h", and
	// returns what the command line says.
	Operate(order string) (answer string)
	// Evaluate starts one evaluation beside those of the cron trigger.
	Evaluate()
	// StopCron stops the cron trigger until resume is called.
	StopCron() (resume func())
	// SetClock sets how far the function's clock is ahead, until restore is called.
	SetClock(ahead time.Duration) (restore func())
	// KillNext kills the next evaluation when that many of its calls have been answered.
	KillNext(after int)
	// Deploy deploys the function with another setting, NAME=VALUE.
	Deploy(setting string) error
}

// onServers is a key that selects servers.
var onServers = key{name: serversKey}

// happening is an event that happens now.
type happening struct {
	*Event
	Run Run
	// Servers are the numbers of the servers that the event is about.
	Servers []int
	// ends are called at the event's end, the last first.
	ends []func()
	// notes are added to the line that the progress shows for the event.
	notes []string
	// missed is set if nothing happened to any of the servers. The notes say why.
	missed bool
}

// note adds something to the line that the progress shows for the event, for example
// "server 5 has no machine".
func (h *happening) note(text string) { h.notes = append(h.notes, text) }

// atEnd has undo called at the event's end, if the event ends.
func (h *happening) atEnd(undo func()) { h.ends = append(h.ends, undo) }

// with runs do with exclusive access to the world.
func (h *happening) with(do func(*world.World)) { h.Run.Sandbox().With(do) }

// lasting changes the world until the event's end.
func (h *happening) lasting(change func(*world.World) (undo func())) {
	h.with(func(w *world.World) { h.undo(change(w)) })
}

// undo has a change of the world undone at the event's end, with exclusive access to it.
func (h *happening) undo(undo func()) {
	h.atEnd(func() { h.with(func(*world.World) { undo() }) })
}

// lasting returns the beginning of an event that changes the world as a whole.
func lasting(change func(h *happening, w *world.World) (undo func())) func(*happening) error {
	return func(h *happening) error {
		h.lasting(func(w *world.World) func() { return change(h, w) })
		return nil
	}
}

// toServers returns the beginning of an event that changes each of its servers. If change
// returns nil, nothing has happened to the server, and the progress line says that it has
// what missing names: "no machine".
func toServers(missing string, change func(h *happening, w *world.World, server int) (undo func())) func(*happening) error {
	return func(h *happening) error {
		h.with(func(w *world.World) {
			for _, server := range h.Servers {
				undo := change(h, w, server)
				if undo == nil {
					h.note(fmt.Sprintf("server %d has %s", server, missing))
					continue
				}
				h.undo(undo)
			}
		})
		h.missed = len(h.ends) == 0
		return nil
	}
}
