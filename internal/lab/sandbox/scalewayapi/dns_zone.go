package scalewayapi

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// dnsDelay is how long the name servers take to serve a change. It is about as long
// as recorded.
const dnsDelay = 10 * time.Second

// dnsZone is a zone with its records, in the order in which they were added.
type dnsZone struct {
	domain, subdomain string
	records           []dnsRecord
	changed           time.Time
}

// zoneResponse is a zone. The fields and their order are as recorded.
type zoneResponse struct {
	Domain         string   `json:"domain"`
	Subdomain      string   `json:"subdomain"`
	NS             []string `json:"ns"`
	NSDefault      []string `json:"ns_default"`
	NSMaster       []string `json:"ns_master"`
	Status         string   `json:"status"`
	Message        *string  `json:"message"`
	UpdatedAt      dnsTime  `json:"updated_at"`
	ProjectID      string   `json:"project_id"`
	LinkedProducts []string `json:"linked_products"`
}

var nameServers = []string{"ns0.dom.scw.cloud", "ns1.dom.scw.cloud"}

// name is the zone's full name.
func (z *dnsZone) name() string {
	if z.subdomain == "" {
		return z.domain
	}
	return z.subdomain + "." + z.domain
}

// status returns "pending" until the name servers serve the last change.
func (z *dnsZone) status(now time.Time) string {
	if now.Before(z.changed.Add(dnsDelay)) {
		return "pending"
	}
	return "active"
}

// addServerDomains adds the DNS records of the named servers. The name servers serve
// them at once.
func (a *api) addServerDomains() {
	for _, server := range a.Named {
		for _, domain := range a.Domains {
			name, inside := strings.CutSuffix(server.Domain, "."+domain)
			if ip := a.addressOf(server); inside && ip.IsValid() {
				a.addRecord(a.zones[domain], dnsRecord{Name: name, Type: "A", Data: ip.String(), TTL: 300})
			}
		}
	}
	for _, zone := range a.zones {
		zone.changed = time.Time{}
	}
}

// addressOf returns the address that is tagged for a server, or the address of its bare
// metal machine.
func (a *api) addressOf(server pool.Server) (ip netip.Addr) {
	for _, address := range a.World.Addresses() {
		if slices.Contains(address.Tags, world.AddressTag(server.Number)) {
			return address.IP
		}
	}
	for _, machine := range a.World.Machines() {
		if machine.BareMetal && machine.Name == server.Hostname {
			return derivedIP(machine.ID)
		}
	}
	return ip
}

// zone returns a zone and the project's domain that it belongs to. The zone is nil if
// it does not exist but could be created.
func (a *api) zone(name string) (zone *dnsZone, domain string, err error) {
	for _, domain := range a.Domains {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return a.zones[name], domain, nil
		}
	}
	return nil, "", &apiError{http.StatusForbidden, map[string]any{"message": "domain not found"}}
}

// newZone creates a zone with Scaleway's name servers.
func (a *api) newZone(name, domain string) *dnsZone {
	subdomain := strings.TrimSuffix(strings.TrimSuffix(name, domain), ".")
	zone := &dnsZone{domain: domain, subdomain: subdomain, changed: a.World.Now()}
	for _, server := range nameServers {
		a.addRecord(zone, dnsRecord{Data: server + ".", Type: "NS", TTL: 1800})
	}
	a.zones[name] = zone
	return zone
}

func (a *api) listZones(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	zones := []zoneResponse{}
	for _, name := range slices.Sorted(maps.Keys(a.zones)) {
		zone := a.zones[name]
		if matchesAny(name, query["dns_zones"]) && matchesFilter(zone.domain, query.Get("domain")) {
			zones = append(zones, zoneResponse{
				Domain: zone.domain, Subdomain: zone.subdomain, NS: nameServers, NSDefault: nameServers, NSMaster: []string{},
				Status: zone.status(a.World.Now()), UpdatedAt: dnsTime(zone.changed), ProjectID: a.Project, LinkedProducts: []string{},
			})
		}
	}
	return listWithTotal(r, "dns_zones", zones)
}
