package world

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"divims/internal/pool"
)

// address is a reserved address. MachineID is not used, because seen sets it from machine.
type address struct {
	pool.Address
	machine *machine
}

// seen returns the address as the hoster lists it.
func (a *address) seen() pool.Address {
	seen := a.Address
	seen.Tags = slices.Clone(a.Tags)
	if a.machine != nil {
		seen.MachineID = a.machine.ID
	}
	return seen
}

// AddressTag returns the tag of the address that a server's domain points to.
func AddressTag(number int) string { return "divims-server-" + strconv.Itoa(number) }

// defaultAddresses returns addresses from 198.18.0.0/15, which RFC 2544 reserves for
// tests. Servers take turns with the zones: of two zones, the odd servers have an address
// in the first one.
func defaultAddresses(servers []pool.Server, zones, tags []string) []pool.Address {
	addresses := []pool.Address{}
	for _, s := range servers {
		if s.BareMetal {
			continue
		}
		addresses = append(addresses, pool.Address{
			ID:      fmt.Sprintf("00000000-0000-4000-9000-%012d", s.Number),
			Zone:    zones[(s.Number-1)%len(zones)],
			IP:      netip.AddrFrom4([4]byte{198, 18, byte(s.Number >> 8), byte(s.Number)}),
			Tags:    append(slices.Clone(tags), AddressTag(s.Number)),
			Reverse: s.Domain,
		})
	}
	return addresses
}

// Reserve reserves another address: an IPv4 address from the second half of
// 198.18.0.0/16, or an IPv6 network from 2001:db8::/32, which RFC 3849 reserves for
// documentation.
func (w *World) Reserve(zone string, family pool.Family, tags []string) pool.Address {
	w.reservations++
	n := w.reservations
	ip := netip.AddrFrom4([4]byte{198, 18, 128 + byte(n>>8), byte(n)})
	if family == pool.IPv6 {
		ip = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 6: byte(n >> 8), 7: byte(n)})
	}
	a := &address{Address: pool.Address{ID: w.newID("address", ip.String()), Zone: zone, IP: ip, Tags: slices.Clone(tags)}}
	w.addresses = append(w.addresses, a)
	w.pointDomains()
	return a.seen()
}

// Retag replaces the tags of an address. Errors: ErrNotFound.
func (w *World) Retag(id string, tags []string) error {
	a, err := w.address(id)
	if err != nil {
		return err
	}
	a.Tags = slices.Clone(tags)
	w.pointDomains()
	return nil
}

// Attach moves an address to a machine. An empty machineID detaches it. Errors:
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

// Release deletes an address, even if it is attached to a machine. Errors: ErrNotFound.
func (w *World) Release(id string) error {
	a, err := w.address(id)
	if err != nil {
		return err
	}
	a.detach()
	w.addresses = slices.DeleteFunc(w.addresses, func(other *address) bool { return other == a })
	w.pointDomains()
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

// pointDomains points each server's domain to the address with the server's tag.
func (w *World) pointDomains() {
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

// Addresses returns the reserved addresses.
func (w *World) Addresses() []pool.Address {
	seen := make([]pool.Address, len(w.addresses))
	for i, a := range w.addresses {
		seen[i] = a.seen()
	}
	return seen
}
