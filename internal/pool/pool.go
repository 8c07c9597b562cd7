// Package pool holds the words of DiViMS as types: the servers of a pool, what
// was seen of them, what is remembered of them, and the interfaces of the
// outside services that a pool needs. It imports nothing of ours; every other
// package speaks in these words.
package pool

import (
	"strconv"
	"strings"
)

// Server is one numbered place in the pool. It lives as long as the pool does;
// machines come and go.
type Server struct {
	// Number counts from 1 to the pool's size.
	Number int `json:"number"`
	// Hostname is the machine's name at the hoster, for example "bbb-w3".
	Hostname string `json:"hostname"`
	// Domain is the name that BBB answers under, for example "bbb-w3.example.com".
	Domain string `json:"domain"`
	// BareMetal servers are never created or deleted, only rebooted.
	BareMetal bool `json:"bare_metal,omitempty"`
}

// EntryURL is where Scalelite finds the server's BBB API.
func (s Server) EntryURL() string { return "https://" + s.Domain + "/bigbluebutton/api" }

// Servers names the size servers of a pool. {n} in the templates is the
// server's number; the first bareMetal of them are bare metal.
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
