package world

import (
	"slices"

	"divims/internal/pool"
)

// Party is somebody who calls a server.
type Party int

// The parties. Each may be cut off from a server while the others reach it.
const (
	Us        Party = iota // DiViMS
	Scalelite              // its API and its poller
	People                 // the browsers of those in meetings
)

// Contact is what a party meets that calls a server.
type Contact int

// The contacts, from the best to the worst.
const (
	// Answers: BBB answers.
	Answers Contact = iota
	// Fails: BBB, or the web server in front of it, answers with an error.
	Fails
	// Hangs: the connection is made, and no answer follows.
	Hangs
	// Refuses: the connection is refused at once.
	Refuses
	// Drops: packets are lost, so not even a connection is made.
	Drops
)

// contact returns what a party meets at a server's BBB, and the machine that its domain
// leads to, which may be nil.
func (s *server) contact(by Party) (Contact, *machine) {
	m := s.machine()
	switch {
	case m == nil || m.bootTime.IsZero():
		return Drops, m
	case !m.bbbUp || s.silenced:
		return Fails, m
	}
	return Answers, m
}

// bbb returns the machine whose BBB answers a party at the domain, or nil.
func (s *server) bbb(by Party) *machine {
	if contact, m := s.contact(by); contact == Answers {
		return m
	}
	return nil
}

// Serving returns the numbers of the servers that new meetings are truly held on: an
// enabled entry is online, Scalelite places meetings on it, and BBB answers Scalelite
// there. What Scalelite lists of a server that fell a moment ago does not matter.
func (w *World) Serving() []int {
	numbers := []int{}
	for _, s := range w.serving() {
		numbers = append(numbers, s.Number)
	}
	return numbers
}

// serving returns the servers of Serving.
func (w *World) serving() []*server {
	chosen := map[*server]bool{}
	for _, e := range w.entries {
		if e.takesMeetings() && e.bbb() != nil {
			chosen[e.server] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(w.servers), func(s *server) bool { return !chosen[s] })
}

// takesMeetings reports whether an enabled entry is one of those that Scalelite places new
// meetings on.
func (e *entry) takesMeetings() bool {
	_, chosen := e.offered()
	return chosen && e.online && e.state == pool.Enabled
}
