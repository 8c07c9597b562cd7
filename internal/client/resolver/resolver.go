// Package resolver looks up names in DNS. It takes a name and returns its addresses, which
// may be none, or an error if no name server answered.
package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Resolver asks one name server, or the system's name servers.
type Resolver struct{ *net.Resolver }

// New returns a Resolver that asks the name server at the given address, for example
// "9.9.9.9:53", or the system's name servers if the address is empty. dial, if not nil,
// connects to the name server instead of the system's network.
func New(server string, dial func(ctx context.Context, network, address string) (net.Conn, error)) Resolver {
	if server == "" {
		return Resolver{net.DefaultResolver}
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return Resolver{&net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, server)
	}}}
}

// Resolve returns the IP addresses of a name. It follows aliases. The list is empty if the
// name does not exist or has no addresses.
func (r Resolver) Resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	ips, err := r.LookupNetIP(ctx, "ip", name+".") // the dot turns search domains off
	if failed, ok := errors.AsType[*net.DNSError](err); ok && failed.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	return ips, nil
}
