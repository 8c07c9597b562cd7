package scaling

import (
	"cmp"
	"slices"

	"divims/internal/fact"
	"divims/internal/pool"
)

// shrink cordons servers until the surplus is gone. It never cordons bare metal, nor
// the last server that is online.
func (g *group) shrink(surplus float64) {
	if surplus < tolerance {
		return
	}
	candidates := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && !s.Server.BareMetal && s != g.replaced
	}, func(a, b *server) int {
		return cmp.Or(
			cmp.Compare(shrinkRank(a), shrinkRank(b)),
			g.recordingRank(a)-g.recordingRank(b),
			cmp.Compare(a.meetings(), b.meetings()),
			cmp.Compare(a.participants(), b.participants()),
			cmp.Compare(shrinkHealthRank(a), shrinkHealthRank(b)))
	})
	left := surplus
	for _, s := range candidates {
		if left < s.capacity()-tolerance {
			continue
		}
		if g.lastOnline(s) {
			s.leftAlone = fact.New("the last server that is online is never cordoned")
			continue
		}
		if g.d.cordon(s, fact.New("%s more than required; %s", fact.Count(surplus, "server"), s.describe())) {
			left -= s.capacity()
		}
	}
}

// shrinkRank orders the servers to cordon: first those whose machine has a planned
// maintenance, then those without a machine, stopped, starting, and all others.
func shrinkRank(s *server) int {
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

// recordingRank puts servers with a recording backlog last if the forecast is among
// the policies, because their machines are kept until the backlog is empty anyway.
func (g *group) recordingRank(s *server) int {
	if g.d.config.Recordings != RecordingsNone && g.forecasts() && s.recording() {
		return 1
	}
	return 0
}

// shrinkHealthRank puts servers that are not healthy first: they would be replaced
// anyway.
func shrinkHealthRank(s *server) int {
	if s.health == Healthy {
		return 1
	}
	return 0
}

// lastOnline reports whether Scalelite sees the server online, and no other server of
// the group is known to take meetings.
func (g *group) lastOnline(s *server) bool {
	if !s.entry.Online {
		return false
	}
	return !slices.ContainsFunc(g.members, func(o *server) bool { return o != s && o.online() })
}
