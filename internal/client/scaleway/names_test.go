package scaleway_test

import (
	"context"
	"errors"
	"net/netip"
)

// names is a fake resolver.
type names map[string]string

// LookupNetIP answers like a *net.Resolver, which gives IPv4 addresses in 16 bytes.
func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if ip, ok := n[host]; ok {
		return []netip.Addr{netip.AddrFrom16(netip.MustParseAddr(ip).As16())}, nil
	}
	return nil, errors.New("no such host")
}
