package scaling

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// replaceOne chooses the enabled server that needs replacement most. It cordons the
// server if the others that are online suffice. If not, the server stays enabled but
// its capacity does not count, so that a healthy one is enabled for it.
func (g *group) replaceOne() {
	sick := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && s.machineState() == pool.Running && !s.protected() && (s.health == Malfunctioning || s.health == ToRecycle)
	}, func(a, b *server) int {
		return cmp.Compare(g.d.urgency(a), g.d.urgency(b))
	})
	rollOutWaits := sync.OnceValue(g.d.rollOutWaits)
	sick = slices.DeleteFunc(sick, func(s *server) bool {
		switch {
		case g.d.urgency(s) == whenQuiet:
			s.leftAlone = rollOutWaits()
		case s.health == Malfunctioning:
			s.leftAlone = g.d.replacementWaits(s)
		}
		if s.leftAlone.IsZero() && s.health == ToRecycle && g.d.awaitsPeople(s) {
			s.leftAlone = fact.New(waitsForPeople)
		}
		return !s.leftAlone.IsZero()
	})
	if len(sick) == 0 {
		return
	}
	s := sick[0]
	others := g.members.capacity(func(o *server) bool { return o != s && o.online() })
	g.d.noteReplaced(s)
	if others >= float64(max(1, g.required()))-tolerance {
		g.d.cordon(s, fact.New("%s: %s; %s online without it, which suffices", s.health, s.why, fact.Count(others, "server")))
		if s.health == ToRecycle {
			g.d.markMayWait(s)
		}
	} else {
		g.replaced = s
		s.leftAlone = fact.New("%s, but only %s online without it, and %d required: its replacement comes first",
			s.health, fact.Count(others, "server"), g.required())
	}
	for _, other := range sick[1:] {
		other.leftAlone = fact.New("%s, but one server is replaced at a time, and %d is first", other.health, s.Server.Number)
	}
}

// urgency orders the servers to replace. The smallest is the most urgent.
type urgency int

const (
	atOnce    urgency = iota // it malfunctions
	soon                     // toRecycle has a reason
	whenQuiet                // only its image is outdated: a roll-out
)

// urgency returns how urgently a server needs replacement.
func (d *decision) urgency(s *server) urgency {
	switch {
	case s.health == Malfunctioning:
		return atOnce
	case d.outdated(s) && toRecycle(d.now, d.config, s).IsZero():
		return whenQuiet
	}
	return soon
}

// startReplacement enables a healthy server to replace the one that stays enabled
// until then. It does not enable an unhealthy one, which would soon need replacement, too.
func (g *group) startReplacement() {
	replaced := g.replaced
	if replaced == nil {
		return
	}
	for _, s := range g.growthCandidates() {
		if s.health != Healthy || s.machine != nil && len(s.machine.Maintenances) > 0 {
			continue
		}
		ok, waits := g.d.bring(s, fact.New("it replaces server %d; %s", replaced.Server.Number, s.describe()))
		if ok || waits {
			return
		}
	}
	replaced.leftAlone = fact.New("no healthy server is free to replace it: %s", replaced.leftAlone)
	since := replaced.memory.HealthSince
	if replaced.health == ToRecycle && !since.IsZero() && g.d.now.Sub(since) >= maxReplacementWait {
		g.d.alertOf(replaced, Warning, SubjectServer, adviceReplacement,
			"it is to be replaced since %s (%s), and no healthy server is free to take its place",
			since, replaced.why)
	}
}

// maxReplacementWait is how long a server may wait for its replacement before an
// alert. It includes a night, when most servers are free.
const maxReplacementWait = 24 * time.Hour
