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
