package scaling

import (
	"cmp"
	"fmt"
	"slices"

	"divims/internal/pool"
)

// registerEntries gives an entry to each server that has none.
func (d *decision) registerEntries() {
	for i := range d.servers {
		s := &d.servers[i]
		if entry, ok := s.Entry.Get(); !ok || entry != nil || s.maintenance() {
			continue
		}
		if d.config.RegisterEntries {
			d.act(Register, s, "Scalelite has no entry for "+s.Server.Domain)
			continue
		}
		s.left = "Scalelite has no entry for it"
	}
}

// cordonUnresponsive takes out the servers that answer nobody. Their capacity
// is not there in any case, so nothing waits for a replacement.
func (d *decision) cordonUnresponsive() {
	for i := range d.servers {
		s := &d.servers[i]
		if s.ours() && s.health == Unresponsive && s.intended == pool.Enabled {
			d.cordon(s, "unresponsive: "+s.why)
		}
	}
}

// replaceOne picks the sickest enabled server, malfunctioning before to be
// recycled. Its capacity does not count any more, so that another one is
// started; it is cordoned itself when the others that are online suffice.
func (d *decision) replaceOne() {
	sick := d.choose(func(s server) bool {
		return s.ours() && s.counts() && s.machineState() == pool.Running && (s.health == Malfunctioning || s.health == ToRecycle)
	}, func(a, b server) int {
		return cmp.Compare(sickness(a), sickness(b))
	})
	if len(sick) == 0 {
		return
	}
	s := sick[0]
	others := d.count(func(o server) bool { return o.online() && o.Server.Number != s.Server.Number })
	if others >= max(1, d.required()) {
		d.cordon(s, fmt.Sprintf("%s: %s; the %d others that are online suffice", s.health, s.why, others))
	} else {
		d.replaced = s.Server.Number
		s.left = fmt.Sprintf("%s, but only %d others are online and %d are required: its replacement comes first", s.health, others, d.required())
	}
	for _, other := range sick[1:] {
		other.left = fmt.Sprintf("%s, but one server is replaced at a time, and %d is first", other.health, s.Server.Number)
	}
}

func sickness(s server) int {
	if s.health == Malfunctioning {
		return 0
	}
	return 1
}

// enableBareMetal enables every bare-metal server that is well: it costs the
// same whether it is enabled or not.
func (d *decision) enableBareMetal() {
	for i := range d.servers {
		s := &d.servers[i]
		if s.Server.BareMetal && s.ours() && s.intended != pool.Enabled && s.intended == s.entry.State &&
			s.machineState() == pool.Running && s.health == Healthy && s.entry.Online {
			d.enable(s, "a bare-metal server costs the same whether it is enabled or not")
		}
	}
}

// adjust adds or cordons servers until as many count as are required.
func (d *decision) adjust() {
	difference := d.required() - d.count(func(s server) bool { return s.counts() && s.Server.Number != d.replaced })
	if difference > 0 {
		d.grow(difference)
	} else {
		d.shrink(-difference)
	}
}

// growth classes: the sooner a server takes meetings, the earlier it is chosen.
func growthClass(s server) int {
	switch {
	case s.machine == nil:
		return 4
	case s.machine.State == pool.Running && s.health == Healthy && len(s.machine.Maintenances) == 0:
		return 0
	case s.machine.State == pool.Starting:
		return 1
	case s.machine.State == pool.StoppedInPlace:
		return 2
	case s.machine.State == pool.Stopped:
		return 3
	case s.machine.State == pool.Stopping:
		return 5
	case s.health != Malfunctioning:
		return 6
	}
	return 7
}

func (d *decision) grow(missing int) {
	candidates := d.choose(func(s server) bool {
		// A server that a plan cordons is not enabled by the same plan.
		return s.ours() && !s.Server.BareMetal && s.intended != pool.Enabled && s.intended == s.entry.State &&
			s.health != Unresponsive && s.machineState() != pool.Locked
	}, func(a, b server) int {
		return cmp.Or(
			cmp.Compare(growthClass(a), growthClass(b)),
			cmp.Compare(entryRank(a), entryRank(b)))
	})
	for _, s := range candidates[:min(missing, len(candidates))] {
		d.enable(s, fmt.Sprintf("%d more servers are required; %s", missing, describe(*s)))
	}
	if short := missing - len(candidates); short > 0 {
		d.withhold("%d of the %d servers that are missing: no server is left to enable", short, missing)
		d.alert(Error, "no server left", "%d more servers are required than can be enabled", short)
	}
}

