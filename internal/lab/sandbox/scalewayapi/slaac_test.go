package scalewayapi_test

import (
	"net/netip"
	"strings"
	"testing"
)

// A machine has an address of its own in an IPv6 network: another machine that gets the
// network has another one, and none of them is …::1.
func TestEachMachineHasItsOwnAddressInAnIPv6Network(t *testing.T) {
	s := newSandbox(t)
	reserved := s.call("POST", zone+"/ips", map[string]any{"type": "routed_ipv6", "project": project})
	network := netip.MustParsePrefix(reserved.at("ip", "prefix").(string))
	seen := map[netip.Addr]bool{network.Addr().Next(): true}
	for _, name := range []string{"bbb-w1", "bbb-w2"} {
		id := s.create(name, nil)
		s.call("PATCH", zone+"/ips/"+reserved.at("ip", "id").(string), map[string]any{"server": id})
		server := s.call("GET", zone+"/servers/"+id, nil)
		ip := netip.MustParseAddr(server.at("server", "public_ips", 0, "address").(string))
		mac := strings.ReplaceAll(server.at("server", "mac_address").(string), ":", "")
		if seen[ip] || !network.Contains(ip) {
			t.Errorf("%s has the address %s, want a new one in %s", name, ip, network)
		}
		if hex := strings.ReplaceAll(ip.StringExpanded(), ":", ""); hex[16:] != "dc0000fffe"+mac[6:] {
			t.Errorf("%s with the MAC address %s has the address %s", name, mac, ip)
		}
		seen[ip] = true
	}
}
