package setup

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"divims/internal/fact"
	"divims/internal/pool"
)

// ServerPlan lists the steps for one server, in order.
type ServerPlan struct {
	Server pool.Server `json:"server"`
	Steps  []Step      `json:"steps,omitempty"`
	// Problem says why nothing is done for the server, and what would help.
	Problem string `json:"problem,omitempty"`
	// Notes say what else the operator should know.
	Notes []string `json:"notes,omitempty"`
}

// String returns the plan as text, with one line for each step.
func (p ServerPlan) String() string {
	text := fmt.Sprintf("server %d, %s", p.Server.Number, p.Server.Domain)
	if p.Problem != "" {
		text += "\n  nothing is done: " + fact.Clean(p.Problem)
	}
	for _, step := range p.Steps {
		text += "\n  " + step.describe(p.Server)
	}
	for _, note := range p.Notes {
		text += "\n  note: " + fact.Clean(note)
	}
	return text
}

// Plan has the servers for which there is something to do or to say.
type Plan []ServerPlan

// Steps returns the number of steps of all servers.
func (p Plan) Steps() (count int) {
	for _, server := range p {
		count += len(server.Steps)
	}
	return count
}

// Problems returns the number of servers with a problem.
func (p Plan) Problems() (count int) {
	for _, server := range p {
		if server.Problem != "" {
			count++
		}
	}
	return count
}

// PlanSetup plans what the pool's servers lack. It needs the parts ForSetup, and
// returns an error if one of the lists is unknown.
func PlanSetup(config Config, seen Sight) (Plan, error) {
	all, err := seen.complete(config.WritesDNS)
	if err != nil {
		return nil, err
	}
	var plan Plan
	for _, s := range pool.Match(config.Servers, seen.Entries, seen.Machines, nil) {
		d := draft{Config: config, seen: seen, all: all, plan: ServerPlan{Server: s.Server}}
		d.setUp(s)
		plan = plan.with(d)
	}
	return plan, nil
}

// with adds a draft to the plan unless it is empty. A draft with a problem loses its steps.
func (p Plan) with(d draft) Plan {
	if d.plan.Problem != "" {
		d.plan.Steps = nil
	} else if len(d.plan.Steps) == 0 && len(d.plan.Notes) == 0 {
		return p
	}
	return append(p, d.plan)
}

// draft is the plan of one server while it is being made.
type draft struct {
	Config
	seen Sight
	all  lists
	plan ServerPlan
	// addresses are the addresses of the server, one for each family. The zero Address
	// means that a step reserves one.
	addresses []pool.Address
}

func (d *draft) step(step Step) { d.plan.Steps = append(d.plan.Steps, step) }

// problem sets the server's problem. If there is one already, that one is kept.
func (d *draft) problem(format string, args ...any) {
	if d.plan.Problem == "" {
		d.plan.Problem = fmt.Sprintf(format, args...)
	}
}

func (d *draft) note(format string, args ...any) {
	d.plan.Notes = append(d.plan.Notes, fmt.Sprintf(format, args...))
}

func (d *draft) setUp(s pool.ServerObservation) {
	for _, family := range d.Families {
		d.address(family, s)
	}
	if d.records() {
		d.reverse()
		d.entry(s)
	}
}

// resolved returns the addresses of one family that the server's domain resolves to. If
// the name servers could not be asked, known is false and the draft has a problem.
func (d *draft) resolved(family pool.Family) (resolved []netip.Addr, known bool) {
	reading := d.seen.Resolved[d.plan.Server.Domain]
	all, known := reading.Get()
	if !known {
		d.problem("the name servers do not say what %s resolves to: %s", d.plan.Server.Domain, reading.Reason())
	}
	for _, ip := range all {
		if (pool.Address{IP: ip}).Family() == family {
			resolved = append(resolved, ip)
		}
	}
	return resolved, known
}

