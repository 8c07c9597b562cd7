package scaling

import (
	"cmp"
	"fmt"
	"slices"

	"divims/internal/pool"
)

// registerEntries gives an entry to each server that has none.
func (d *decision) registerEntries() {
	for _, s := range d.servers {
		if entry, ok := s.Entry.Get(); !ok || entry != nil || !s.Machine.Known() || s.maintenance() {
			continue
		}
		if !d.config.RegisterEntries {
			s.leftAlone = "Scalelite has no entry for it"
			continue
		}
		d.do(Action{Kind: Register, Server: s.Server.Number, Reason: "Scalelite has no entry for " + s.Server.Domain})
	}
}

// cordonUnusable takes out the servers that answer nobody or whose machine is
// locked. Their capacity does not count in any case, so nothing waits for a
// replacement; only when Scalelite still sees one online, and no other, it may
// be that we alone cannot reach it.
func (g *group) cordonUnusable() {
	for _, s := range g.members {
		unresponsive, locked := s.health == Unresponsive, s.machineState() == pool.Locked
		if !s.mayTouch() || s.intended != pool.Enabled || !unresponsive && !locked {
			continue
		}
		switch {
		case g.lastOnline(s):
			s.leftAlone = "it seems unusable, but Scalelite sees no other online: its replacement comes first"
		case unresponsive:
			g.d.cordon(s, "unresponsive: "+s.why)
		case locked:
			g.d.cordon(s, "its machine is locked by the hoster")
		}
	}
}

// enableBareMetal enables every bare-metal server that is well: it costs the
// same whether it is enabled or not.
func (g *group) enableBareMetal() {
	for _, s := range g.members {
		if s.Server.BareMetal && s.mayEnable() && s.health == Healthy && s.up() {
			g.d.enable(s, "a bare-metal server costs the same whether it is enabled or not")
		}
	}
}

// mayEnable: a server that the plan cordons is not enabled by the same plan, nor
// one whose drain an operator ends.
func (s *server) mayEnable() bool {
	return s.mayTouch() && s.memory.EndDrain == nil && s.intended != pool.Enabled && s.intended == s.entry.State &&
		s.health != Unresponsive && s.machineState() != pool.Locked && (s.machine == nil || s.machine.Detail != pool.Preparing)
}

// adjust adds or cordons servers until those that count have the capacity of as
// many as are required. Without load multipliers that is their number.
func (g *group) adjust() {
	// Where multipliers make less of all servers than are required, all have to do.
	all := g.members.capacity(func(*server) bool { return true })
	surplus := g.members.capacity((*server).counts) - min(float64(g.required()), all)
	if surplus < -almost {
		g.grow(-surplus)
		g.startReplacement()
		return
	}
	if g.replaced != nil {
		if surplus -= g.replaced.capacity(); surplus < -almost {
			g.startReplacement()
			return
		}
	}
	g.shrink(surplus)
}

// almost is what sums of thirds and the like may be away from what they should be.
const almost = 1e-9

// growthClass: the sooner a server takes meetings, the earlier it is chosen.
func growthClass(s *server) int {
	switch {
	case s.waits:
		return 9
	case s.machine == nil:
		return 5
	case s.machine.State == pool.Starting:
		return 2
	case s.machine.State == pool.StoppedInPlace:
		return 3
	case s.machine.State == pool.Stopped:
		return 4
	case s.machine.State == pool.Stopping:
		return 6
	case s.health == Malfunctioning:
		return 8
	case s.health == ToRecycle, len(s.machine.Maintenances) > 0:
		return 7
	case s.up():
		return 0
	}
	return 1 // it runs, and BBB is not up yet
}

// growthCandidates are the servers that can be enabled, the best first.
func (g *group) growthCandidates() []*server {
	return g.members.choose(func(s *server) bool { return s.mayEnable() && (!s.Server.BareMetal || s.up()) }, func(a, b *server) int {
		return cmp.Or(
			cmp.Compare(growthClass(a), growthClass(b)),
			cmp.Compare(entryRank(a), entryRank(b)))
	})
}

func (g *group) grow(missing float64) {
	short := missing
	for _, s := range g.growthCandidates() {
		if short < almost {
			return
		}
		g.d.enable(s, fmt.Sprintf("short of %s; %s", pool.Count(missing, "server"), s.describe()))
		short -= s.capacity()
	}
	if short >= almost {
		g.d.withhold("enabling %s: no server is left", pool.Count(short, "more server"))
		g.d.alert(Error, g.subject(noServerLeftSubject), adviceNoServer, "short of %s, and no server is left to enable", pool.Count(short, "server"))
	}
}

// entryRank puts cordoned entries, which keep their load, before disabled ones.
func entryRank(s *server) int {
	if s.intended == pool.Cordoned {
		return 0
	}
	return 1
}

// lastOnline tells whether there is no other server of which is known that it
// takes meetings.
func (g *group) lastOnline(s *server) bool {
	if !s.entry.Online {
		return false
	}
	return !slices.ContainsFunc(g.members, func(o *server) bool { return o != s && o.online() })
}

// shrinkClass: the machine that is about to be taken away anyway goes first,
// then what has nobody on it, then the one that will be empty soonest.
func shrinkClass(s *server) int {
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

// shrinkHealth: of two that are equally busy, the one that would be replaced goes.
func shrinkHealth(s *server) int {
	if s.health == Healthy {
		return 1
	}
	return 0
}

// recordingRank: where the forecast decides, a server with recordings in work goes
// last, for it has to stay up in any case.
func (g *group) recordingRank(s *server) int {
	if g.d.config.Recordings != RecordingsNone && g.forecasts() && s.recording() {
		return 1
	}
	return 0
}

func (g *group) shrink(surplus float64) {
	if surplus < almost {
		return
	}
	candidates := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && !s.Server.BareMetal && s != g.replaced
	}, func(a, b *server) int {
		return cmp.Or(
			cmp.Compare(shrinkClass(a), shrinkClass(b)),
			g.recordingRank(a)-g.recordingRank(b),
			cmp.Compare(a.meetings(), b.meetings()),
			cmp.Compare(a.participants(), b.participants()),
			cmp.Compare(shrinkHealth(a), shrinkHealth(b)))
	})
	left := surplus
	for _, s := range candidates {
		if left < s.capacity()-almost {
			continue
		}
		if g.lastOnline(s) {
			s.leftAlone = "the last server that is online is never cordoned"
			continue
		}
		if g.d.cordon(s, fmt.Sprintf("%s more than required; %s", pool.Count(surplus, "server"), s.describe())) {
			left -= s.capacity()
		}
	}
}

// preferRunning swaps an enabled server that is not up yet for a healthy one
// that is up and drains: the second takes meetings at once.
func (g *group) preferRunning() {
	if !g.Required.Servers.Known() {
		return
	}
	waiting := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && s.entry.State == pool.Enabled && !s.entry.Online && !s.Server.BareMetal
	}, func(a, b *server) int { return cmp.Compare(growthClass(b), growthClass(a)) })
	ready := g.members.choose(func(s *server) bool { return s.mayEnable() && growthClass(s) == 0 },
		func(a, b *server) int { return cmp.Compare(b.meetings(), a.meetings()) })
	for i := range min(len(waiting), len(ready)) {
		if ready[i].capacity() < waiting[i].capacity()-almost {
			continue
		}
		if g.d.cordon(waiting[i], fmt.Sprintf("server %d is up already", ready[i].Server.Number)) {
			g.d.enable(ready[i], fmt.Sprintf("it is up, server %d is not yet", waiting[i].Server.Number))
		}
	}
}
