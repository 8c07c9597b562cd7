package world

import (
	"fmt"
	"time"
)

// Party is who calls a server.
type Party int

// The parties. Each may be cut off from a server while the others reach it.
const (
	Us        Party = iota // DiViMS
	Scalelite              // its API and its poller
	People                 // the browsers of those in meetings
)

// Contact is the result of a party's call to a server.
type Contact int

// The contacts, from the best to the worst.
const (
	// Answers: BBB answers.
	Answers Contact = iota
	// Denies: BBB answers that the checksum of every call is wrong.
	Denies
	// Fails: BBB, or the web server in front of it, answers with an error.
	Fails
	// Hangs: the connection is made, and no answer follows.
	Hangs
	// Refuses: the connection is reset at once.
	Refuses
	// Drops: packets are lost, so not even a connection is made.
	Drops
)

// contact returns the result of a party's call to the BBB that a server's domain leads to,
// and the machine there, which may be nil.
func (s *server) contact(by Party) (Contact, *machine) {
	to := s.leadsTo()
	m := to.machine()
	switch {
	case m == nil || m.bootTime.IsZero() || m.dead() || m.isCutOff(by):
		return Drops, m
	case by == Scalelite && !s.isTrusted():
		return Fails, m
	case !m.bbbUp:
		return max(Fails, m.bbbContact()), m
	}
	return m.bbbContact(), m
}

// Contact returns the result of our call to the BBB of a server. It does not consider the
// certificate, which our client verifies itself. Errors: ErrNotFound for an unknown domain.
func (w *World) Contact(domain string) (Contact, error) {
	s := w.domains[domain]
	if s == nil {
		return Drops, fmt.Errorf("server %q: %w", domain, ErrNotFound)
	}
	contact, _ := s.contact(Us)
	return contact, nil
}

// IsUp reports whether the system of the machine behind a domain is up, even if nobody
// reaches it.
func (w *World) IsUp(domain string) bool {
	s := w.domains[domain]
	return s != nil && s.leadsTo().machine() != nil && !s.leadsTo().machine().bootTime.IsZero()
}

// ServerClock returns the time by the clock of the machine behind a domain: the true time
// if there is none.
func (w *World) ServerClock(domain string) time.Time {
	if s := w.domains[domain]; s != nil && s.leadsTo().machine() != nil {
		return w.now.Add(s.leadsTo().machine().clock())
	}
	return w.now
}

// bbb returns the machine whose BBB answers a party at the domain, or nil.
func (s *server) bbb(by Party) *machine {
	if contact, m := s.contact(by); contact == Answers {
		return m
	}
	return nil
}
