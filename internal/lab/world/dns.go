package world

import "fmt"

// Mislead makes the domain of a server lead to the machine of another server, also to its
// later machines, until correct is called. Errors: ErrNotFound for an unknown server.
func (w *World) Mislead(server, to int) (correct func(), err error) {
	from, err := w.serverByNumber(server)
	if err != nil {
		return nil, fmt.Errorf("mislead: %w", err)
	}
	target, err := w.serverByNumber(to)
	if err != nil {
		return nil, fmt.Errorf("mislead %s: %w", from.Domain, err)
	}
	return from.misled.add(target), nil
}

// leadsTo returns the server whose machine the domain leads to: the server itself, unless
// Mislead has changed that.
func (s *server) leadsTo() *server {
	if last := s.misled.newest(); last != nil {
		return *last
	}
	return s
}

// LeadsTo returns the domain whose addresses a domain has in the DNS: its own, unless Mislead
// has changed that.
func (w *World) LeadsTo(domain string) string {
	if s := w.domains[domain]; s != nil {
		return s.leadsTo().Domain
	}
	return domain
}
