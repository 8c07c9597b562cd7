// Package provision sets a pool's servers up, or removes those above its size:
// their addresses, DNS records, reverse names and entries. In go the pool's names
// and what is seen; out come the steps that are missing, and what they came to.
//
// Every step looks for what an earlier, broken run may have left, so a run that
// ends anywhere is finished by the next one.
package provision

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"divims/internal/pool"
)

// Config says what the servers have to have.
type Config struct {
	// Servers are the pool's; what is seen of others is above its size.
	Servers []pool.Server
	// HostnameTemplate and DomainTemplate name them, and those above the size.
	HostnameTemplate, DomainTemplate string
	// Tag is the pool's.
	Tag string
	// Zone is where addresses are reserved.
	Zone string
	// Families are those that each server has an address of.
	Families []pool.Family
	// MachineName is the name that has a server's address, of which its domain is
	// an alias. It is nil where the domain has the address itself.
	MachineName func(hostname string) string
	// WritesDNS tells that there is a zone to write records into; otherwise a
	// person does it.
	WritesDNS bool
	// Registers tells that the secret is known that entries need.
	Registers bool
}

// Sight is what was seen of the pool, all of it complete.
type Sight struct {
	// Addresses are those of the pool's project, the pool's and others.
	Addresses []pool.Address
	Machines  []pool.Machine
	Entries   []pool.Entry
	// Records are those of the names that servers have; none where nothing is written.
	Records []pool.DNSRecord
	// Leads tells of domains where they lead, nowhere if the list is empty.
	Leads map[string]pool.Reading[[]netip.Addr]
	// Answers are the domains at which a BBB answers, of servers above the size.
	Answers map[string]bool
}

// ServerPlan is what is to be done for one server, in this order.
type ServerPlan struct {
	Server pool.Server `json:"server"`
	Steps  []Step      `json:"steps,omitempty"`
	// Problem says why nothing is done, and what would help.
	Problem string `json:"problem,omitempty"`
	// Notes say what else a person should know.
	Notes []string `json:"notes,omitempty"`
}

// Plan is what is missing of each server that lacks anything.
type Plan []ServerPlan

// Steps counts them.
func (p Plan) Steps() (count int) {
	for _, server := range p {
		count += len(server.Steps)
	}
	return count
}

// Problems counts the servers that have one.
func (p Plan) Problems() (count int) {
	for _, server := range p {
		if server.Problem != "" {
			count++
		}
	}
	return count
}

// Setup plans what the pool's servers lack.
func Setup(config Config, seen Sight) Plan {
	var plan Plan
	for _, s := range pool.Match(config.Servers, pool.Seen(seen.Entries), pool.Seen(seen.Machines)) {
		d := draft{Config: config, seen: seen, plan: ServerPlan{Server: s.Server}}
		d.setUp(s)
		plan = plan.with(d)
	}
	return plan
}

// with adds a draft, unless it is empty. With a problem none of its steps is taken.
func (p Plan) with(d draft) Plan {
	if d.plan.Problem != "" {
		d.plan.Steps = nil
	} else if len(d.plan.Steps) == 0 && len(d.plan.Notes) == 0 {
		return p
	}
	return append(p, d.plan)
}

// draft is the plan of one server under way.
type draft struct {
	Config
	seen Sight
	plan ServerPlan
	// addresses are those of the server, one for each family; unset in one that
	// has to be reserved.
	addresses []pool.Address
}

func (d *draft) step(step Step) { d.plan.Steps = append(d.plan.Steps, step) }

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
	if d.name() {
		d.reverse()
		d.entry(s)
	}
}

// leads is where the server's domain leads, of one family. It is not known if
// the name servers could not be asked.
func (d *draft) leads(family pool.Family) (leads []netip.Addr, known bool) {
	reading := d.seen.Leads[d.plan.Server.Domain]
	all, known := reading.Get()
	if !known {
		d.problem("where %s leads cannot be seen: %s", d.plan.Server.Domain, reading.Reason())
	}
	for _, ip := range all {
		if (pool.Address{IP: ip}).Family() == family {
			leads = append(leads, ip)
		}
	}
	return leads, known
}

// address finds the server's address of a family, or has it reserved.
func (d *draft) address(family pool.Family, s pool.ServerObservation) {
	leads, known := d.leads(family)
	if !known {
		return
	}
	address := pool.Address{}
	if s.Server.BareMetal {
		address = d.hostAddress(family, s)
	} else {
		address = d.keptAddress(family, leads)
	}
	host := address.Host()
	if slices.ContainsFunc(leads, func(ip netip.Addr) bool { return ip != host }) {
		d.problem("%s leads to %s, which is not the server's address: delete that DNS record, or reserve that address in the project",
			s.Server.Domain, join(leads))
	}
	if !address.IP.IsValid() && s.Server.BareMetal {
		return // there is none of this family
	}
	d.addresses = append(d.addresses, address)
	if !address.IP.IsValid() {
		d.step(Step{Kind: Reserve, Zone: d.Zone, Family: family})
	}
}

