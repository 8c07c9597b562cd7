package setup

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"divims/internal/pool"
)

// aspect is one thing that is checked on every server. The report has a line for each
// aspect with the number of servers without a finding, unless there are none.
type aspect struct {
	summary       string
	good, checked int
}

// checkServers checks each server. A server without a running machine is not asked for
// meetings and stats. That is no problem; the report gives their number.
func (c *checker) checkServers() {
	if !c.seen.Entries.Known() || !c.seen.Machines.Known() || !c.seen.Addresses.Known() {
		return // each of them is an error already
	}
	names := aspect{summary: "have a domain that resolves to their address"}
	entries := aspect{summary: "have one entry"}
	answers := aspect{summary: "answer with BBB and a certificate that lasts"}
	stats := aspect{summary: "report their stats"}
	notAsked := 0
	for i := range c.seen.Servers {
		s := &c.seen.Servers[i]
		c.checkAspect(&names, s, true, (*checker).checkName)
		c.checkAspect(&entries, s, true, (*checker).checkEntry)
		entry, _ := s.Entry.Get()
		c.checkAspect(&answers, s, s.Asked && entry != nil, (*checker).checkBBB)
		c.checkAspect(&stats, s, s.Asked && c.HasStats, (*checker).checkStats)
		if !s.Asked {
			notAsked++
		}
	}
	for _, a := range []aspect{names, entries, answers, stats} {
		if a.good > 0 {
			c.ok("servers", "%d of %d %s", a.good, a.checked, a.summary)
		}
	}
	if notAsked > 0 {
		c.ok("servers", "%d of %d have no running machine, and were not asked for meetings and stats", notAsked, len(c.seen.Servers))
	}
}

func (c *checker) checkAspect(a *aspect, s *ServerSight, applies bool, check func(*checker, *ServerSight, string)) {
	if !applies {
		return
	}
	before := len(c.findings)
	check(c, s, fmt.Sprintf("server %d", s.Server.Number))
	a.checked++
	if len(c.findings) == before {
		a.good++
	}
}

const (
	whyName      = "Scalelite and browsers find the server by its domain"
	fixProvision = "run provision: it adds what is missing, and says what it cannot change"
)

// checkName compares the addresses that the domain resolves to with the server's
// reserved addresses and the addresses of its machine.
func (c *checker) checkName(s *ServerSight, subject string) {
	reading := c.seen.Resolved[s.Server.Domain]
	resolved, known := reading.Get()
	if !known {
		c.add(Unknown, subject, fmt.Sprintf("what %s resolves to: %s", s.Server.Domain, reading.Reason()), whyName, "check that this machine can ask its name server")
		return
	}
	own := c.addressesOf(s, resolved)
	if len(own) == 0 {
		c.add(Error, subject, "it has no reserved address: no address of the project has its tags, and "+s.Server.Domain+" resolves to "+orNoAddress(resolved), "no machine can be created for it", fixProvision)
		return
	}
	for _, ip := range resolved {
		if !slices.ContainsFunc(own, func(a pool.Address) bool { return a.Host() == ip }) {
			c.add(Error, subject, fmt.Sprintf("%s resolves to %s, but the server's address is %s", s.Server.Domain, ip, join(hosts(own))), whyName, "delete that DNS record")
		}
	}
	for _, address := range own {
		if !awaitsMachine(s.ServerObservation, address, resolved, address.Family()) {
			c.checkAddress(s, subject, address, resolved)
		}
	}
}

// addressesOf returns the addresses of a bare metal server's host. For other servers
// it returns the addresses with the server's tags or, if there are none, the
// addresses of the project that the domain resolves to.
func (c *checker) addressesOf(s *ServerSight, resolved []netip.Addr) []pool.Address {
	if machine, _ := s.Machine.Get(); s.Server.BareMetal {
		if machine == nil {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(machine.Addresses), func(a pool.Address) bool {
			return a.Family() == pool.IPv6 && !slices.Contains(resolved, a.Host()) // the domain need not resolve to it
		})
	}
	all, _ := c.seen.Addresses.Get()
	if kept := pool.AddressesOf(all, c.Tag, s.Server.Number); len(kept) > 0 {
		return kept
	}
	return matching(all, resolved)
}

func (c *checker) checkAddress(s *ServerSight, subject string, address pool.Address, resolved []netip.Addr) {
	if !slices.Contains(resolved, address.Host()) {
		c.add(Error, subject, fmt.Sprintf("%s does not resolve to its address %s, but to %s", s.Server.Domain, address.Host(), orNoAddress(resolved)), whyName, fixProvision)
	}
	if s.Server.BareMetal {
		return
	}
	if !slices.Contains(c.Zones, address.Zone) {
		c.add(Error, subject, fmt.Sprintf("its address %s is in %s", address.IP, address.Zone), "an address works in its own zone only, and no machine is created there", "add the zone to DIVIMS_ZONES")
	}
	if address.Reverse != s.Server.Domain {
		c.add(Warning, subject, fmt.Sprintf("the reverse name of %s is %q", address.IP, address.Reverse), "firewalls and mail servers may refuse a host whose reverse name differs", fixProvision)
	}
	machine, known := s.Machine.Get()
	switch {
	case !known:
		c.add(Error, subject, s.Machine.Reason(), "DiViMS does not touch the server", "let one machine alone have the server's name, tag and addresses")
	case machine == nil && address.MachineID != "":
		c.add(Error, subject, fmt.Sprintf("its address %s is attached to machine %s, which is not the server's", address.IP, address.MachineID), "no machine can be created for it", "detach the address from that machine")
	case machine != nil && address.MachineID != machine.ID && !slices.ContainsFunc(machine.Addresses, func(a pool.Address) bool { return a.ID == address.ID }):
		c.add(Error, subject, fmt.Sprintf("its machine has %s instead of its address %s", orNoAddress(hosts(machine.Addresses)), address.IP), "the machine cannot be reached by the server's domain", "attach that address to the machine, or delete the machine when nobody uses it")
	}
}

