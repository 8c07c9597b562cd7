package provision

import (
	"maps"
	"slices"
	"strings"

	"divims/internal/pool"
)

// Removal plans the end of the servers above the pool's size: of those that have
// no machine, what is the pool's. Addresses that provision has not reserved stay,
// with their names.
func Removal(config Config, seen Sight) Plan {
	var plan Plan
	for _, number := range config.Above(seen) {
		server := config.server(number)
		d := draft{Config: config, seen: seen, plan: ServerPlan{Server: server}}
		d.remove()
		plan = plan.with(d)
	}
	return plan
}

// Above are the numbers of the servers above the pool's size of which anything is
// seen: an entry, a machine or an address.
func (c Config) Above(seen Sight) []int {
	numbers := map[int]bool{}
	note := func(number int, ok bool) {
		if ok && number > len(c.Servers) {
			numbers[number] = true
		}
	}
	for _, entry := range seen.Entries {
		note(pool.Number(c.DomainTemplate, entry.Host()))
	}
	for _, machine := range seen.Machines {
		note(pool.Number(c.HostnameTemplate, machine.Name))
	}
	for _, address := range seen.Addresses {
		if slices.Contains(address.Tags, c.Tag) {
			for _, tag := range address.Tags {
				note(pool.ServerOfTag(tag))
			}
		}
	}
	return slices.Sorted(maps.Keys(numbers))
}

// server is one that the pool does not have any more.
func (c Config) server(number int) pool.Server {
	servers := pool.Servers(number, 0, c.HostnameTemplate, c.DomainTemplate)
	return servers[number-1]
}

func (d *draft) remove() {
	server := d.plan.Server
	for _, machine := range d.seen.Machines {
		if machine.Name == server.Hostname {
			d.problem("its machine %s is %s: a server is removed when it has none", machine.ID, machine.State)
		}
	}
	if d.seen.Answers[server.Domain] {
		d.problem("BBB answers at %s: a server is removed when it has no machine", server.Domain)
	}
	for _, entry := range d.seen.Entries {
		if entry.Host() == server.Domain {
			d.removeEntry(entry)
		}
	}
	for _, address := range pool.AddressesOf(d.seen.Addresses, d.Tag, server.Number) {
		d.removeAddress(address)
	}
}

func (d *draft) removeEntry(entry pool.Entry) {
	if load, known := entry.Load.Get(); known && load > 0 {
		d.problem("Scalelite still counts meetings on it: wait until they have ended")
	}
	if entry.Online {
		d.problem("Scalelite sees it online: a server is removed when it has no machine")
	}
	if entry.State != pool.Disabled {
		d.step(Step{Kind: Disable, EntryID: entry.ID})
	}
	d.step(Step{Kind: Unregister, EntryID: entry.ID})
}

// removeAddress gives an address back once no name leads to it: whoever got it
// next would have the name, too.
func (d *draft) removeAddress(address pool.Address) {
	server := d.plan.Server
	if address.MachineID != "" {
		d.problem("machine %s holds its address %s", address.MachineID, address.IP)
	}
	if !slices.Contains(address.Tags, pool.ProvisionedTag) {
		d.note("its address %s was not reserved by provision: it stays, with its names", address.IP)
		return
	}
	records := d.recordsTo(address)
	for _, record := range records {
		if !slices.ContainsFunc(d.plan.Steps, func(s Step) bool { return s.Record == record }) {
			d.step(Step{Kind: Erase, Record: record})
		}
	}
	leads, _ := d.leads(address.Family())
	switch leadsHere := slices.Contains(leads, address.Host()); {
	case leadsHere && !d.WritesDNS:
		d.step(Step{Kind: ByHand, Record: pool.RecordFor(server.Domain, address)})
		return
	case leadsHere && len(records) == 0:
		d.problem("%s leads to %s by no record that provision writes: delete that record, or wait until name servers have forgotten it",
			server.Domain, address.IP)
	}
	if address.Reverse == server.Domain {
		d.step(Step{Kind: Unreverse, Family: address.Family(), Address: address})
	}
	d.step(Step{Kind: Release, Family: address.Family(), Address: address})
}

// recordsTo are the records in the zone that lead to an address of the server, and
// the alias of the name which has them, the alias first. The alias stays if the name
// leads elsewhere, too.
func (d *draft) recordsTo(address pool.Address) []pool.DNSRecord {
	wanted := Config{MachineName: d.MachineName, Families: []pool.Family{address.Family()}}.recordsOf(d.plan.Server, []pool.Address{address})
	slices.SortFunc(wanted, func(a, b pool.DNSRecord) int { return -strings.Compare(string(a.Type), string(b.Type)) })
	return slices.DeleteFunc(wanted, func(r pool.DNSRecord) bool {
		return !slices.Contains(d.seen.Records, r) || r.Type == pool.RecordCNAME && d.leadsElsewhere(r.Data)
	})
}

// leadsElsewhere tells whether the zone lets a name lead to what is no address of
// the server.
func (d *draft) leadsElsewhere(name string) bool {
	own := pool.AddressesOf(d.seen.Addresses, d.Tag, d.plan.Server.Number)
	return slices.ContainsFunc(d.seen.Records, func(r pool.DNSRecord) bool {
		return r.Name == name && r.Type != pool.RecordCNAME &&
			!slices.ContainsFunc(own, func(a pool.Address) bool { return r == pool.RecordFor(name, a) })
	})
}
