// Package pool defines the types that all other packages share: the servers of a pool,
// what an evaluation observes and remembers of them, and the interfaces of the outside
// services. It imports no other package of this module.
package pool

import (
	"strconv"
	"strings"
)

// Server is one numbered place in the pool. It stays as long as the pool; its machine is
// created and deleted.
type Server struct {
	// Number counts from 1 to the pool's size.
	Number int `json:"number"`
	// Hostname is the machine's name at the hoster, for example "bbb-w3".
	Hostname string `json:"hostname"`
	// Domain is the host name of the server's BBB in lower case, for example
	// "bbb-w3.example.com".
	Domain string `json:"domain"`
	// BareMetal is true for a server whose machine is never created or deleted, only
	// rebooted.
	BareMetal bool `json:"bare_metal,omitempty"`
}

// EntryURL returns the URL of the server's BBB API, as Scalelite's entry has it.
func (s Server) EntryURL() string { return "https://" + s.Domain + "/bigbluebutton/api" }

// Servers returns the servers of a pool. In the templates {n} is replaced with the
// server's number. The first bareMetal servers are bare metal.
func Servers(size, bareMetal int, hostnameTemplate, domainTemplate string) []Server {
	servers := make([]Server, size)
	for i := range servers {
		number := strconv.Itoa(i + 1)
		servers[i] = Server{
			Number:    i + 1,
			Hostname:  strings.ReplaceAll(hostnameTemplate, "{n}", number),
			Domain:    strings.ReplaceAll(domainTemplate, "{n}", number),
			BareMetal: i < bareMetal,
		}
	}
	return servers
}
