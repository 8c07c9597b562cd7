package pool

import (
	"net/netip"
	"strings"
	"testing"
)

// identityPool is a pool of three servers. Each has its machine, and its own stats.
type identityPool struct {
	servers  []ServerObservation
	from     []netip.Addr
	machines []Machine
}

var (
	ips  = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")}
	ipv6 = netip.MustParseAddr("2001:db8:2::")
)

func newIdentityPool() *identityPool {
	p := &identityPool{}
	for i, server := range Servers(3, 0, "bbb-w{n}", "bbb-w{n}.example.com") {
		p.machines = append(p.machines, Machine{ID: "m-" + server.Hostname, Name: server.Hostname, Addresses: []Address{{IP: ips[i]}}})
	}
	p.machines[1].Addresses = append(p.machines[1].Addresses, Address{IP: ipv6})
	for i, server := range Servers(3, 0, "bbb-w{n}", "bbb-w{n}.example.com") {
		p.servers = append(p.servers, ServerObservation{Server: server, Machine: Seen(&p.machines[i])})
		p.from = append(p.from, ips[i])
		p.says(i, p.machines[i].ID, server.Hostname)
	}
	return p
}

// says sets the identity in a server's stats. An empty text is unknown.
func (p *identityPool) says(i int, id, nodename string) {
	reading := func(text string) Reading[string] {
		if text == "" {
			return Unknown[string]("not among the metrics")
		}
		return Seen(text)
	}
	p.servers[i].Stats = Seen(Stats{MachineID: reading(id), Nodename: reading(nodename)})
}

func TestContradictions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*identityPool)
		want   string // the reason for server 1; empty if nothing contradicts
	}{
		"all is well": {func(*identityPool) {}, ""},
		"the domain leads to the machine of another server": {
			func(p *identityPool) { p.says(0, "m-bbb-w2", "bbb-w2"); p.from[0] = ips[1] },
			`bbb-w1.example.com leads to another machine than bbb-w1: its stats are those of machine "m-bbb-w2", not of m-bbb-w1`,
		},
		"the domain leads to a machine that is not listed": {
			func(p *identityPool) { p.says(0, "m-other", ""); p.from[0] = netip.Addr{} }, `"m-other"`,
		},
		"the id has other letters": {func(p *identityPool) { p.says(0, "M-BBB-W1", "") }, ""},
		"the address is another machine's, and there are no stats": {
			func(p *identityPool) { p.servers[0].Stats = Unknown[Stats]("status 502"); p.from[0] = ips[1] },
			"192.0.2.2 answers there, the address of machine m-bbb-w2 (bbb-w2)",
		},
		"the address is another machine's, and the stats came from the right one": {
			func(p *identityPool) { p.from[0] = ips[1] }, "192.0.2.2 answers there",
		},
		"the address is the first one of another machine's network": {
			func(p *identityPool) { p.from[0] = ipv6.Next() }, "2001:db8:2::1 answers there",
		},
		"the host name is another server's, and there is no id": {
			func(p *identityPool) { p.says(0, "", "BBB-W2"); p.says(1, "", "") }, `it says that its host name is "BBB-W2", which is server 2`,
		},
		"the host name is another server's domain": {
			func(p *identityPool) { p.says(0, "", "bbb-w2.example.com"); p.says(1, "", "") }, "which is server 2",
		},
		"the same machine gives its host name at two domains": {
			func(p *identityPool) { p.says(0, "", "bbb-w2"); p.from[0] = ips[1]; p.says(1, "", "bbb-w2") }, "192.0.2.2 answers there",
		},

		"neither id nor host name":                      {func(p *identityPool) { p.says(0, "", "") }, ""},
		"a host name that no server has":                {func(p *identityPool) { p.says(0, "", "adopted") }, ""},
		"its own domain as host name":                   {func(p *identityPool) { p.says(0, "", "bbb-w1.example.com") }, ""},
		"an address of no listed machine":               {func(p *identityPool) { p.from[0] = netip.MustParseAddr("203.0.113.9") }, ""},
		"an address that two machines are said to have": {func(p *identityPool) { p.machines[2].Addresses[0].IP = ips[1]; p.from[0] = ips[1] }, ""},
		"no address is known":                           {func(p *identityPool) { p.from[0] = netip.Addr{} }, ""},
		"a wrong host name on the right machine":        {func(p *identityPool) { p.says(0, "m-bbb-w1", "bbb-w2") }, ""},
		"a host name that clones of an image share": {
			func(p *identityPool) { p.says(0, "", "bbb-w2"); p.says(1, "", "bbb-w2"); p.says(2, "", "bbb-w2") }, "",
		},
		"such a host name behind one common address": {
			func(p *identityPool) {
				for i := range p.from {
					p.says(i, "", "bbb-w2")
					p.from[i] = netip.MustParseAddr("203.0.113.9")
				}
			}, "",
		},
		"the server has no machine": {
			func(p *identityPool) { p.servers[0].Machine = Seen[*Machine](nil); p.says(0, "m-bbb-w2", "bbb-w2") }, "",
		},
		"the server's machine is unknown": {
			func(p *identityPool) { p.servers[0].Machine = Unknown[*Machine]("2 machines"); p.from[0] = ips[1] }, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIdentityPool()
			c.change(p)
			found := Contradictions(p.servers, p.from, p.machines)
			if (found[0] != "") != (c.want != "") || !strings.Contains(found[0], c.want) {
				t.Errorf("got %q, want %q", found[0], c.want)
			}
			delete(found, 0)
			if len(found) > 0 {
				t.Errorf("other servers contradict themselves, too: %v", found)
			}
		})
	}
}
