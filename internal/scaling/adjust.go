package scaling

import (
	"divims/internal/fact"
	"divims/internal/pool"
)

// cordonLocked cordons servers whose machine the hoster has locked, unless no other is
// online.
func (g *group) cordonLocked() {
	for _, s := range g.members {
		if !s.mayTouch() || s.intended != pool.Enabled || s.machineState() != pool.Locked {
			continue
		}
		if g.lastOnline(s) {
			s.leftAlone = fact.New("its machine is locked, but Scalelite sees no other online: its replacement comes first")
			continue
		}
		g.d.cordon(s, fact.New("its machine is locked by the hoster"))
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
		g.noteSurplus(surplus)
		g.grow(-surplus)
		g.startReplacement()
		return
	}
	if g.replaced != nil {
		surplus -= g.replaced.capacity()
	}
	g.noteSurplus(surplus)
	if surplus < -tolerance {
		g.startReplacement()
		return
	}
	g.cordonLate()
	g.shrink(surplus)
}

// tolerance is the rounding error that a sum of capacities, for example of thirds, may
// have.
const tolerance = 1e-9
