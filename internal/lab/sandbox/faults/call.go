package faults

import "fmt"

// Services are the names of what is called. A call of tls is a handshake with a
// server's web server, behind which bbb and stats are.
var Services = []string{"scalelite", "bbb", "stats", "scaleway", "storage", "calendar", TLS}

// TLS is the service of handshakes, and Handshake the name of its one call.
const (
	TLS       = "tls"
	Handshake = "handshake"
)

// Operation says which call of which service something is, and about which server.
type Operation struct {
	// Service is one of Services.
	Service string
	// Name is the service's own, for example "getMeetings" or "POST servers".
	Name string
	// Server is the number of the server that the call is about, 0 if none.
	Server int
}

// Call is one call.
type Call struct {
	Operation
	// Number counts all calls since the last Reset, from 1.
	Number int
	// Ordinal counts those of the same Operation.
	Ordinal int
	// Fault is what was done to it; empty for nothing.
	Fault Kind
}

// Rule does the given to this very call, if everything happens once more: its
// Ordinal is counted from the Set to which the rule is given.
func (c Call) Rule(kind Kind) Rule {
	return Rule{Service: c.Service, Server: c.Server, Call: c.Name, Kind: kind, From: c.Ordinal, To: c.Ordinal}
}

// String names the call as a rule does, for example "scaleway#3:POST servers@2".
func (c Call) String() string {
	text := fmt.Sprintf("%s@%d", c.Operation, c.Ordinal)
	if c.Fault != "" {
		text += " (" + string(c.Fault) + ")"
	}
	return text
}

// String names the operation, for example "scaleway#3:POST servers".
func (s Operation) String() string {
	if s.Server == 0 {
		return s.Service + ":" + s.Name
	}
	return fmt.Sprintf("%s#%d:%s", s.Service, s.Server, s.Name)
}
