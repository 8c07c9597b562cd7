package scalewayapi

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
)

// derivedID returns the id of something that exists at Scaleway but not in the world, for
// example the snapshot of an image. It depends on the kind and the owner only.
func derivedID(kind, owner string) string {
	sum := sha256.Sum256([]byte(kind + " of " + owner))
	sum[6] = sum[6]&0x0f | 0x40 // UUID version 4
	sum[8] = sum[8]&0x3f | 0x80 // RFC 9562 variant
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// derivedIP returns an address in 198.19.0.0/16, which RFC 2544 reserves for tests and
// which the world does not use.
func derivedIP(owner string) netip.Addr {
	sum := sha256.Sum256([]byte(owner))
	return netip.AddrFrom4([4]byte{198, 19, sum[0], sum[1]})
}

func macAddress(machineID string) string {
	sum := sha256.Sum256([]byte(machineID))
	return fmt.Sprintf("de:00:00:%02x:%02x:%02x", sum[0], sum[1], sum[2])
}

// slaacAddress returns the address that a machine gives itself in an IPv6 network, which
// ends in its MAC address (RFC 4291, appendix A): de:00:00:d1:45:85 becomes
// …:dc00:ff:fed1:4585. The machine does not answer at another address of the network, such
// as …::1, unless that is set in its system.
func slaacAddress(network netip.Addr, machineID string) netip.Addr {
	sum := sha256.Sum256([]byte(machineID))
	ip := network.As16()
	copy(ip[8:], []byte{0xde ^ 2, 0, 0, 0xff, 0xfe, sum[0], sum[1], sum[2]})
	return netip.AddrFrom16(ip)
}