// hostAddress is the address that a bare metal server came with.
func (d *draft) hostAddress(family pool.Family, s pool.ServerObservation) pool.Address {
	machine, _ := s.Machine.Get()
	if machine == nil {
		d.problem("no Elastic Metal host of the project is named %s: order it, or name it so", s.Server.Hostname)
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

// keptAddress is the reserved address of a server: the one with its tags, or one
// of the project to which its domain leads; unset if there is none.
func (d *draft) keptAddress(family pool.Family, leads []netip.Addr) pool.Address {
	server := d.plan.Server
	kept := ofFamily(pool.AddressesOf(d.seen.Addresses, d.Tag, server.Number), family)
	if len(kept) == 1 {
		return kept[0]
	}
	if len(kept) > 1 {
		return d.only(leading(kept, leads), "%d addresses bear the tags of the server (%s), and its domain can lead to one only: take the tags off the others",
			len(kept), join(kept))
	}
	found := leading(ofFamily(d.seen.Addresses, family), leads)
	if len(found) == 0 {
		return pool.Address{}
	}
	address := d.only(found, "its domain leads to %d addresses (%s): let it lead to one", len(found), join(found))
	if slices.ContainsFunc(address.Tags, pool.IsServerTag) {
		d.problem("its domain leads to %s, which bears the tags of another server: %s", address.IP, strings.Join(address.Tags, ", "))
	}
	d.step(Step{Kind: Keep, Family: family, Address: address})
	return address
}

// only is the one address in a list; otherwise there is a problem.
func (d *draft) only(found []pool.Address, problem string, args ...any) pool.Address {
	if len(found) != 1 {
		d.problem(problem, args...)
		return pool.Address{}
	}
	return found[0]
}

// name plans the DNS records, and tells whether it may go on behind them.
func (d *draft) name() bool {
	var missing []pool.DNSRecord
	for _, record := range d.records() {
		if d.lacks(record) {
			missing = append(missing, record)
		}
	}
	if d.resolves() {
		return true // whoever wrote the records, in whichever way
	}
	kind := Write
	if !d.WritesDNS {
		kind = ByHand
	} else if len(missing) == 0 {
		missing = d.records() // they are there, but may not be published
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

// records are those that the server has to have.
func (d *draft) records() []pool.DNSRecord {
	return d.recordsOf(d.plan.Server, d.addresses)
}

func (c Config) recordsOf(server pool.Server, addresses []pool.Address) []pool.DNSRecord {
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

// familyOf is empty for an alias.
func familyOf(record pool.DNSRecord) pool.Family {
	for family, kind := range recordTypes {
		if kind == record.Type {
			return family
		}
	}
	return ""
}

// lacks tells whether a record is missing in the zone. One that contradicts it is
// a problem: it is not ours to replace.
func (d *draft) lacks(wanted pool.DNSRecord) bool {
	lacks := true
	for _, record := range d.seen.Records {
		switch {
		case record == wanted:
			lacks = false
		case contradicts(record, wanted):
			d.problem("the zone has the record %s already: delete it if it is out of date", record)
		}
	}
	return lacks
}

// contradicts tells whether a name that has one record cannot have the other as
// well: it leads to one address of a family, and beside an alias there is nothing.
func contradicts(has, wanted pool.DNSRecord) bool {
	if has == wanted || has.Name != wanted.Name {
		return false
	}
	return has.Type == wanted.Type || has.Type == pool.RecordCNAME || wanted.Type == pool.RecordCNAME
}

// resolves tells whether the domain leads to all addresses of the server.
func (d *draft) resolves() bool {
	leads, _ := d.seen.Leads[d.plan.Server.Domain].Get()
	return len(d.addresses) > 0 && !slices.ContainsFunc(d.addresses, func(a pool.Address) bool { return !slices.Contains(leads, a.Host()) })
}

// ofHoster ends the reverse names that Scaleway gives addresses unasked.
const ofHoster = ".scw.cloud"

// reverse plans the reverse names. One that a person has given stays.
func (d *draft) reverse() {
	server := d.plan.Server
	if server.BareMetal {
		return
	}
	for i, address := range d.addresses {
		switch {
		case address.Reverse == server.Domain:
		case address.Reverse == "" || strings.HasSuffix(address.Reverse, ofHoster):
			d.step(Step{Kind: Reverse, Family: d.Families[i], Address: address})
		default:
			d.note("the reverse name of %s is %s and stays so", address.IP, address.Reverse)
		}
	}
}

// entry plans the registration. The entry stays disabled: the evaluations enable
// a server when it is required and give it a machine.
func (d *draft) entry(s pool.ServerObservation) {
	entry, known := s.Entry.Get()
	switch {
	case !known:
		d.note("%s: remove all but one", s.Entry.Reason())
	case entry != nil:
	case !d.Registers:
		d.note("it has no entry in Scalelite, and without DIVIMS_BBB_SECRET none can be made")
	default:
		d.step(Step{Kind: Register})
	}
}

func ofFamily(all []pool.Address, family pool.Family) []pool.Address {
	return slices.DeleteFunc(slices.Clone(all), func(a pool.Address) bool { return a.Family() != family })
}

// leading are the addresses to which a domain leads.
func leading(all []pool.Address, leads []netip.Addr) []pool.Address {
	return slices.DeleteFunc(slices.Clone(all), func(a pool.Address) bool { return !slices.Contains(leads, a.Host()) })
}

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
