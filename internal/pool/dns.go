package pool

import (
	"net/netip"
	"strings"
)

// RecordType is a type of DNS record.
type RecordType string

// The types of records that lead from a server's domain to its machine.
const (
	RecordA     RecordType = "A"
	RecordAAAA  RecordType = "AAAA"
	RecordCNAME RecordType = "CNAME"
)

// DNSRecord leads from a name to an address, or to another name. Names are whole,
// in lower case and without the final dot.
type DNSRecord struct {
	Name string     `json:"name"`
	Type RecordType `json:"type"`
	Data string     `json:"data"`
}

// String is the record as in a zone file: "bbb-w3.example.com. A 51.15.1.3".
func (r DNSRecord) String() string { return r.Name + ". " + string(r.Type) + " " + r.Data }

// Leads tells whether it is of a type that does so.
func (r DNSRecord) Leads() bool {
	return r.Type == RecordA || r.Type == RecordAAAA || r.Type == RecordCNAME
}

// Within is the record's name as it is written inside a zone, empty for the
// zone's own. It is not ok if the name is not in the zone.
func (r DNSRecord) Within(zone string) (name string, ok bool) {
	if r.Name == zone {
		return "", true
	}
	return strings.CutSuffix(r.Name, "."+zone)
}

// RecordFor is the record that leads from a name to a machine with the address.
func RecordFor(name string, address Address) DNSRecord {
	if address.Family() == IPv4 {
		return DNSRecord{Name: name, Type: RecordA, Data: address.IP.String()}
	}
	return DNSRecord{Name: name, Type: RecordAAAA, Data: address.Host().String()}
}

// networkBits is how long the prefix of a reserved IPv6 network is.
const networkBits = 64

// Host is the address that a machine bears which holds this one: itself or, of a
// network, the first in it.
func (a Address) Host() netip.Addr {
	if a.Family() == IPv6 && netip.PrefixFrom(a.IP, networkBits).Masked().Addr() == a.IP {
		return a.IP.Next()
	}
	return a.IP
}
