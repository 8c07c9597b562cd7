package setup

import (
	"net/netip"
	"strings"
	"testing"

	"divims/internal/pool"
)

// TestExportsAndFirewall: a server's addresses are let in, and of IPv6 its network.
func TestExportsAndFirewall(t *testing.T) {
	servers := pool.Servers(3, 1, "bbb-w{n}", "bbb-w{n}.example.com")
	kept := func(ip string) pool.Address {
		return pool.Address{IP: netip.MustParseAddr(ip), Tags: []string{"divims-campus", "divims-server-2"}}
	}
	clients := Clients(servers, "divims-campus", []pool.Address{kept("51.15.1.2"), kept("2001:db8:1:2::"), {IP: netip.MustParseAddr("192.0.2.7")}},
		[]pool.Machine{{Name: "bbb-w1", Addresses: []pool.Address{{IP: netip.MustParseAddr("51.15.1.1")}}}})
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
	if missing := Without(clients); len(missing) != 1 || missing[0] != "bbb-w3.example.com" {
		t.Errorf("without an address: %v", missing)
	}
}

// TestTheWorstComesFirst, and what is well last; things of one level stay in order.
func TestTheWorstComesFirst(t *testing.T) {
	report := newReport([]Finding{
		{Level: OK, Subject: "a", What: "fine"}, {Level: Unknown, Subject: "b", What: "unseen"}, {Level: Error, Subject: "c", What: "broken", Why: "it hurts", Mend: "repair it"},
		{Level: Warning, Subject: "d", What: "odd"}, {Level: Error, Subject: "e", What: "broken, too"},
	})
	var text strings.Builder
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	want := "error   c: broken\n        why:  it hurts\n        mend: repair it\nerror   e: broken, too\nwarning d: odd\nunknown b: unseen\nok      a: fine\n\n2 errors, 1 warning, 1 unknown, 1 ok\n"
	if text.String() != want {
		t.Errorf("the report is\n%s\nwant\n%s", text.String(), want)
	}
}