// address finds the server's address of a family, or plans to reserve one.
func (d *draft) address(family pool.Family, s pool.ServerObservation) {
	resolved, known := d.resolved(family)
	if !known {
		return
	}
	var address pool.Address
	if s.Server.BareMetal {
		address = d.hostAddress(family, s)
	} else {
		address = d.keptAddress(family, resolved)
	}
	host := address.Host()
	if slices.ContainsFunc(resolved, func(ip netip.Addr) bool { return ip != host }) {
		d.problem("%s resolves to %s, which is not the server's address: delete that DNS record, or reserve that address in the project",
			s.Server.Domain, join(resolved))
	}
	if !address.IP.IsValid() && s.Server.BareMetal {
		return // the host has no address of this family
	}
	if !address.IP.IsValid() {
		d.step(Step{Kind: Reserve, Zone: d.zone(), Family: family})
	}
	if awaitsMachine(s, address, resolved, family) {
		d.note("its machine does not have its IPv6 address, so no AAAA record is written: replace the machine (divims recycle %d), and run this again", s.Server.Number)
		return
	}
	d.addresses = append(d.addresses, address)
}

// zone returns the zone in which an address is reserved: that of the server's other address,
// if there is one, because a machine can have the addresses of its own zone only.
func (d *draft) zone() string {
	for _, address := range d.addresses {
		if address.IP.IsValid() {
			return address.Zone
		}
	}
	return d.AddressZone
}

// hostAddress returns the address of a bare metal server's host, the zero Address if
// it has none.
func (d *draft) hostAddress(family pool.Family, s pool.ServerObservation) pool.Address {
	machine, _ := s.Machine.Get()
	if machine == nil {
		d.problem("no Elastic Metal host of the project is named %s: order one, or rename the host", s.Server.Hostname)
		return pool.Address{}
	}
	found := ofFamily(machine.Addresses, family)
	if len(found) == 0 {
		if family == pool.IPv4 {
			d.problem("the Elastic Metal host %s has no %s address", s.Server.Hostname, family)
		}
		return pool.Address{}
	}
	return found[0]
}

// keptAddress returns the reserved address of a server: the one with its tags, or
// the one of the project that its domain resolves to. It is zero if there is none.
func (d *draft) keptAddress(family pool.Family, resolved []netip.Addr) pool.Address {
	server := d.plan.Server
	kept := ofFamily(pool.AddressesOf(d.all.addresses, d.Tag, server.Number), family)
	if len(kept) == 1 {
		return kept[0]
	}
	if len(kept) > 1 {
		return d.only(matching(kept, resolved), "%d addresses have the tags of the server (%s), but its domain can resolve to one only: remove the tags from the others",
			len(kept), join(kept))
	}
	found := matching(ofFamily(d.all.addresses, family), resolved)
	if len(found) == 0 {
		return pool.Address{}
	}
	address := d.only(found, "its domain resolves to %d addresses (%s): delete the DNS records of all but one", len(found), join(found))
	if slices.ContainsFunc(address.Tags, pool.IsServerTag) {
		d.problem("its domain resolves to %s, which has the tags of another server: %s", address.IP, strings.Join(address.Tags, ", "))
	}
	d.step(Step{Kind: Keep, Family: family, Address: address})
	return address
}

// only returns the single address in a list. If there are several, the draft gets a problem.
func (d *draft) only(found []pool.Address, problem string, args ...any) pool.Address {
	if len(found) != 1 {
		d.problem(problem, args...)
		return pool.Address{}
	}
	return found[0]
}

// records plans the DNS records. It returns false if the operator must write records
// before later steps can be planned.
func (d *draft) records() bool {
	wanted := d.recordsFor(d.plan.Server, d.addresses)
	var missing []pool.DNSRecord
	for _, record := range wanted {
		if d.lacks(record) {
			missing = append(missing, record)
		}
	}
	if d.resolves() {
		return true // other records have the same effect
	}
	kind := Write
	if !d.WritesDNS {
		kind = ByHand
	} else if len(missing) == 0 {
		missing = wanted // they are in the zone, but may not be published yet
	}
	for _, record := range missing {
		d.step(Step{Kind: kind, Family: familyOf(record), Record: record})
	}
	if kind == ByHand {
		return false
	}
	for i, address := range d.addresses {
		d.step(Step{Kind: Await, Family: d.Families[i], Address: address})
	}
	return true
}

