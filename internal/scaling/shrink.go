package scaling

import (
	"cmp"
	"slices"

	"divims/internal/fact"
	"divims/internal/pool"
)

// shrink cordons servers until the surplus is gone. It never cordons bare metal, nor
// the last server that is online, nor a server whose load is unknown or on which people
// may be about to join a new meeting.
func (g *group) shrink(surplus float64) {
	surplus -= g.justMade()
	if surplus < tolerance || !g.d.calmed() {
		return
	}
	candidates := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && !s.Server.BareMetal && s != g.replaced
	}, func(a, b *server) int {
		return cmp.Or(
			cmp.Compare(shrinkRank(a), shrinkRank(b)),
			g.nearLimit(a)-g.nearLimit(b),
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
		if why := g.mustStay(s); !why.IsZero() {
			s.leftAlone = why
			continue
		}
		if g.d.cordon(s, fact.New("%s more than required; %s", fact.Count(surplus, "server"), s.describe())) {
			g.d.markMayWait(s)
			left -= s.capacity()
		}
	}
}

// mustStay returns why a server is not cordoned to save money, or no text.
func (g *group) mustStay(s *server) fact.Text {
	switch {
	case g.lastOnline(s):
		return fact.New("the last server that is online is never cordoned")
	case g.d.unknownMatters(s):
		return fact.New("its load is unknown since %s, and people may be on it", s.memory.UnknownSince)
	}
	if g.d.awaitsPeople(s) {
		return fact.New(waitsForPeople)
	}
	return fact.Text{}
}

// waitsForPeople is why a server is not cordoned now.
const waitsForPeople = "a meeting on it has just been created, and nobody has joined it yet"

// awaitsPeople reports whether people may be about to join a new meeting on a server.
func (d *decision) awaitsPeople(s *server) bool {
	meetings, _ := s.Meetings.Get()
	return slices.ContainsFunc(meetings, func(m pool.Meeting) bool { return m.AwaitsPeople(d.now) })
}

// markMayWait marks the cordon of a server that was just planned, if it was, as one that
// may wait: it only saves money, or recycles a machine.
func (d *decision) markMayWait(s *server) {
	if len(d.plan.Actions) == 0 {
		return
	}
	last := &d.plan.Actions[len(d.plan.Actions)-1]
	if last.Kind == Cordon && last.Server == s.Server.Number {
		last.Surplus = true
	}
}

// cordonLate cordons servers that neither serve nor come, once the others serve as much as
// is required. One that answers DiViMS stays enabled: its fault is Scalelite's poller.
func (g *group) cordonLate() {
	serving := g.members.capacity(func(s *server) bool { return s.counts() && s.stage == Serving })
	if serving < float64(max(1, g.required()))-tolerance || len(g.Load.Missing) > 0 && !g.d.calmed() {
		return
	}
	for _, s := range g.members {
		if s.mayTouch() && s.stage == Late && !s.planned && s.intended == pool.Enabled && !s.Server.BareMetal &&
			!g.d.unpolled(s) && (g.d.twice(s.memory.LateSince) || g.d.isLost(s)) {
			g.d.cordon(s, fact.New("it does not serve since %s, and the others suffice", s.memory.LateSince))
		}
	}
}

// isLost reports whether the server cannot serve for certain: its machine is switched off,
// locked or gone, and not just missing from one list.
func (d *decision) isLost(s *server) bool {
	switch {
	case s.hasNoMachine():
		return s.memory.Gone.IsZero() || d.twice(s.memory.Gone)
	case s.machineState() == pool.Locked:
		return true
	}
	return s.isOff()
}

// nearLimit puts servers last that have a meeting near the limit: it would be ended there.
func (g *group) nearLimit(s *server) int {
	meetings, _ := s.Meetings.Get()
	for _, m := range meetings {
		if !m.Created.IsZero() && g.d.now.Sub(m.Created) > g.d.config.MeetingMaxDuration/2 {
			return 1
		}
	}
	return 0
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
