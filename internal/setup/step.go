package setup

import (
	"fmt"

	"divims/internal/pool"
)

// Kind is what a step does.
type Kind string

// Kinds of steps that set a server up, in the order in which they are taken.
const (
	Reserve  Kind = "reserve"  // reserve an address
	Keep     Kind = "keep"     // tag an address that the project has already
	Write    Kind = "write"    // write a DNS record
	ByHand   Kind = "by hand"  // the operator must write or delete a DNS record
	Await    Kind = "await"    // wait until the domain resolves to the address
	Reverse  Kind = "reverse"  // make the domain the address's reverse name
	Register Kind = "register" // register an entry in Scalelite, disabled
)

// Kinds of steps that remove a server.
const (
	Disable    Kind = "disable"    // disable the entry in Scalelite
	Unregister Kind = "unregister" // remove the entry from Scalelite
	Erase      Kind = "erase"      // delete a DNS record
	Unreverse  Kind = "unreverse"  // remove an address's reverse name
	Release    Kind = "release"    // give an address back
)

// Step is one change, or one wait.
type Step struct {
	Kind Kind `json:"kind"`
	// Zone is the availability zone in which an address is reserved.
	Zone string `json:"zone,omitempty"`
	// Family is the family of the step's address.
	Family pool.Family `json:"family,omitempty"`
	// Address is the zero Address if an earlier step reserves it.
	Address pool.Address `json:"address,omitzero"`
	// Record has no data if an earlier step reserves the address.
	Record pool.DNSRecord `json:"record,omitzero"`
	// EntryID and EntryURL are those of the entry that is disabled or removed.
	EntryID  string `json:"entry_id,omitempty"`
	EntryURL string `json:"entry_url,omitempty"`
}

// describe says what a step does for a server.
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
		return fmt.Sprintf("tag the address %s, which its domain resolves to already", address)
	case Write:
		return fmt.Sprintf("write the DNS record %s", record)
	case ByHand:
		return fmt.Sprintf("by hand: the DNS record %s", record)
	case Await:
		return fmt.Sprintf("wait until %s resolves to %s", server.Domain, address)
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
		return fmt.Sprintf("remove the reverse name of %s", address)
	case Release:
		return fmt.Sprintf("give the address %s back", address)
	}
	return string(s.Kind)
}
