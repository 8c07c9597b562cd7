package scalewayapi

import (
	"crypto/sha256"
	"fmt"
	"net/netip"

	"divims/internal/lab/world"
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
	mac := world.MAC(machineID)
	return fmt.Sprintf("de:00:00:%02x:%02x:%02x", mac[0], mac[1], mac[2])
}
