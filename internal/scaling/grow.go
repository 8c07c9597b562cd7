package scaling

import (
	"cmp"

	"divims/internal/fact"
	"divims/internal/pool"
)

// grow enables servers until no capacity is missing, or no server is left.
func (g *group) grow(missing float64) {
	short := missing
	for _, s := range g.growthCandidates() {
		if short < tolerance {
			return
		}
		g.d.enable(s, fact.New("short of %s; %s", fact.Count(missing, "server"), s.describe()))
		short -= s.capacity()
	}
	if short >= tolerance {
		g.d.withhold("enabling %s: no server is left", fact.Count(short, "more server"))
		g.d.alert(Error, g.subject(noServerLeftSubject), adviceNoServer, "short of %s, and no server is left to enable", fact.Count(short, "server"))
	}
}

// growthCandidates returns the servers that can be enabled, the best first.
func (g *group) growthCandidates() []*server {
	return g.members.choose(func(s *server) bool { return s.mayEnable() && (!s.Server.BareMetal || s.up()) }, func(a, b *server) int {
		return cmp.Or(
			cmp.Compare(growthRank(a), growthRank(b)),
			cmp.Compare(entryRank(a), entryRank(b)))
	})
}

// growthRank orders the servers to enable. A server that takes meetings sooner has a
// lower rank. Servers that need replacement, and those that get no machine now, are last.
func growthRank(s *server) int {
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

// entryRank puts cordoned entries, which keep their meetings, before disabled ones.
func entryRank(s *server) int {
	if s.intended == pool.Cordoned {
		return 0
	}
	return 1
}

// preferRunning cordons enabled servers that are not online yet, and enables healthy
// draining ones that are up instead: those take meetings at once.
func (g *group) preferRunning() {
	if !g.Required.Servers.Known() {
		return
	}
	waiting := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && s.entry.State == pool.Enabled && !s.entry.Online && !s.Server.BareMetal
	}, func(a, b *server) int { return cmp.Compare(growthRank(b), growthRank(a)) })
	ready := g.members.choose(func(s *server) bool { return s.mayEnable() && growthRank(s) == 0 },
		func(a, b *server) int { return cmp.Compare(b.meetings(), a.meetings()) })
	for i := range min(len(waiting), len(ready)) {
		if ready[i].capacity() < waiting[i].capacity()-tolerance {
			continue
		}
		if g.d.cordon(waiting[i], fact.New("server %d is up already", ready[i].Server.Number)) {
			g.d.enable(ready[i], fact.New("it is up, server %d is not yet", waiting[i].Server.Number))
		}
	}
}
