package setup

import (
	"fmt"
	"strings"

	"divims/internal/pool"
)

// Client is a server with the addresses from which it reaches Scalelite's host.
type Client struct {
	Server    pool.Server
	Addresses []pool.Address
}

// Clients finds the addresses of the servers: those that are kept for them, or
// those of bare metal.
func Clients(servers []pool.Server, tag string, addresses []pool.Address, machines []pool.Machine) []Client {
	clients := make([]Client, len(servers))
	for i, server := range servers {
		clients[i] = Client{server, pool.AddressesOf(addresses, tag, server.Number)}
		for _, machine := range machines {
			if server.BareMetal && machine.Name == server.Hostname {
				clients[i].Addresses = machine.Addresses
			}
		}
	}
	return clients
}

// Exports is a line for /etc/exports on Scalelite's host, which lets the servers,
// and nobody else, mount the directory that recordings are sent to (exports(5)).
func Exports(directory string, clients []Client) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s", directory)
	for _, source := range sources(clients) {
		fmt.Fprintf(&text, " \\\n\t%s(rw,sync,no_subtree_check)", source)
	}
	return text.String() + "\n"
}

// Firewall is what lets the servers through the firewall of Scalelite's host: they
// become sources of one of firewalld's zones.
func Firewall(zone string, clients []Client) string {
	var text strings.Builder
	for _, source := range sources(clients) {
		fmt.Fprintf(&text, "firewall-cmd --permanent --zone=%s --add-source=%s\n", zone, source)
	}
	return text.String() + "firewall-cmd --reload\n"
}

// Without are the servers of which no address is known.
func Without(clients []Client) (domains []string) {
	for _, client := range clients {
		if len(client.Addresses) == 0 {
			domains = append(domains, client.Server.Domain)
		}
	}
	return domains
}

// networkBits is how long the prefix of a reserved IPv6 network is.
const networkBits = 64

func sources(clients []Client) []string {
	var all []string
	for _, client := range clients {
		for _, address := range client.Addresses {
			source := address.IP.String()
			if address.Host() != address.IP {
				source = fmt.Sprintf("%s/%d", address.IP, networkBits)
			}
			all = append(all, source)
		}
	}
	return all
}
