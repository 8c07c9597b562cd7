package setup

import (
	"net/netip"
	"testing"

	"divims/internal/pool"
)

// TestExportsAndFirewall checks that each server's addresses are let in; of IPv6, the
// whole network.
func TestExportsAndFirewall(t *testing.T) {
	servers := pool.Servers(3, 1, "bbb-w{n}", "bbb-w{n}.example.com")
	reserved := func(ip string) pool.Address {
		return pool.Address{IP: netip.MustParseAddr(ip), Tags: []string{"divims-campus", "divims-server-2"}}
	}
	clients, err := Clients(Config{Servers: servers, Tag: "divims-campus"}, Sight{
		Addresses: pool.Seen([]pool.Address{reserved("51.15.1.2"), reserved("2001:db8:1:2::"), {IP: netip.MustParseAddr("192.0.2.7")}}),
		Machines:  pool.Seen([]pool.Machine{{Name: "bbb-w1", Addresses: []pool.Address{{IP: netip.MustParseAddr("51.15.1.1")}}}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	exports := "/srv/spool \\\n\t51.15.1.1(rw,sync,no_subtree_check) \\\n\t51.15.1.2(rw,sync,no_subtree_check) \\\n\t2001:db8:1:2::/64(rw,sync,no_subtree_check)\n"
	if got := Exports("/srv/spool", clients); got != exports {
		t.Errorf("exports:\n%s\nwant\n%s", got, exports)
	}
	firewall := "firewall-cmd --permanent --zone=private --add-source=51.15.1.1\n" +
		"firewall-cmd --permanent --zone=private --add-source=51.15.1.2\n" +
		"firewall-cmd --permanent --zone=private --add-source=2001:db8:1:2::/64\nfirewall-cmd --reload\n"
	if got := Firewall("private", clients); got != firewall {
		t.Errorf("firewall:\n%s\nwant\n%s", got, firewall)
	}
	if missing := WithoutAddress(clients); len(missing) != 1 || missing[0] != "bbb-w3.example.com" {
		t.Errorf("without an address: %v", missing)
	}
}
