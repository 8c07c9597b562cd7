package scalewayapi

import (
	"net/netip"
	"strings"

	"divims/internal/pool"
)

// Lookup returns the records of a name as Scaleway's name servers have them. known
// reports whether the name exists.
func (a *API) Lookup(name string) (records []pool.DNSRecord, known bool) {
	a.api.Lock.Lock()
	defer a.api.Lock.Unlock()
	return a.api.lookup(strings.ToLower(strings.TrimSuffix(name, ".")))
}

func (a *api) lookup(name string) (records []pool.DNSRecord, known bool) {
	for _, zone := range a.zones {
		known = known || zone.name() == name
		if zone.status(a.World.Now()) != "active" {
			continue
		}
		for _, r := range zone.records {
			if strings.TrimPrefix(r.Name+"."+zone.name(), ".") == name {
				records = append(records, pool.DNSRecord{Name: name, Type: pool.RecordType(r.Type), Data: strings.TrimSuffix(r.Data, ".")})
			}
		}
	}
	return records, known || len(records) > 0
}

// resolves reports whether a name resolves to an address, or into the network of an
// IPv6 address.
func (a *api) resolves(name string, address pool.Address) bool {
	records, _ := a.lookup(strings.ToLower(strings.TrimSuffix(name, ".")))
	for _, record := range records {
		if record.Type == pool.RecordCNAME { // only one CNAME is followed
			records, _ = a.lookup(record.Data)
		}
	}
	for _, record := range records {
		if ip, err := netip.ParseAddr(record.Data); err == nil && contains(address, ip) {
			return true
		}
	}
	return false
}

func contains(address pool.Address, ip netip.Addr) bool {
	if address.Family() == pool.IPv6 {
		return netip.PrefixFrom(address.IP, networkBits).Contains(ip)
	}
	return address.IP == ip
}
