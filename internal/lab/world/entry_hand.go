package world

import (
	"math"
	"slices"

	"divims/internal/pool"
)

// The methods below are what a person does in Scalelite to all entries of a server. Each
// returns a function that reverts the change, unless somebody has changed the same since.
// It is nil if the server has no entry.

// eachEntry does something to each entry of a server as a Person, and returns a function
// that undoes it, or nil if the server has no entry.
func (w *World) eachEntry(number int, do func(*entry) (undo func())) (undo func()) {
	entries := w.entriesOf(number)
	if len(entries) == 0 {
		return nil
	}
	var undos []func()
	for _, e := range entries {
		w.As(Person, func() { undos = append(undos, do(e)) })
	}
	return func() {
		for _, undo := range undos {
			w.As(Person, undo)
		}
	}
}

// SetStateByHand sets the state of a server's entries.
func (w *World) SetStateByHand(number int, state pool.EntryState) (undo func()) {
	return w.eachEntry(number, func(e *entry) func() {
		end := e.handStates.set(e.state, state)
		w.setState(e, state)
		e.handChanges = e.changes
		return func() {
			end()
			if e.changes == e.handChanges {
				w.setState(e, e.handStates.inForce())
				e.handChanges = e.changes
			}
		}
	})
}

// SetMultiplierByHand sets the load multiplier of a server's entries, which is not 0.
func (w *World) SetMultiplierByHand(number int, multiplier float64) (undo func()) {
	return w.eachEntry(number, func(e *entry) func() {
		end := e.handMultipliers.set(e.multiplier, multiplier)
		e.multiplier = multiplier
		return func() {
			last := e.handMultipliers.inForce()
			end()
			if e.multiplier == last || math.IsNaN(e.multiplier) && math.IsNaN(last) {
				e.multiplier = e.handMultipliers.inForce()
			}
		}
	})
}

// RemoveByHand deletes a server's entries. undo adds each again, under a new id and with its
// former state, unless its URL has an entry by then.
func (w *World) RemoveByHand(number int) (undo func()) {
	return w.eachEntry(number, func(e *entry) func() {
		w.removeEntry(e)
		return func() {
			if w.hasURL(e.url) {
				return
			}
			again := w.addEntry(e.url, e.secret)
			again.multiplier, again.tag = e.multiplier, e.tag
			w.setState(again, e.state)
		}
	})
}

// DuplicateByHand adds a second entry for each of a server's entries. It is disabled, as
// all new ones are.
func (w *World) DuplicateByHand(number int) (undo func()) {
	return w.eachEntry(number, func(e *entry) func() {
		double := w.addEntry(e.url, e.secret)
		return func() {
			if !double.deleted {
				w.removeEntry(double)
			}
		}
	})
}

// hasURL reports whether an entry has a URL, or one that differs only in its form.
func (w *World) hasURL(url string) bool {
	return slices.ContainsFunc(w.entries, func(e *entry) bool { return normalized(e.url) == normalized(url) })
}
