package scalewayapi

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dnsRecord is a record in the format of the API.
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

// dnsTime is a time in the format of the domain API: 2026-03-20T09:28:13Z.
type dnsTime time.Time

// MarshalJSON writes the time in UTC.
func (t dnsTime) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(time.Time(t).UTC().Format("2006-01-02T15:04:05Z"))), nil
}

// UnmarshalJSON ignores the time: clients cannot set it.
func (t *dnsTime) UnmarshalJSON([]byte) error { return nil }

// addRecord adds a record to a zone, with a new id if it has none, and the time.
func (a *api) addRecord(zone *dnsZone, record dnsRecord) dnsRecord {
	now := dnsTime(a.World.Now())
	record.UpdatedAt = &now
	if record.ID == "" {
		a.records++
		record.ID = derivedID("record", strconv.Itoa(a.records))
	}
	// As recorded: the data of an MX record in a response begins with the priority.
	if record.Type == "MX" {
		record.Data = fmt.Sprintf("%d %s", record.Priority, record.Data)
	}
	zone.records = append(zone.records, record)
	return record
}

func (a *api) listRecords(r *http.Request, _ []byte) (response, error) {
	name := r.PathValue("dnsZone")
	zone, _, err := a.zone(name)
	if err != nil {
		return response{}, err
	}
	if zone == nil {
		return response{}, notFound("dns_zone", name)
	}
	query := r.URL.Query()
	records := slices.DeleteFunc(slices.Clone(zone.records), func(record dnsRecord) bool {
		return !matchesFilter(record.Name, query.Get("name")) || !matchesFilter(record.ID, query.Get("id")) ||
			(query.Get("type") != "unknown" && !matchesFilter(record.Type, query.Get("type")))
	})
	slices.SortStableFunc(records, func(a, b dnsRecord) int {
		if query.Get("order_by") == "name_desc" {
			a, b = b, a
		}
		return strings.Compare(a.Name, b.Name)
	})
	return listWithTotal(r, "records", records)
}

// recordChanges is a request to change the records of a zone.
type recordChanges struct {
	Changes                 []recordChange `json:"changes"`
	ReturnAllRecords        bool           `json:"return_all_records"`
	DisallowNewZoneCreation bool           `json:"disallow_new_zone_creation"`
}

// recordChange is one change. Exactly one of its fields is set.
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

// recordIdentity selects records, by id or by their fields.
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

// changeRecords makes all changes of a request, or none if one is invalid.
func (a *api) changeRecords(r *http.Request, body []byte) (response, error) {
	request, err := decode[recordChanges](body)
	if err != nil {
		return response{}, err
	}
	name := r.PathValue("dnsZone")
	zone, domain, err := a.zone(name)
	if err != nil {
		return response{}, err
	}
	if zone == nil && request.DisallowNewZoneCreation {
		return response{}, notFound("dns_zone", name)
	}
	for _, change := range request.Changes {
		if err := change.check(); err != nil {
			return response{}, err
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

// check refuses a change that does not have exactly one valid kind.
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

// changeZone makes one change and returns the added records.
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

// addRecords adds records. The first of them get the given ids, so that setting a
// record again does not change its id.
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

// remove removes records and returns their ids.
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
