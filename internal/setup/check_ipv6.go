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
	var waiting, missing, unknown, good []int
	var example, reason string
	for i := range c.seen.Servers {
		s := &c.seen.Servers[i]
		number := s.Server.Number
		if c.awaitsIPv6(s) {
			waiting = append(waiting, number)
		}
		target, leads := c.ipv6Target(s)
		if !leads {
			continue
		}
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
	if len(waiting) > 0 {
		c.add(Warning, "IPv6", fmt.Sprintf("the machines of %s do not have the servers' IPv6 addresses, so the AAAA records are not written yet", fact.Numbers(waiting)), "an address is attached when a machine is created",
			"wait until they are replaced, or replace them with divims recycle; then run provision again")
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

// awaitsMachine reports whether an address of a server cannot be used before the server has
// another machine: IPv6 was set after this one was created, so it does not have the address.
// An AAAA record would lead nowhere. If there is one, it does not wait any more.
func awaitsMachine(s pool.ServerObservation, address pool.Address, resolved []netip.Addr, family pool.Family) bool {
	machine, _ := s.Machine.Get()
	if family != pool.IPv6 || s.Server.BareMetal || slices.Contains(resolved, address.Host()) || machine == nil {
		return false
	}
	return !slices.ContainsFunc(machine.Addresses, func(a pool.Address) bool { return a.ID == address.ID })
}

// awaitsIPv6 reports whether a server has an IPv6 address that awaits a machine.
func (c *checker) awaitsIPv6(s *ServerSight) bool {
	resolved, _ := c.seen.Resolved[s.Server.Domain].Get()
	return slices.ContainsFunc(c.addressesOf(s, resolved), func(address pool.Address) bool {
		return awaitsMachine(s.ServerObservation, address, resolved, address.Family())
	})
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
