package scaling

import (
	"divims/internal/fact"
	"divims/internal/pool"
)

// registerEntries plans an entry for each server that has none in Scalelite, if
// RegisterEntries is set. It leaves out servers in maintenance and those whose machine
// is unknown.
func (d *decision) registerEntries() {
	for _, s := range d.servers {
		if entry, ok := s.Entry.Get(); !ok || entry != nil || !s.Machine.Known() || s.maintenance() {
			continue
		}
		if !d.config.RegisterEntries {
			s.leftAlone = fact.New("Scalelite has no entry for it")
			continue
		}
		d.do(Action{Kind: Register, Server: s.Server.Number, Reason: fact.New("Scalelite has no entry for %s", s.Server.Domain)})
	}
}

// cordonUnusable cordons servers that are unresponsive or whose machine is locked.
// Their capacity does not count anyway, so this does not wait for a replacement. It
// does not cordon the last server that Scalelite sees online: perhaps only DiViMS cannot
// reach it.
func (g *group) cordonUnusable() {
	for _, s := range g.members {
		unresponsive, locked := s.health == Unresponsive, s.machineState() == pool.Locked
		if !s.mayTouch() || s.intended != pool.Enabled || !unresponsive && !locked {
			continue
		}
		switch {
		case g.lastOnline(s):
			s.leftAlone = fact.New("it seems unusable, but Scalelite sees no other online: its replacement comes first")
		case unresponsive:
			g.d.cordon(s, fact.New("unresponsive: %s", s.why))
		case locked:
			g.d.cordon(s, fact.New("its machine is locked by the hoster"))
		}
	}
}

// enableBareMetal enables every healthy bare-metal server that is up. A bare-metal server
// costs the same whether it is enabled or not.
func (g *group) enableBareMetal() {
	for _, s := range g.members {
		if s.Server.BareMetal && s.mayEnable() && s.health == Healthy && s.up() {
			g.d.enable(s, fact.New("a bare-metal server costs the same whether it is enabled or not"))
		}
	}
}

// adjust enables or cordons servers until the enabled capacity is what is required.
// Without load multipliers the capacity is the number of servers.
func (g *group) adjust() {
	// If load multipliers leave the whole group short of the requirement, settle for
	// the whole group.
	all := g.members.capacity(func(*server) bool { return true })
	surplus := g.members.capacity((*server).counts) - min(float64(g.required()), all)
	if surplus < -tolerance {
		g.grow(-surplus)
		g.startReplacement()
		return
	}
	if g.replaced != nil {
		if surplus -= g.replaced.capacity(); surplus < -tolerance {
			g.startReplacement()
			return
		}
	}
	g.shrink(surplus)
}

// tolerance is the rounding error that a sum of capacities, for example of thirds, may
// have.
const tolerance = 1e-9