// recordsFor returns the DNS records that a server needs. The addresses are in the
// order of the families; the record of a zero Address has no data yet.
func (c Config) recordsFor(server pool.Server, addresses []pool.Address) []pool.DNSRecord {
	name := server.Domain
	if c.MachineName != nil {
		name = c.MachineName(server.Hostname)
	}
	var records []pool.DNSRecord
	for i, address := range addresses {
		record := pool.DNSRecord{Name: name, Type: recordTypes[c.Families[i]]}
		if address.IP.IsValid() {
			record = pool.RecordFor(name, address)
		}
		records = append(records, record)
	}
	if c.MachineName != nil {
		records = append(records, pool.DNSRecord{Name: server.Domain, Type: pool.RecordCNAME, Data: name})
	}
	return records
}

var recordTypes = map[pool.Family]pool.RecordType{pool.IPv4: pool.RecordA, pool.IPv6: pool.RecordAAAA}

// familyOf returns the family of a record, "" for an alias.
func familyOf(record pool.DNSRecord) pool.Family {
	for family, kind := range recordTypes {
		if kind == record.Type {
			return family
		}
	}
	return ""
}

// lacks reports whether the zone lacks a record. A record that contradicts it is a
// problem, because provision does not replace records.
func (d *draft) lacks(wanted pool.DNSRecord) bool {
	lacks := true
	for _, record := range d.all.records {
		switch {
		case record == wanted:
			lacks = false
		case contradicts(record, wanted):
			d.problem("the zone already has the record %s: delete it if it is out of date", record)
		}
	}
	return lacks
}

// contradicts reports whether a name cannot have both records: it may have one
// address of each family, and an alias (CNAME) excludes all other records.
func contradicts(has, wanted pool.DNSRecord) bool {
	if has == wanted || has.Name != wanted.Name {
		return false
	}
	return has.Type == wanted.Type || has.Type == pool.RecordCNAME || wanted.Type == pool.RecordCNAME
}

// resolves reports whether the domain resolves to all addresses of the server.
func (d *draft) resolves() bool {
	resolved, _ := d.seen.Resolved[d.plan.Server.Domain].Get()
	return len(d.addresses) > 0 && !slices.ContainsFunc(d.addresses, func(a pool.Address) bool { return !slices.Contains(resolved, a.Host()) })
}

// hosterSuffix is the end of the reverse names that Scaleway gives new addresses.
const hosterSuffix = ".scw.cloud"

// reverse plans the reverse names. A name that somebody else has set is kept.
func (d *draft) reverse() {
	server := d.plan.Server
	if server.BareMetal {
		return
	}
	for i, address := range d.addresses {
		switch {
		case address.Reverse == server.Domain:
		case address.Reverse == "" || strings.HasSuffix(address.Reverse, hosterSuffix):
			d.step(Step{Kind: Reverse, Family: d.Families[i], Address: address})
		default:
			d.note("the reverse name of %s is %s, and is not changed", address.IP, address.Reverse)
		}
	}
}

// entry plans the registration. The new entry stays disabled: an evaluation enables
// it when the server is required.
func (d *draft) entry(s pool.ServerObservation) {
	entry, known := s.Entry.Get()
	switch {
	case !known:
		d.note("%s: remove all but one, or correct the one that cannot be read", s.Entry.Reason())
	case entry != nil:
	case !d.BBBSecret.IsSet():
		d.note("it has no entry in Scalelite, and none can be registered without DIVIMS_BBB_SECRET")
	default:
		d.step(Step{Kind: Register})
	}
}

// ofFamily returns the addresses of a family.
func ofFamily(all []pool.Address, family pool.Family) []pool.Address {
	return slices.DeleteFunc(slices.Clone(all), func(a pool.Address) bool { return a.Family() != family })
}

// matching returns the addresses that a domain resolves to.
func matching(all []pool.Address, resolved []netip.Addr) []pool.Address {
	return slices.DeleteFunc(slices.Clone(all), func(a pool.Address) bool { return !slices.Contains(resolved, a.Host()) })
}

// join lists addresses, separated by commas.
func join[T netip.Addr | pool.Address](items []T) string {
	texts := make([]string, len(items))
	for i, item := range items {
		switch item := any(item).(type) {
		case pool.Address:
			texts[i] = item.IP.String()
		case netip.Addr:
			texts[i] = item.String()
		}
	}
	return strings.Join(texts, ", ")
}
