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

// Clients returns the pool's servers with their reserved addresses, or the addresses
// of their bare metal hosts. It needs the parts ForClients.
func Clients(config Config, seen Sight) ([]Client, error) {
	machines, err := known(seen.Machines, "list the machines", nil)
	addresses, err := known(seen.Addresses, "list the addresses", err)
	if err != nil {
		return nil, err
	}
	clients := make([]Client, len(config.Servers))
	for i, server := range config.Servers {
		clients[i] = Client{server, pool.AddressesOf(addresses, config.Tag, server.Number)}
		for _, machine := range machines {
			if server.BareMetal && machine.Name == server.Hostname {
				clients[i].Addresses = machine.Addresses
			}
		}
	}
	return clients, nil
}

// Exports returns a line for /etc/exports on Scalelite's host (exports(5)). It lets
// only the servers mount the directory that recordings are sent to.
func Exports(directory string, clients []Client) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s", directory)
	for _, source := range sources(clients) {
		fmt.Fprintf(&text, " \\\n\t%s(rw,sync,no_subtree_check)", source)
	}
	return text.String() + "\n"
}

// Firewall returns the commands that let the servers through the firewall of
// Scalelite's host, as sources of a firewalld zone.
func Firewall(zone string, clients []Client) string {
	var text strings.Builder
	for _, source := range sources(clients) {
		fmt.Fprintf(&text, "firewall-cmd --permanent --zone=%s --add-source=%s\n", zone, source)
	}
	return text.String() + "firewall-cmd --reload\n"
}

// WithoutAddress returns the domains of the servers that have no address.
func WithoutAddress(clients []Client) (domains []string) {
	for _, client := range clients {
		if len(client.Addresses) == 0 {
			domains = append(domains, client.Server.Domain)
		}
	}
	return domains
}

// networkBits is the prefix length of a reserved IPv6 network.
const networkBits = 64

// sources returns the addresses from which the servers connect. For a reserved IPv6
// network it returns the whole network.
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
