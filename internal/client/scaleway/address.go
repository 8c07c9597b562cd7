package scaleway

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Addresses lists all addresses of the project in the pool's zones, including those that
// are not the pool's. It fails unless the list is complete.
func (c *Client) Addresses(ctx context.Context) ([]pool.Address, error) {
	return inZones(ctx, c.zones, c.addressesIn)
}

// readableAddresses lists the addresses of the project in those of the pool's zones that can
// be listed. err says why others cannot.
func (c *Client) readableAddresses(ctx context.Context) (addresses []pool.Address, err error) {
	failures := make([]error, len(c.zones))
	addresses, _ = inZones(ctx, c.zones, func(ctx context.Context, zone scw.Zone) (found []pool.Address, _ error) {
		at := slices.Index(c.zones, zone)
		found, failures[at] = once(ctx, "addresses in "+string(zone), func(ctx context.Context) ([]pool.Address, error) {
			return c.addressesIn(ctx, zone)
		})
		return found, nil
	})
	return addresses, errors.Join(failures...)
}

// reserved returns the addresses that are reserved for a server: the addresses with the
// tags of the pool and the server or, if there are none, the addresses to which the
// server's domain resolves. It returns at least one, or an error. A machine may hold them.
func (c *Client) reserved(ctx context.Context, server pool.Server) ([]pool.Address, error) {
	all, unread := c.readableAddresses(ctx)
	if len(all) == 0 && unread != nil {
		return nil, unread
	}
	if tagged := pool.AddressesOf(all, c.tag, server.Number); len(tagged) > 0 {
		return tagged, nil
	}
	resolved, problem := c.resolved(ctx, all, server.Domain)
	switch {
	case len(resolved) > 0:
		return resolved, nil
	case unread != nil:
		return nil, unread
	}
	return nil, fmt.Errorf("no address is reserved: reserve one in a zone of the pool and give it the tags %q and %q, or let %s resolve to one%s",
		c.tag, pool.ServerTag(server.Number), server.Domain, problem)
}

// resolved returns those addresses to which a domain resolves. problem is the end of an
// error text that says why there are none.
func (c *Client) resolved(ctx context.Context, all []pool.Address, domain string) (found []pool.Address, problem string) {
	ips, err := c.resolver.LookupNetIP(ctx, "ip", domain)
	if err != nil {
		return nil, fmt.Sprintf(" (it does not: %v)", err)
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	for _, address := range all {
		if slices.Contains(ips, address.IP) {
			found = append(found, address)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Sprintf(" (it resolves to %s, which the project does not have in %s)", join(ips), join(c.zones))
	}
	return found, ""
}

func (c *Client) addressesIn(ctx context.Context, zone scw.Zone) ([]pool.Address, error) {
	request := instance.ListIPsRequest{Zone: zone, Project: &c.project, PerPage: size()}
	found, err := readAll(
		func(ip *instance.IP) string { return ip.ID },
		func(page *int32) ([]*instance.IP, uint64, error) {
			request.Page = page
			answer, err := c.instances.ListIPs(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.IPs, uint64(answer.TotalCount), nil
		})
	if err != nil {
		return nil, explain(err, "list the addresses in %s", zone)
	}
	var addresses []pool.Address
	for _, ip := range found {
		if ip.Project == c.project {
			addresses = append(addresses, toAddress(zone, ip))
		}
	}
	return addresses, nil
}

func toAddress(zone scw.Zone, ip *instance.IP) pool.Address {
	address := pool.Address{ID: ip.ID, Zone: string(zone), IP: toIP(ip.Address), Tags: ip.Tags}
	if !address.IP.IsValid() { // an IPv6 resource is a whole network
		address.IP = toIP(ip.Prefix.IP)
	}
	if ip.Server != nil {
		address.MachineID = ip.Server.ID
	}
	if ip.Reverse != nil {
		address.Reverse = strings.TrimSuffix(*ip.Reverse, ".")
	}
	return address
}

func join[T ~string | netip.Addr](items []T) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = fmt.Sprint(item)
	}
	return strings.Join(texts, ", ")
}
