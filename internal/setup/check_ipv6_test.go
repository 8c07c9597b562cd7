package setup

import (
	"net/netip"
	"slices"
	"testing"

	"divims/internal/pool"
)

// TestCheckIPv6 has the addresses of one server's machine with what is said about them.
func TestCheckIPv6(t *testing.T) {
	network, first := netip.MustParseAddr("2001:db8:1:2::"), netip.MustParseAddr("2001:db8:1:2::1")
	own := netip.MustParseAddr("2001:db8:1:2:dc00:ff:fed1:4585")
	loopback, linkLocal := netip.IPv6Loopback(), netip.MustParseAddr("fe80::1")
	type addresses = pool.Reading[[]netip.Addr]
	for name, test := range map[string]struct {
		resolved []netip.Addr
		asked    bool
		has      addresses
		want     []string
	}{
		"the machine has it": {[]netip.Addr{first}, true, pool.Seen([]netip.Addr{loopback, own, first}),
			[]string{"ok 1 of 1 machines have the IPv6 address that their domain leads to"}},
		"it has its own only": {[]netip.Addr{first}, true, pool.Seen([]netip.Addr{loopback, linkLocal, own}),
			[]string{"error the machines of server 1 do not have the IPv6 address that their domain leads to: bbb-w1.example.com leads to 2001:db8:1:2::1, its machine has 2001:db8:1:2:dc00:ff:fed1:4585"}},
		"it has none": {[]netip.Addr{first}, true, pool.Seen([]netip.Addr{loopback}),
			[]string{"error the machines of server 1 do not have the IPv6 address that their domain leads to: bbb-w1.example.com leads to 2001:db8:1:2::1, its machine has no address"}},
		"nobody knows": {[]netip.Addr{first}, true, pool.Unknown[[]netip.Addr]("not reported"),
			[]string{"unknown whether the machines of server 1 have the IPv6 address that their domain leads to: not reported"}},
		"there is no AAAA record": {nil, true, pool.Seen([]netip.Addr{own}), nil},
		"it was not asked":        {[]netip.Addr{first}, false, addresses{}, nil},
	} {
		servers := pool.Servers(1, 0, "bbb-w{n}", "bbb-w{n}.example.com")
		c := checker{Config: Config{Servers: servers, Tag: "pool"}}
		c.seen.Addresses = pool.Seen([]pool.Address{{IP: network, Tags: []string{"pool", pool.ServerTag(1)}}})
		c.seen.Resolved = map[string]pool.Reading[[]netip.Addr]{servers[0].Domain: pool.Seen(test.resolved)}
		c.seen.Servers = []ServerSight{{Asked: test.asked, ServerObservation: pool.ServerObservation{
			Server: servers[0], Stats: pool.Seen(pool.Stats{Addresses: test.has}),
		}}}
		c.checkIPv6()
		var got []string
		for _, f := range c.findings {
			got = append(got, string(f.Level)+" "+f.What)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestRecordsAwaitMachines: machines that were created before IPv6 was set get one warning
// for all, and no errors for addresses that nothing leads to yet.
func TestRecordsAwaitMachines(t *testing.T) {
	servers := pool.Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	c := checker{Config: Config{Servers: servers, Tag: "pool", Zones: []string{"fr-par-1"}}}
	c.seen.Resolved = map[string]pool.Reading[[]netip.Addr]{}
	var all []pool.Address
	for _, s := range servers {
		network := netip.AddrFrom16([16]byte{0x20, 1, 7: byte(s.Number)})
		all = append(all, pool.Address{ID: network.String(), IP: network, Zone: "fr-par-1", Reverse: s.Domain, Tags: []string{"pool", pool.ServerTag(s.Number)}})
		c.seen.Resolved[s.Domain] = pool.Seen[[]netip.Addr](nil)
		c.seen.Servers = append(c.seen.Servers, ServerSight{ServerObservation: pool.ServerObservation{Server: s, Machine: pool.Seen(&pool.Machine{ID: s.Hostname})}})
	}
	c.seen.Addresses = pool.Seen(all)
	for i := range c.seen.Servers {
		c.checkName(&c.seen.Servers[i], "server")
	}
	c.checkIPv6()
	if len(c.findings) != 1 || c.findings[0].Level != Warning || c.findings[0].What != "the machines of servers 1, 2 do not have the servers' IPv6 addresses, so the AAAA records are not written yet" {
		t.Errorf("findings are %+v", c.findings)
	}
}
