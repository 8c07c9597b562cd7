package world

import (
	"slices"

	"divims/internal/pool"
)

// FreePlaces returns the numbers of the servers that could be enabled to make the pool
// larger: their entries are cordoned or disabled, not by a person, and there is nothing to
// repair first. A cloud server without a machine is one of them, because a machine can be
// created for it.
func (w *World) FreePlaces() []int {
	numbers := []int{}
	for _, s := range w.servers {
		if w.hasOut(s) && s.couldServe() {
			numbers = append(numbers, s.Number)
		}
	}
	return numbers
}

// hasOut reports whether the server has an entry, and none that is enabled or that a person
// took out.
func (w *World) hasOut(s *server) bool {
	of := func(e *entry) bool { return e.server == s }
	kept := func(e *entry) bool { return of(e) && (e.state == pool.Enabled || e.byHand()) }
	return slices.ContainsFunc(w.entries, of) && !slices.ContainsFunc(w.entries, kept)
}

// byHand reports whether a person cordoned or disabled the entry last.
func (e *entry) byHand() bool { return !e.withdrawn.IsZero() && e.withdrawnBy == Person }

// couldServe reports whether the server would take meetings, now or after a start or the
// creation of a machine.
func (s *server) couldServe() bool {
	m := s.machine()
	if m == nil {
		return !s.BareMetal
	}
	switch m.State {
	case pool.Stopped, pool.StoppedInPlace, pool.Starting:
		return true
	case pool.Running:
		return s.bbb(Scalelite) != nil
	}
	return false
}
