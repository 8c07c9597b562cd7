package world

import (
	"net/netip"
	"slices"
	"testing"

	"divims/internal/pool"
)

// TestFirstAddressHasToBeSet: a machine has the first address of its IPv6 network only if
// its user data sets it.
func TestFirstAddressHasToBeSet(t *testing.T) {
	network := netip.MustParseAddr("2001:db8:1:2::")
	for _, sets := range []bool{false, true} {
		m := &machine{Machine: pool.Machine{ID: "m"}, addresses: []*address{{Address: pool.Address{IP: network}}}}
		w := &World{machineIDs: map[string]*machine{"m": m}}
		if sets {
			if err := w.SetFirstAddresses("m"); err != nil {
				t.Fatal(err)
			}
		}
		if got := m.ipv6(); slices.Contains(got, network.Next()) != sets || !slices.Contains(got, SLAAC(network, "m")) {
			t.Errorf("sets the first address: %t; it has %v", sets, got)
		}
	}
}
