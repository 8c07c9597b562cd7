package world

import (
	"crypto/sha256"
	"net/netip"

	"divims/internal/pool"
)

// SetFirstAddresses makes the system of a machine set the first address of each of its IPv6
// networks, as the shipped user data does. By itself it has only the address that SLAAC
// returns. Errors: ErrNotFound.
func (w *World) SetFirstAddresses(id string) error {
	m, err := w.machineByID(id)
	if err == nil {
		m.setsFirstAddress = true
	}
	return err
}

// ipv6 returns the IPv6 addresses of the machine's system, with that of the loopback device.
func (m *machine) ipv6() []netip.Addr {
	all := []netip.Addr{netip.IPv6Loopback()}
	for _, address := range m.addresses {
		if address.Family() != pool.IPv6 {
			continue
		}
		all = append(all, SLAAC(address.IP, m.ID))
		if m.setsFirstAddress {
			all = append(all, address.Host())
		}
	}
	return all
}

// MAC returns the last three bytes of a machine's MAC address, which begins with de:00:00.
func MAC(machineID string) [3]byte {
	sum := sha256.Sum256([]byte(machineID))
	return [3]byte(sum[:3])
}

// SLAAC returns the address that a machine gives itself in an IPv6 network, which ends in
// its MAC address (RFC 4291, appendix A): de:00:00:d1:45:85 becomes …:dc00:ff:fed1:4585.
func SLAAC(network netip.Addr, machineID string) netip.Addr {
	mac := MAC(machineID)
	ip := network.As16()
	copy(ip[8:], []byte{0xde ^ 2, 0, 0, 0xff, 0xfe, mac[0], mac[1], mac[2]})
	return netip.AddrFrom16(ip)
}
