package scaling

import (
	"cmp"

	"divims/internal/fact"
	"divims/internal/pool"
)

// grow enables servers, and creates or starts their machines, until no capacity is
// missing, or no server is left. A server that is enabled and lacks its machine only gets
// that. What doubt or a limit withholds is left for a later evaluation.
func (g *group) grow(missing float64) {
	short, withheld := missing, false
	for _, s := range g.growthCandidates() {
		if short < tolerance {
			return
		}
		switch ok, waits := g.d.bring(s, g.reasonToGrow(missing, s)); {
		case ok:
			short -= s.capacity()
		case waits:
			withheld = true
		}
	}
	if short < tolerance || withheld {
		return
	}
	if g.tryRefused(missing) {
		return
	}
	g.d.noPlaceLeft[g.Tag] = true
	g.d.withhold("enabling %s: no server is left", fact.Count(short, "more server"))
	g.warnShort(short)
}

func (g *group) reasonToGrow(missing float64, s *server) fact.Text {
	return fact.New("short of %s; %s", fact.Count(missing, "server"), s.describe())
}

// bring plans what makes a server serve: its machine is created or started if it needs
// that, and then the server is enabled. ok is false if that is not possible now; waits is
// set if doubt or a limit of the evaluation is why.
func (d *decision) bring(s *server, reason fact.Text) (ok, waits bool) {
	if s.needsStart() {
		if ok, waits = d.start(s, reason); !ok {
			return ok, waits
		}
	}
	s.planned = true
	if s.intended != pool.Enabled {
		d.enable(s, reason)
	}
	return true, false
}

// tryRefused plans one creation although the hoster has refused such creations lately, if
// nothing else is left to grow by: it may have what it refused before.
func (g *group) tryRefused(missing float64) bool {
	for _, s := range g.members.choose(func(s *server) bool { return s.waits && s.hasNoMachine() && s.mayGrow() }, byRefusal) {
		if s.isOnline() {
			continue
		}
		if g.d.triedRefused || !g.d.mayStart() || !g.d.allow(Create, s) {
			return true
		}
		g.d.triedRefused = true
		g.d.started++
		s.planned = true
		reason := g.reasonToGrow(missing, s)
		g.d.do(Action{Kind: Create, Server: s.Server.Number, IgnoreRefusals: true, Reason: reason})
		if s.intended != pool.Enabled {
			g.d.enable(s, reason)
		}
		return true
	}
	return false
}

// byRefusal puts the server first that has been refused for longest.
func byRefusal(a, b *server) int { return a.memory.NotBefore.Compare(b.memory.NotBefore) }

// mayGrow reports whether the server can be a part of growth: it may be enabled, or is
// enabled and neither serves nor comes because it lacks its machine.
func (s *server) mayGrow() bool {
	if s.Server.BareMetal && !s.up() {
		return false
	}
	lacks := s.mayTouch() && s.intended == pool.Enabled && s.stage == Late && !s.planned && s.needsStart()
	return s.mayEnable() || lacks
}

// needsStart reports whether the server's machine has to be created or started before it
// can serve.
func (s *server) needsStart() bool {
	switch s.machineState() {
	case "":
		return s.hasNoMachine()
	case pool.Stopped, pool.StoppedInPlace:
		return true
	}
	return false
}

// growthCandidates returns the servers that can be enabled, the best first.
func (g *group) growthCandidates() []*server {
	return g.members.choose(func(s *server) bool { return s.mayGrow() && !s.waits }, func(a, b *server) int {
		return cmp.Or(
			cmp.Compare(g.d.growthRank(a), g.d.growthRank(b)),
			cmp.Compare(entryRank(a), entryRank(b)))
	})
}

// growthRank orders the servers to enable. A server that takes meetings sooner has a
// lower rank: first those that are up, whatever their image. Servers that need replacement
// for another reason, and those in a zone that has refused or brought none lately, are
// last.
func (d *decision) growthRank(s *server) int {
	switch {
	case s.health == Malfunctioning:
		return 9
	case s.machine == nil && (d.suspect(s) || d.refusedIn(s.memory.Zone)):
		return 8
	case s.machine == nil:
		return 6
	case s.machine.State == pool.Starting:
		return 3
	case s.machine.State == pool.StoppedInPlace:
		return 4
	case s.machine.State == pool.Stopped:
		return 5
	case s.machine.State == pool.Stopping:
		return 7
	case s.up() && s.health == ToRecycle && d.urgency(s) == whenQuiet:
		return 1
	case s.health == ToRecycle, len(s.machine.Maintenances) > 0:
		return 8
	case s.up():
		return 0
	}
	return 2 // it runs, and BBB is not up yet
}

// entryRank puts enabled entries, which only lack their machine, first, and cordoned ones,
// which keep their meetings, before disabled ones.
func entryRank(s *server) int {
	switch s.intended {
	case pool.Enabled:
		return 0
	case pool.Cordoned:
		return 1
	}
	return 2
}

// preferRunning cordons enabled servers that are not online yet, and enables healthy
// draining ones that are up instead: those take meetings at once.
func (g *group) preferRunning() {
	if !g.Required.Servers.Known() {
		return
	}
	waiting := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && s.entry.State == pool.Enabled && !s.entry.Online && !s.Server.BareMetal && !s.planned && !s.protected()
	}, func(a, b *server) int { return cmp.Compare(g.d.growthRank(b), g.d.growthRank(a)) })
	ready := g.members.choose(func(s *server) bool { return s.mayEnable() && g.d.growthRank(s) == 0 },
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
