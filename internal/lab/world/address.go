package world

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"divims/internal/pool"
)

// address is a reserved address. Its MachineID follows machine.
type address struct {
	pool.Address
	machine *machine
}

func (a *address) seen() pool.Address {
	seen := a.Address
	seen.Tags = slices.Clone(a.Tags)
	if a.machine != nil {
		seen.MachineID = a.machine.ID
	}
	return seen
}

// AddressTag marks the address that a server's domain points to.
func AddressTag(number int) string { return "divims-server-" + strconv.Itoa(number) }

// defaultAddresses are in 198.18.0.0/15, which RFC 2544 keeps for tests.
func defaultAddresses(servers []pool.Server, zone string, tags []string) []pool.Address {
	addresses := []pool.Address{}
	for _, s := range servers {
		if s.BareMetal {
			continue
		}
		addresses = append(addresses, pool.Address{
			ID:      fmt.Sprintf("00000000-0000-4000-9000-%012d", s.Number),
			Zone:    zone,
			IP:      netip.AddrFrom4([4]byte{198, 18, byte(s.Number >> 8), byte(s.Number)}),
			Tags:    append(slices.Clone(tags), AddressTag(s.Number)),
			Reverse: s.Domain,
		})
	}
	return addresses
}

// Reserve reserves one more address: of the second half of 198.18.0.0/16, or a
// network of 2001:db8::/32, which RFC 3849 keeps for examples.
func (w *World) Reserve(zone string, family pool.Family, tags []string) pool.Address {
	w.reservations++
	n := w.reservations
	ip := netip.AddrFrom4([4]byte{198, 18, 128 + byte(n>>8), byte(n)})
	if family == pool.IPv6 {
		ip = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 6: byte(n >> 8), 7: byte(n)})
	}
	a := &address{Address: pool.Address{ID: w.newID(), Zone: zone, IP: ip, Tags: slices.Clone(tags)}}
	w.addresses = append(w.addresses, a)
	w.leadDomains()
	return a.seen()
}

// Retag replaces the tags of an address: ErrNotFound.
func (w *World) Retag(id string, tags []string) error {
	a, err := w.address(id)
	if err != nil {
		return err
	}
	a.Tags = slices.Clone(tags)
	w.leadDomains()
	return nil
}

// Attach gives an address to a machine, or to none if there is no id of one:
// ErrNotFound.
func (w *World) Attach(id, machineID string) error {
	a, err := w.address(id)
	if err != nil {
		return err
	}
	m := w.machineIDs[machineID]
	if m == nil && machineID != "" {
		return fmt.Errorf("machine %q: %w", machineID, ErrNotFound)
	}
	a.detach()
	if m != nil {
		a.machine, m.addresses = m, append(m.addresses, a)
	}
	return nil
}

// Release gives an address back, even one that a machine holds: ErrNotFound.
func (w *World) Release(id string) error {
	a, err := w.address(id)
	if err != nil {
		return err
	}
	a.detach()
	w.addresses = slices.DeleteFunc(w.addresses, func(other *address) bool { return other == a })
	w.leadDomains()
	return nil
}

func (a *address) detach() {
	if a.machine != nil {
		a.machine.addresses = slices.DeleteFunc(a.machine.addresses, func(other *address) bool { return other == a })
		a.machine = nil
	}
}

func (w *World) address(id string) (*address, error) {
	i := slices.IndexFunc(w.addresses, func(a *address) bool { return a.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("address %q: %w", id, ErrNotFound)
	}
	return w.addresses[i], nil
}

// leadDomains lets each domain lead to the address that bears its server's tag.
func (w *World) leadDomains() {
	for _, s := range w.servers {
		if !s.BareMetal {
			s.address = w.addressOf(s.Number)
		}
	}
}

func (w *World) reserveAddresses() {
	for _, a := range w.config.Addresses {
		a.MachineID = ""
		w.addresses = append(w.addresses, &address{Address: a})
	}
}

// Addresses lists the reserved addresses.
func (w *World) Addresses() []pool.Address {
	seen := make([]pool.Address, len(w.addresses))
	for i, a := range w.addresses {
		seen[i] = a.seen()
	}
	return seen
}
