package pool

import (
	"net/netip"
	"strings"
)

// RecordType is a type of DNS records.
type RecordType string

// The record types that resolve a server's domain to its machine.
const (
	RecordA     RecordType = "A"
	RecordAAAA  RecordType = "AAAA"
	RecordCNAME RecordType = "CNAME"
)

// DNSRecord is a DNS record that points from a name to an address or another name.
// Names are fully qualified, in lower case and without the final dot.
type DNSRecord struct {
	Name string     `json:"name"`
	Type RecordType `json:"type"`
	Data string     `json:"data"`
}

// String returns the record as in a zone file: "bbb-w3.example.com. A 51.15.1.3".
func (r DNSRecord) String() string { return r.Name + ". " + string(r.Type) + " " + r.Data }

// Leads reports whether the record is of a type that points to an address or a name.
func (r DNSRecord) Leads() bool {
	return r.Type == RecordA || r.Type == RecordAAAA || r.Type == RecordCNAME
}

// Within returns the record's name relative to a zone, empty for the zone's own name.
// ok is false if the name is not in the zone.
func (r DNSRecord) Within(zone string) (name string, ok bool) {
	if r.Name == zone {
		return "", true
	}
	return strings.CutSuffix(r.Name, "."+zone)
}

// RecordFor returns the record that points from a name to a machine with an address.
func RecordFor(name string, address Address) DNSRecord {
	if address.Family() == IPv4 {
		return DNSRecord{Name: name, Type: RecordA, Data: address.IP.String()}
	}
	return DNSRecord{Name: name, Type: RecordAAAA, Data: address.Host().String()}
}

// networkBits is the prefix length of a reserved IPv6 network.
const networkBits = 64

// Host returns the address of a machine that holds a: a itself or, if it is an IPv6
// network, the first address in it.
func (a Address) Host() netip.Addr {
	if a.Family() == IPv6 && netip.PrefixFrom(a.IP, networkBits).Masked().Addr() == a.IP {
		return a.IP.Next()
	}
	return a.IP
}
