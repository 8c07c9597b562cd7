package setup

import (
	"fmt"
	"net/netip"
	"slices"

	"divims/internal/fact"
	"divims/internal/pool"
)

// checkIPv6 compares the IPv6 addresses that the domains lead to with those that the
// machines have by their stats. A machine's own address ends in its MAC address, so it
// does not answer at the first address of its server's network unless that is set there.
func (c *checker) checkIPv6() {
	const why = "browsers and a Scalelite with IPv6 try that address first"
	const fix = "let the image or your own user data set the first address of the network on the machine, as divims-ipv6 in the shipped user data does (docs/operating.md), or delete the AAAA records"
	var missing, unknown, good []int
	var example, reason string
	for i := range c.seen.Servers {
		s := &c.seen.Servers[i]
		target, leads := c.ipv6Target(s)
		if !leads {
			continue
		}
		number := s.Server.Number
		stats, _ := s.Stats.Get()
		addresses, known := stats.Addresses.Get()
		switch {
		case !known:
			unknown = append(unknown, number)
			reason = stats.Addresses.Reason()
		case !slices.Contains(addresses, target):
			missing = append(missing, number)
			example = fmt.Sprintf("%s leads to %s, its machine has %s", s.Server.Domain, target, orNoAddress(publicIPv6(addresses)))
		default:
			good = append(good, number)
		}
	}
	if len(missing) > 0 {
		c.add(Error, "IPv6", fmt.Sprintf("the machines of %s do not have the IPv6 address that their domain leads to: %s", fact.Numbers(missing), example), why, fix)
	}
	if len(unknown) > 0 {
		c.add(Unknown, "IPv6", fmt.Sprintf("whether the machines of %s have the IPv6 address that their domain leads to: %s", fact.Numbers(unknown), reason), why,
			"let the servers report divims_address_info (docs/stats.md), or try: curl -6 https://DOMAIN/bigbluebutton/api")
	}
	if len(good) > 0 {
		c.ok("IPv6", "%d of %d machines have the IPv6 address that their domain leads to", len(good), len(good)+len(missing)+len(unknown))
	}
}

// ipv6Target returns the address in its reserved IPv6 network to which a server's domain
// leads. leads is false if there is none, or if the server's machine was not asked.
func (c *checker) ipv6Target(s *ServerSight) (target netip.Addr, leads bool) {
	if !s.Asked || s.Server.BareMetal {
		return netip.Addr{}, false
	}
	resolved, _ := c.seen.Resolved[s.Server.Domain].Get()
	for _, address := range c.addressesOf(s, resolved) {
		if address.Family() == pool.IPv6 && slices.Contains(resolved, address.Host()) {
			return address.Host(), true
		}
	}
	return netip.Addr{}, false
}

// publicIPv6 returns the addresses that others can reach.
func publicIPv6(addresses []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addresses), func(ip netip.Addr) bool { return !ip.IsGlobalUnicast() || ip.IsPrivate() })
}
