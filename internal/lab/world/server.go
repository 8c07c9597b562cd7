package world

import (
	"fmt"
	"slices"

	"divims/internal/pool"
)

// server is a server of the pool with what its domain points to now.
type server struct {
	pool.Server
	// address is what the domain points to; nil for bare metal.
	address *address
	// host is the machine of a bare metal server.
	host *machine
	// certificates are faults of the server's certificate.
	certificates standing[heldCertificateFault]
	// misled has the servers that the domain leads to instead of this one. The newest one
	// counts.
	misled standing[*server]
}

// machine returns the server's machine, or nil. The domain points to it, unless Mislead has
// changed that.
func (s *server) machine() *machine {
	if s.host != nil || s.address == nil {
		return s.host
	}
	return s.address.machine
}

// addServer adds a server with its entry. It also creates a running machine if the
// server is bare metal or one of those that run from the start.
func (w *World) addServer(place pool.Server) error {
	if w.domains[place.Domain] != nil {
		return fmt.Errorf("two servers of the world have the domain %s", place.Domain)
	}
	s := &server{Server: place}
	if !place.BareMetal {
		s.address = w.addressOf(place.Number)
	}
	w.servers = append(w.servers, s)
	w.domains[place.Domain] = s

	e := w.addEntry(place.EntryURL(), w.config.Secret)
	enabled := len(w.servers) <= w.config.Running
	if !enabled && !place.BareMetal {
		return nil
	}
	if err := w.addRunningMachine(s); err != nil {
		return fmt.Errorf("start %s running: %w", place.Domain, err)
	}
	e.online, e.version = true, BBBVersion
	if enabled {
		e.state = pool.Enabled
		e.setLoad(0)
	}
	return nil
}

// addressOf returns the first address with the server's tag, or nil.
func (w *World) addressOf(number int) *address {
	i := slices.IndexFunc(w.addresses, func(a *address) bool {
		return slices.Contains(a.Tags, AddressTag(number))
	})
	if i < 0 {
		return nil
	}
	return w.addresses[i]
}

// answering returns the machine whose BBB answers us at a domain, or ErrUnreachable.
func (w *World) answering(domain string) (*machine, error) {
	if s := w.domains[domain]; s != nil {
		if m := s.bbb(Us); m != nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("BBB of %s: %w", domain, ErrUnreachable)
}

// reached returns the machine that we reach at a domain, whether or not its BBB answers, or
// ErrUnreachable.
func (w *World) reached(domain string) (*machine, error) {
	if s := w.domains[domain]; s != nil {
		if contact, m := s.contact(Us); contact != Drops {
			return m, nil
		}
	}
	return nil, fmt.Errorf("machine of %s: %w", domain, ErrUnreachable)
}

// serverByNumber returns a server of the pool, or ErrNotFound.
func (w *World) serverByNumber(number int) (*server, error) {
	for _, s := range w.servers {
		if s.Number == number {
			return s, nil
		}
	}
	return nil, fmt.Errorf("server %d: %w", number, ErrNotFound)
}

// machineOf returns the machine that the domain of a server points to, or nil if there is
// no such machine or no such server.
func (w *World) machineOf(number int) *machine {
	s, err := w.serverByNumber(number)
	if err != nil {
		return nil
	}
	return s.machine()
}

// machineBehind returns the machine of the server with a domain, or ErrUnreachable.
func (w *World) machineBehind(domain string) (*machine, error) {
	if s := w.domains[domain]; s != nil && s.machine() != nil {
		return s.machine(), nil
	}
	return nil, fmt.Errorf("machine of %s: %w", domain, ErrUnreachable)
}
