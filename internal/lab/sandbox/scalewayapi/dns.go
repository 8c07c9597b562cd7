package scalewayapi

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// dnsDelay is how long the name servers take to serve a change; about as long
// as recorded.
const dnsDelay = 10 * time.Second

// dnsZone is a zone and its records, in the order in which they came.
type dnsZone struct {
	domain, subdomain string
	records           []dnsRecord
	changed           time.Time
}

// dnsRecord is a record as the API reads and writes it.
type dnsRecord struct {
	Comment   *string  `json:"comment"`
	Data      string   `json:"data"`
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Priority  int      `json:"priority"`
	TTL       int      `json:"ttl"`
	Type      string   `json:"type"`
	UpdatedAt *dnsTime `json:"updated_at"`
}

// dnsTime is a time as the domain API writes it: 2026-03-20T09:28:13Z.
type dnsTime time.Time

// MarshalJSON writes the time in UTC.
func (t dnsTime) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(time.Time(t).UTC().Format("2006-01-02T15:04:05Z"))), nil
}

// UnmarshalJSON reads nothing: the API says when a record was updated, not the client.
func (t *dnsTime) UnmarshalJSON([]byte) error { return nil }

// zoneAnswer is a zone in the form and order of the recorded answers.
type zoneAnswer struct {
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

// status is pending until the name servers know the last change.
func (z *dnsZone) status(now time.Time) string {
	if now.Before(z.changed.Add(dnsDelay)) {
		return "pending"
	}
	return "active"
}

// nameServers lets the domains of the servers that have names lead to them, since ever.
func (a *api) nameServers() {
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

// addressOf is the address that is kept for a server, or that of its host.
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

// Lookup gives the records of a name as the name servers have them, and tells
// whether they know the name at all.
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

// resolves tells whether the name servers lead from a name to an address, or
// into a network.
func (a *api) resolves(name string, address pool.Address) bool {
	records, _ := a.lookup(strings.ToLower(strings.TrimSuffix(name, ".")))
	for _, record := range records {
		if record.Type == pool.RecordCNAME { // of an alias no alias is made here
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

// zone finds a zone of the project and the domain that it is in. The zone is nil
// if it is not there and could be made.
func (a *api) zone(name string) (zone *dnsZone, domain string, err error) {
	for _, domain := range a.Domains {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return a.zones[name], domain, nil
		}
	}
	return nil, "", &refusal{http.StatusForbidden, map[string]any{"message": "domain not found"}}
}

// newZone makes a zone with Scaleway's name servers.
func (a *api) newZone(name, domain string) *dnsZone {
	subdomain := strings.TrimSuffix(strings.TrimSuffix(name, domain), ".")
	zone := &dnsZone{domain: domain, subdomain: subdomain, changed: a.World.Now()}
	for _, server := range nameServers {
		a.addRecord(zone, dnsRecord{Data: server + ".", Type: "NS", TTL: 1800})
	}
	a.zones[name] = zone
	return zone
}

// addRecord gives a record its id, unless it has one, and its time.
func (a *api) addRecord(zone *dnsZone, record dnsRecord) dnsRecord {
	now := dnsTime(a.World.Now())
	record.UpdatedAt = &now
	if record.ID == "" {
		a.records++
		record.ID = derivedID("record", strconv.Itoa(a.records))
	}
	// Recorded: the answer's data of an MX record begins with the priority.
	if record.Type == "MX" {
		record.Data = fmt.Sprintf("%d %s", record.Priority, record.Data)
	}
	zone.records = append(zone.records, record)
	return record
}

func (a *api) listZones(r *http.Request, _ []byte) (answer, error) {
	query := r.URL.Query()
	zones := []zoneAnswer{}
	for _, name := range slices.Sorted(maps.Keys(a.zones)) {
		zone := a.zones[name]
		if isOneOf(name, query["dns_zones"]) && is(zone.domain, query.Get("domain")) {
			zones = append(zones, zoneAnswer{
				Domain: zone.domain, Subdomain: zone.subdomain, NS: nameServers, NSDefault: nameServers, NSMaster: []string{},
				Status: zone.status(a.World.Now()), UpdatedAt: dnsTime(zone.changed), ProjectID: a.Project, LinkedProducts: []string{},
			})
		}
	}
	return countedList(r, "dns_zones", zones)
}

func (a *api) listRecords(r *http.Request, _ []byte) (answer, error) {
	name := r.PathValue("dnsZone")
	zone, _, err := a.zone(name)
	if err != nil {
		return answer{}, err
	}
	if zone == nil {
		return answer{}, notFound("dns_zone", name)
	}
	query := r.URL.Query()
	records := slices.DeleteFunc(slices.Clone(zone.records), func(record dnsRecord) bool {
		return !is(record.Name, query.Get("name")) || !is(record.ID, query.Get("id")) ||
			(query.Get("type") != "unknown" && !is(record.Type, query.Get("type")))
	})
	slices.SortStableFunc(records, func(a, b dnsRecord) int {
		if query.Get("order_by") == "name_desc" {
			a, b = b, a
		}
		return strings.Compare(a.Name, b.Name)
	})
	return countedList(r, "records", records)
}

// recordChanges is the request that changes a zone.
type recordChanges struct {
	Changes                 []recordChange `json:"changes"`
	ReturnAllRecords        bool           `json:"return_all_records"`
	DisallowNewZoneCreation bool           `json:"disallow_new_zone_creation"`
}

// recordChange is one of its four.
type recordChange struct {
	Add *struct {
		Records []dnsRecord `json:"records"`
	} `json:"add"`
	Set *struct {
		recordIdentity
		Records []dnsRecord `json:"records"`
	} `json:"set"`
	Delete *recordIdentity `json:"delete"`
	Clear  *struct{}       `json:"clear"`
}

// recordIdentity says which records a change is about.
type recordIdentity struct {
	ID     string `json:"id"`
	Fields *struct {
		Name string  `json:"name"`
		Type string  `json:"type"`
		Data *string `json:"data"`
		TTL  *int    `json:"ttl"`
	} `json:"id_fields"`
}

func (i recordIdentity) matches(record dnsRecord) bool {
	if i.ID != "" {
		return record.ID == i.ID
	}
	return record.Name == i.Fields.Name && record.Type == i.Fields.Type &&
		(i.Fields.Data == nil || record.Data == *i.Fields.Data) && (i.Fields.TTL == nil || record.TTL == *i.Fields.TTL)
}

// changeRecords makes all changes of a request or, when one is wrong, none.
func (a *api) changeRecords(r *http.Request, body []byte) (answer, error) {
	request, err := decode[recordChanges](body)
	if err != nil {
		return answer{}, err
	}
	name := r.PathValue("dnsZone")
	zone, domain, err := a.zone(name)
	if err != nil {
		return answer{}, err
	}
	if zone == nil && request.DisallowNewZoneCreation {
		return answer{}, notFound("dns_zone", name)
	}
	for _, change := range request.Changes {
		if err := change.check(); err != nil {
			return answer{}, err
		}
	}
	if zone == nil {
		zone = a.newZone(name, domain)
	}
	zone.changed = a.World.Now()
	touched := []dnsRecord{}
	for _, change := range request.Changes {
		touched = append(touched, a.changeZone(zone, change)...)
	}
	if request.ReturnAllRecords {
		touched = slices.Clone(zone.records)
	}
	return ok(map[string]any{"records": touched})
}

// check refuses what is not exactly one of the four changes, in good form.
func (c recordChange) check() error {
	var records []dnsRecord
	var identity *recordIdentity
	kinds := 0
	if c.Add != nil {
		kinds++
		records = c.Add.Records
	}
	if c.Set != nil {
		kinds++
		records, identity = c.Set.Records, &c.Set.recordIdentity
	}
	if c.Delete != nil {
		kinds++
		identity = c.Delete
	}
	if c.Clear != nil {
		kinds++
	}
	if kinds != 1 {
		return invalidArguments(argument{"changes", "constraint", "must be one of add, set, delete, clear"})
	}
	if identity != nil && (identity.ID == "") == (identity.Fields == nil) {
		return invalidArguments(argument{"changes", "constraint", "must have one of id and id_fields"})
	}
	for _, record := range records {
		if err := record.check(); err != nil {
			return err
		}
	}
	return nil
}

func (r dnsRecord) check() error {
	if r.Type == "" || r.Data == "" || r.TTL <= 0 {
		return invalidArguments(argument{"records", "required", "type, data and ttl are required"})
	}
	ip, err := netip.ParseAddr(r.Data)
	if r.Type == "A" && (err != nil || !ip.Is4()) {
		return invalidArguments(argument{"records.data", "format", "must be an IPv4 address"})
	}
	if r.Type == "AAAA" && (err != nil || !ip.Is6()) {
		return invalidArguments(argument{"records.data", "format", "must be an IPv6 address"})
	}
	return nil
}

// changeZone makes one change and gives the records that it left behind.
func (a *api) changeZone(zone *dnsZone, change recordChange) []dnsRecord {
	switch {
	case change.Add != nil:
		return a.addRecords(zone, change.Add.Records, nil)
	case change.Set != nil:
		return a.addRecords(zone, change.Set.Records, zone.remove(change.Set.matches))
	case change.Delete != nil:
		zone.remove(change.Delete.matches)
	default:
		zone.remove(func(r dnsRecord) bool { return r.Type != "NS" || r.Name != "" })
	}
	return nil
}

// addRecords adds records, the first of them under the ids that came free:
// setting a record again does not change its id.
func (a *api) addRecords(zone *dnsZone, records []dnsRecord, ids []string) []dnsRecord {
	var added []dnsRecord
	for i, record := range records {
		record.ID = ""
		if i < len(ids) {
			record.ID = ids[i]
		}
		added = append(added, a.addRecord(zone, record))
	}
	return added
}

// remove takes records away and gives their ids.
func (z *dnsZone) remove(matches func(dnsRecord) bool) []string {
	var ids []string
	z.records = slices.DeleteFunc(z.records, func(record dnsRecord) bool {
		if matches(record) {
			ids = append(ids, record.ID)
			return true
		}
		return false
	})
	return ids
}
