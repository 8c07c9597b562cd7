package faults

import "fmt"

// Services are the names of the services. A call of the service tls is a handshake with
// the web server that serves bbb and stats.
var Services = []string{"scalelite", "bbb", "stats", "scaleway", "storage", "calendar", "notify", TLS}

// TLS is the service whose calls are handshakes. Handshake is the name of all its calls.
const (
	TLS       = "tls"
	Handshake = "handshake"
)

// Operation identifies what is called: the service, the call, and the server that it is about.
type Operation struct {
	// Service is one of Services.
	Service string
	// Name is the name of the call, for example "getMeetings" or "POST servers".
	Name string
	// Server is the number of the server that the call is about, 0 for none.
	Server int
}

// Call is one call of an operation.
type Call struct {
	Operation
	// Number counts all calls since the last Reset, from 1.
	Number int
	// Ordinal counts the calls of this Operation since the last Reset, from 1.
	Ordinal int
	// Fault is the fault that hit the call; empty for none.
	Fault Kind
}

// Rule returns a rule that hits the same call when the same sequence of calls is repeated.
func (c Call) Rule(kind Kind) Rule {
	return Rule{Service: c.Service, Server: c.Server, Call: c.Name, Kind: kind, From: c.Ordinal, To: c.Ordinal}
}

// String formats the call as a rule does, for example "scaleway#3:POST servers@2".
func (c Call) String() string {
	text := fmt.Sprintf("%s@%d", c.Operation, c.Ordinal)
	if c.Fault != "" {
		text += " (" + string(c.Fault) + ")"
	}
	return text
}

// String formats the operation, for example "scaleway#3:POST servers".
func (o Operation) String() string {
	if o.Server == 0 {
		return o.Service + ":" + o.Name
	}
	return fmt.Sprintf("%s#%d:%s", o.Service, o.Server, o.Name)
}
