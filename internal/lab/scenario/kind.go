package scenario

import (
	"slices"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
)

// kind is a kind of event.
type kind struct {
	name string
	keys []key
	// instant events happen and are over: they take no for=.
	instant bool
	// happens says in one line what happens in the world.
	happens string
	// example is the rest of an example line, for instance "servers=3 for=1h".
	example string
	// check, if set, returns an error if an event's values do not go together, or do not
	// fit a pool of that many servers. The keys' own checks have passed.
	check func(e *Event, servers int) error
	// begin makes the event happen. What must be undone at its end is given to
	// happening.atEnd.
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
	// KillNext kills the next evaluation when that many of its calls were answered.
	KillNext(after int)
	// Deploy deploys the function with another setting, NAME=VALUE, until withdraw is called.
	Deploy(setting string) (withdraw func(), err error)
}

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
}

// note adds something to the line that the progress shows for the event, for example
// "server 5 has no machine".
func (h *happening) note(text string) { h.notes = append(h.notes, text) }

// atEnd has something undone at the event's end, if it has one.
func (h *happening) atEnd(undo func()) { h.ends = append(h.ends, undo) }

// with gives the event the world. Nothing else happens meanwhile.
func (h *happening) with(do func(*world.World)) { h.Run.Sandbox().With(do) }

// each makes something happen to each of the event's servers. What do returns undoes
// it at the event's end; it may be nil.
func (h *happening) each(do func(w *world.World, server int) (undo func(*world.World))) {
	h.with(func(w *world.World) {
		for _, server := range h.Servers {
			if undo := do(w, server); undo != nil {
				h.atEnd(func() { h.with(undo) })
			}
		}
	})
}