// entryRank puts cordoned entries, which keep their load, before disabled ones.
func entryRank(s server) int {
	if s.intended == pool.Cordoned {
		return 0
	}
	return 1
}

// shrinkClass: the machine that is about to be taken away anyway goes first,
// then what has nobody on it, then the one that will be empty soonest.
func shrinkClass(s server) int {
	switch {
	case s.machine == nil:
		return 1
	case len(s.machine.Maintenances) > 0:
		return 0
	case s.machine.State == pool.Stopped, s.machine.State == pool.StoppedInPlace:
		return 2
	case s.machine.State == pool.Starting:
		return 3
	}
	return 4
}

func (d *decision) shrink(surplus int) {
	candidates := d.choose(func(s server) bool {
		return s.ours() && s.counts() && !s.Server.BareMetal && s.Server.Number != d.replaced
	}, func(a, b server) int {
		return cmp.Or(
			cmp.Compare(shrinkClass(a), shrinkClass(b)),
			cmp.Compare(a.meetings(), b.meetings()),
			cmp.Compare(a.participants(), b.participants()))
	})
	for _, s := range candidates {
		if surplus == 0 {
			return
		}
		if s.online() && d.count(server.online) == 1 {
			s.left = "the last server that is online is never cordoned"
			continue
		}
		d.cordon(s, fmt.Sprintf("%d servers more than required; %s", surplus, describe(*s)))
		surplus--
	}
}

// preferRunning swaps an enabled server that is not up yet for a healthy one
// that is up and drains: the second takes meetings at once.
func (d *decision) preferRunning() {
	if !d.plan.Required.Servers.Known() {
		return
	}
	waiting := d.choose(func(s server) bool {
		return s.ours() && s.counts() && s.entry.State == pool.Enabled && s.machineState() != pool.Running && !s.Server.BareMetal
	}, func(a, b server) int { return cmp.Compare(growthClass(b), growthClass(a)) })
	ready := d.choose(func(s server) bool {
		return s.ours() && s.entry.State != pool.Enabled && s.intended != pool.Enabled &&
			s.machineState() == pool.Running && s.health == Healthy && s.entry.Online && len(s.machine.Maintenances) == 0
	}, func(a, b server) int { return cmp.Compare(b.meetings(), a.meetings()) })
	for i := range min(len(waiting), len(ready)) {
		d.enable(ready[i], fmt.Sprintf("it is up, server %d is not yet", waiting[i].Server.Number))
		d.cordon(waiting[i], fmt.Sprintf("server %d is up already", ready[i].Server.Number))
	}
}

// choose lists the servers that satisfy a condition, in the given order; equals
// stay in the order of their numbers.
func (d *decision) choose(condition func(server) bool, order func(a, b server) int) []*server {
	var chosen []*server
	for i := range d.servers {
		if condition(d.servers[i]) {
			chosen = append(chosen, &d.servers[i])
		}
	}
	slices.SortStableFunc(chosen, func(a, b *server) int { return order(*a, *b) })
	return chosen
}

// describe says in a few words what a server is at, for the reasons of actions.
func describe(s server) string {
	switch {
	case s.machine == nil:
		return "it has no machine"
	case s.machine.State != pool.Running:
		return fmt.Sprintf("its machine is %s", s.machine.State)
	case len(s.machine.Maintenances) > 0:
		return fmt.Sprintf("its machine has a planned maintenance on %s", s.machine.Maintenances[0].Start.UTC().Format("2006-01-02 15:04"))
	case s.health != Healthy:
		return fmt.Sprintf("it is %s", s.health)
	}
	return fmt.Sprintf("it runs with %d meetings and %d participants", s.meetings(), s.participants())
}
