package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"divims/internal/cycle"
	"divims/internal/pool"
)

// PlanRemoval plans the removal of the servers above the pool's size that have no
// machine: their entries and, if provision has reserved their addresses, records,
// reverse names and addresses. It needs the parts ForRemoval. It returns an error if
// one of the lists is unknown, or if the function still evaluates these servers.
func PlanRemoval(config Config, seen Sight) (Plan, error) {
	if err := refuseEvaluated(config, seen); err != nil {
		return nil, err
	}
	all, err := seen.complete(config.WritesDNS)
	if err != nil {
		return nil, err
	}
	var plan Plan
	for _, server := range config.above(&seen) {
		d := draft{Config: config, seen: seen, all: all, plan: ServerPlan{Server: server}}
		d.remove()
		plan = plan.with(d)
	}
	return plan, nil
}

// refuseEvaluated returns an error if the last evaluation had more servers than the
// settings. The deployed function could enable the additional servers, or create
// machines for them, while they are being removed.
func refuseEvaluated(config Config, seen Sight) error {
	state, err := known(seen.State, "read the pool's state", nil)
	if err != nil {
		return err
	}
	last, err := cycle.LastRecord(state)
	if last == nil || err != nil {
		return err
	}
	if len(last.Servers) > len(config.Servers) {
		return fmt.Errorf("the evaluation of %s had %d servers, but DIVIMS_POOL_SIZE is %d: deploy the new size, and let the function evaluate once",
			last.At.UTC().Format("2006-01-02 15:04 UTC"), len(last.Servers), len(config.Servers))
	}
	return nil
}

// above returns the servers above the pool's size that have an entry, a machine or
// an address, by number.
func (c Config) above(seen *Sight) []pool.Server {
	numbers := map[int]bool{}
	note := func(number int, ok bool) {
		if ok && number > len(c.Servers) {
			numbers[number] = true
		}
	}
	entries, _ := seen.Entries.Get()
	for _, entry := range entries {
		note(pool.Number(c.DomainTemplate, entry.Host()))
	}
	machines, _ := seen.Machines.Get()
	for _, machine := range machines {
		note(pool.Number(c.HostnameTemplate, machine.Name))
	}
	addresses, _ := seen.Addresses.Get()
	for _, address := range addresses {
		if slices.Contains(address.Tags, c.Tag) {
			for _, tag := range address.Tags {
				note(pool.ServerOfTag(tag))
			}
		}
	}
	var servers []pool.Server
	for _, number := range slices.Sorted(maps.Keys(numbers)) {
		named := pool.Servers(number, 0, c.HostnameTemplate, c.DomainTemplate)
		servers = append(servers, named[number-1])
	}
	return servers
}

func (d *draft) remove() {
	server := d.plan.Server
	for _, machine := range d.all.machines {
		if machine.Name == server.Hostname {
			d.problem("its machine %s is %s: only a server without a machine is removed", machine.ID, machine.State)
		}
	}
	if d.seen.Versions[server.Domain].Known() {
		d.problem("BBB answers at %s: only a server without a machine is removed", server.Domain)
	}
	for _, entry := range d.all.entries {
		if entry.IsOf(server) {
			d.removeEntry(entry)
		}
	}
	for _, address := range pool.AddressesOf(d.all.addresses, d.Tag, server.Number) {
		d.removeAddress(address)
	}
}

func (d *draft) removeEntry(entry pool.Entry) {
	if load, known := entry.Load.Get(); known && load > 0 {
		d.problem("Scalelite still counts meetings on it: wait until they have ended")
	}
	if entry.Online {
		d.problem("Scalelite sees it online: only a server without a machine is removed")
	}
	if entry.State != pool.Disabled {
		d.step(Step{Kind: Disable, EntryID: entry.ID, EntryURL: entry.URL})
	}
	d.step(Step{Kind: Unregister, EntryID: entry.ID, EntryURL: entry.URL})
}

// removeAddress plans to give an address back, but only once no name resolves to it:
// its next owner would otherwise receive the name's traffic.
func (d *draft) removeAddress(address pool.Address) {
	server := d.plan.Server
	if address.MachineID != "" {
		d.problem("its address %s is attached to machine %s", address.IP, address.MachineID)
	}
	if !slices.Contains(address.Tags, pool.ProvisionedTag) {
		d.note("its address %s was not reserved by provision: the address and its names are kept", address.IP)
		return
	}
	records := d.recordsTo(address)
	for _, record := range records {
		if !slices.ContainsFunc(d.plan.Steps, func(s Step) bool { return s.Record == record }) {
			d.step(Step{Kind: Erase, Record: record})
		}
	}
	resolved, _ := d.resolved(address.Family())
	switch leadsHere := slices.Contains(resolved, address.Host()); {
	case leadsHere && !d.WritesDNS:
		d.step(Step{Kind: ByHand, Record: pool.RecordFor(server.Domain, address)})
		return
	case leadsHere && len(records) == 0:
		d.problem("%s resolves to %s, but not by a record that provision writes: delete that record, or wait until the name servers' caches have expired",
			server.Domain, address.IP)
	}
	if address.Reverse == server.Domain {
		d.step(Step{Kind: Unreverse, Family: address.Family(), Address: address})
	}
	d.step(Step{Kind: Release, Family: address.Family(), Address: address})
}

// recordsTo returns the records of the zone by which the domain resolves to an address of
// the server. An alias (CNAME) comes first. It is left out if its target also has other
// addresses.
func (d *draft) recordsTo(address pool.Address) []pool.DNSRecord {
	wanted := Config{MachineName: d.MachineName, Families: []pool.Family{address.Family()}}.recordsFor(d.plan.Server, []pool.Address{address})
	slices.SortFunc(wanted, func(a, b pool.DNSRecord) int { return -strings.Compare(string(a.Type), string(b.Type)) })
	return slices.DeleteFunc(wanted, func(r pool.DNSRecord) bool {
		return !slices.Contains(d.all.records, r) || r.Type == pool.RecordCNAME && d.leadsElsewhere(r.Data)
	})
}

// leadsElsewhere reports whether the zone has a record that makes a name resolve to an
// address which is not the server's.
func (d *draft) leadsElsewhere(name string) bool {
	own := pool.AddressesOf(d.all.addresses, d.Tag, d.plan.Server.Number)
	return slices.ContainsFunc(d.all.records, func(r pool.DNSRecord) bool {
		return r.Name == name && r.Type != pool.RecordCNAME &&
			!slices.ContainsFunc(own, func(a pool.Address) bool { return r == pool.RecordFor(name, a) })
	})
}
