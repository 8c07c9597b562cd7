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
