package world

import (
	"slices"

	"divims/internal/pool"
)

// The methods below return numbers of servers, sorted.

// RunningServers returns the servers whose machine runs as the hoster sees it, whether or
// not it answers.
func (w *World) RunningServers() []int {
	return w.numbers(func(s *server) bool {
		m := s.machine()
		return m != nil && m.State == pool.Running
	})
}

// Serving returns the servers that new meetings are truly held on: an enabled entry is
// online, Scalelite places meetings on it, and BBB answers Scalelite there. A server that
// fell a moment ago is not among them, even if Scalelite still lists it as online.
func (w *World) Serving() []int {
	serving := w.serving()
	return w.numbers(func(s *server) bool { return serving[s] })
}

// serving returns the servers of Serving.
func (w *World) serving() map[*server]bool {
	serving := map[*server]bool{}
	for _, e := range w.entries {
		if e.takesMeetings() && e.bbb() != nil {
			serving[e.server] = true
		}
	}
	return serving
}

// takesMeetings reports whether an enabled entry is one of those that Scalelite places new
// meetings on.
func (e *entry) takesMeetings() bool {
	_, chosen := e.offered()
	return chosen && e.online && e.state == pool.Enabled
}

// FreePlaces returns the servers that could be enabled to make the pool larger: their
// entries are cordoned or disabled, not by a person, and there is nothing to repair first.
// A cloud server without a machine is one of them, because a machine can be created for it.
// A server with a tag is none of them: meetings without a tag are not placed on it.
func (w *World) FreePlaces() []int {
	return w.numbers(func(s *server) bool { return w.isOut(s) && !w.isTagged(s) && s.couldServe() })
}

// isTagged reports whether an entry of the server has a tag.
func (w *World) isTagged(s *server) bool {
	return slices.ContainsFunc(w.entriesOf(s.Number), func(e *entry) bool { return e.tag != "" })
}

// Occupied returns the servers whose machine has to stay, even if the pool needs fewer: there
// are recordings on it that are unfinished or have failed, or meetings although it takes no
// new ones.
func (w *World) Occupied() []int {
	return w.numbers(func(s *server) bool {
		m := s.machine()
		if m == nil || m.unfinished() > 0 {
			return m != nil
		}
		return len(m.meetings) > 0 && !slices.ContainsFunc(w.entriesOf(s.Number), func(e *entry) bool { return e.state == pool.Enabled })
	})
}

// isOut reports whether the server has an entry, and none that is enabled or that a person
// took out.
func (w *World) isOut(s *server) bool {
	entries := w.entriesOf(s.Number)
	return len(entries) > 0 && !slices.ContainsFunc(entries, func(e *entry) bool {
		return e.state == pool.Enabled || e.byHand()
	})
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

// numbers returns the numbers of the servers that match, sorted.
func (w *World) numbers(matches func(*server) bool) []int {
	numbers := []int{}
	for _, s := range w.servers {
		if matches(s) {
			numbers = append(numbers, s.Number)
		}
	}
	return numbers
}
