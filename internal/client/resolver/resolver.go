// Package resolver asks name servers where names lead. In go a name; out come its
// addresses, of which none is an answer too, or an error where nobody could tell.
package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Resolver asks one name server, or those of the system.
type Resolver struct{ *net.Resolver }

// New gives the resolver of a name server, for example "9.9.9.9:53"; empty for the
// system's.
func New(server string) Resolver {
	if server == "" {
		return Resolver{net.DefaultResolver}
	}
	var dialer net.Dialer
	return Resolver{&net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, server)
	}}}
}

// Leads asks where a name leads, by whatever aliases. The list is empty if it leads
// nowhere.
func (r Resolver) Leads(ctx context.Context, name string) ([]netip.Addr, error) {
	ips, err := r.LookupNetIP(ctx, "ip", name+".") // with the dot, no search list is tried
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
