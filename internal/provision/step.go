package provision

import (
	"fmt"

	"divims/internal/pool"
)

// Kind says what a step does.
type Kind string

// Kinds of steps that set a server up, in the order in which they come.
const (
	Reserve  Kind = "reserve"  // an address, in a zone
	Keep     Kind = "keep"     // an address of the project: give it the tags
	Write    Kind = "write"    // a DNS record
	ByHand   Kind = "by hand"  // a DNS record that a person has to write or delete
	Await    Kind = "await"    // until the domain leads to the address
	Reverse  Kind = "reverse"  // give an address the domain as its reverse name
	Register Kind = "register" // an entry in Scalelite, in state disabled
)

// Kinds of steps that remove a server.
const (
	Disable    Kind = "disable"    // the entry in Scalelite
	Unregister Kind = "unregister" // the entry in Scalelite
	Erase      Kind = "erase"      // a DNS record
	Unreverse  Kind = "unreverse"  // take an address's reverse name away
	Release    Kind = "release"    // an address
)

// Step is one change, or one wait.
type Step struct {
	Kind Kind `json:"kind"`
	// Zone is where an address is reserved.
	Zone string `json:"zone,omitempty"`
	// Family is that of the address which the step is about.
	Family pool.Family `json:"family,omitempty"`
	// Address is unset if an earlier step has to reserve it.
	Address pool.Address `json:"address,omitzero"`
	// Record has no data if an earlier step has to reserve the address.
	Record  pool.DNSRecord `json:"record,omitzero"`
	EntryID string         `json:"entry_id,omitempty"`
}

// describe says what a step does for a server, in words that follow its name.
func (s Step) describe(server pool.Server) string {
	address := "its new " + string(s.Family) + " address"
	if s.Address.IP.IsValid() {
		address = s.Address.IP.String()
	}
	record := s.Record
	if record.Data == "" {
		record.Data = "its new address"
	}
	switch s.Kind {
	case Reserve:
		return fmt.Sprintf("reserve an %s address in %s", s.Family, s.Zone)
	case Keep:
		return fmt.Sprintf("tag the address %s, to which its domain leads already", address)
	case Write:
		return fmt.Sprintf("write the DNS record %s", record)
	case ByHand:
		return fmt.Sprintf("by hand: the DNS record %s", record)
	case Await:
		return fmt.Sprintf("wait until %s leads to %s", server.Domain, address)
	case Reverse:
		return fmt.Sprintf("give %s the reverse name %s", address, server.Domain)
	case Register:
		return fmt.Sprintf("register it in Scalelite, disabled: %s", server.EntryURL())
	case Disable:
		return fmt.Sprintf("disable its entry %s in Scalelite", s.EntryID)
	case Unregister:
		return fmt.Sprintf("remove its entry %s from Scalelite", s.EntryID)
	case Erase:
		return fmt.Sprintf("delete the DNS record %s", record)
	case Unreverse:
		return fmt.Sprintf("take the reverse name of %s away", address)
	case Release:
		return fmt.Sprintf("give the address %s back", address)
	}
	return string(s.Kind)
}
