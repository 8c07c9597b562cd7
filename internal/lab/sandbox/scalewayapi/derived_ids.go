package scalewayapi

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
)

// derivedID is the id of a thing that the world does not have and Scaleway
// tells, such as the snapshot behind an image: always the same for its owner.
func derivedID(kind, owner string) string {
	sum := sha256.Sum256([]byte(kind + " of " + owner))
	sum[6] = sum[6]&0x0f | 0x40 // UUID version 4
	sum[8] = sum[8]&0x3f | 0x80 // RFC 9562 variant
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// derivedIP is an address of 198.19.0.0/16, which RFC 2544 sets aside for tests
// and the world's own addresses leave free.
func derivedIP(owner string) netip.Addr {
	sum := sha256.Sum256([]byte(owner))
	return netip.AddrFrom4([4]byte{198, 19, sum[0], sum[1]})
}

func macAddress(machineID string) string {
	sum := sha256.Sum256([]byte(machineID))
	return fmt.Sprintf("de:00:00:%02x:%02x:%02x", sum[0], sum[1], sum[2])
}