// checkEntry checks Scalelite's entry and its secret.
func (c *checker) checkEntry(s *ServerSight, subject string) {
	entry, known := s.Entry.Get()
	switch {
	case !known:
		c.add(Error, subject, s.Entry.Reason(), "DiViMS does not touch the server", "remove all but one of them, or correct the one that cannot be read")
	case entry == nil && c.RegistersEntries:
		c.add(Warning, subject, "it has no entry in Scalelite", "it takes no meetings until the next evaluation registers it", fixProvision)
	case entry == nil:
		c.add(Error, subject, "it has no entry in Scalelite", "it takes no meetings", fixProvision)
	case c.BBBSecret.IsSet() && entry.Secret.Reveal() != c.BBBSecret.Reveal():
		c.add(Warning, subject, "the secret of its entry differs from DIVIMS_BBB_SECRET", "the server's BBB accepts only one of them", "find out which one the image has, and use it for both")
	}
}

// checkBBB checks the server's BBB and its certificate.
func (c *checker) checkBBB(s *ServerSight, subject string) {
	if !s.Meetings.Known() {
		fix := "look at the server, and check that it can be reached from here"
		if strings.Contains(s.Meetings.Reason(), pool.ChecksumError) {
			fix = "put the server's secret (bbb-conf --secret) into its entry, or set DIVIMS_BBB_CHECKSUM to a hash that it accepts"
		}
		c.add(Error, subject, "its BBB cannot be read: "+s.Meetings.Reason(), "DiViMS does not touch a server that it cannot read, and later treats it as unresponsive", fix)
		return
	}
	expiry, known := s.CertificateExpiry.Get()
	if !known {
		c.add(Unknown, subject, "its certificate: "+s.CertificateExpiry.Reason(), "", "")
		return
	}
	left := expiry.Sub(c.seen.At)
	what := "its certificate expires in " + pool.Count(math.Round(left.Hours()/24), "day")
	const why, fix = "browsers and Scalelite refuse a server without a valid certificate", "renew it, and make a new image if the certificate is part of the image"
	switch {
	case left < c.CertificateAlert:
		c.add(Error, subject, what, why, fix)
	case left < c.CertificateWarning:
		c.add(Warning, subject, what, why, fix)
	}
}

// checkStats checks the stats endpoints and the age of their figures.
func (c *checker) checkStats(s *ServerSight, subject string) {
	const why, fix = "without them no machine is deleted", "see docs/stats.md for what a server must answer, and check DIVIMS_STATS_URLS"
	stats, known := s.Stats.Get()
	if !known {
		c.add(Error, subject, "its stats: "+s.Stats.Reason(), why, fix)
		return
	}
	if s.StatsError != nil {
		c.add(Error, subject, fmt.Sprintf("its stats: %v", s.StatsError), why, fix)
	}
	if !stats.Backlog.Known() && c.HasRecordings && s.StatsError == nil {
		c.add(Error, subject, "its recording backlog: "+stats.Backlog.Reason(), "its machine is never deleted, because a recording might be lost", fix)
	}
	if down, _ := stats.UnitsDown.Get(); len(down) > 0 {
		c.add(Warning, subject, "these services do not run: "+strings.Join(down, ", "), "DiViMS replaces the machine as malfunctioning", "look at the server, and at the image")
	}
	c.checkIdentity(s, subject, stats)
}

// checkIdentity compares the machine that answers for the server's domain with the server's
// machine. What the answer does not say is no contradiction.
func (c *checker) checkIdentity(s *ServerSight, subject string, stats pool.Stats) {
	const why, fix = "DiViMS might reboot or delete a machine for what another one answers", "let the server's domain resolve to the address of its own machine, and check DIVIMS_STATS_URLS and DIVIMS_CONNECT_TO"
	machine, _ := s.Machine.Get()
	if id, known := stats.MachineID.Get(); known && !s.Server.BareMetal && id != machine.ID {
		c.add(Error, subject, fmt.Sprintf("another machine answers for its domain: %.100q instead of %s", id, machine.ID), why, fix)
	}
	name, known := stats.Nodename.Get()
	if known && name != s.Server.Hostname && slices.ContainsFunc(c.Servers, func(other pool.Server) bool { return other.Hostname == name }) {
		c.add(Error, subject, "another server answers for its domain: "+name, why, fix)
	}
}

// hosts returns the IP address that a machine gets from each address. From an IPv6
// network it gets the first address.
func hosts(addresses []pool.Address) []netip.Addr {
	var ips []netip.Addr
	for _, a := range addresses {
		ips = append(ips, a.Host())
	}
	return ips
}

// orNoAddress lists addresses, separated by commas. Without any it returns "no address".
func orNoAddress(ips []netip.Addr) string {
	if len(ips) == 0 {
		return "no address"
	}
	return join(ips)
}
