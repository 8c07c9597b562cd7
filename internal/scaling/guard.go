package scaling

import (
	"slices"
	"time"

	"divims/internal/fact"
)

// togetherTime is the longest time between two servers that fell together.
const togetherTime = 30 * time.Minute

// minGuardStarts is how many machines may be started in any case while servers that
// fell together are away.
const minGuardStarts = 2

// sawFall updates the memory of when the server fell: it served at an earlier evaluation,
// and now is silent to DiViMS or offline in Scalelite, whatever the cause.
func (d *decision) sawFall(s *server) {
	memory := &s.memory
	down := s.silent() || s.entry != nil && !s.entry.Online
	switch {
	case s.entry == nil: // nothing is known of it
	case !down:
		memory.Fell, memory.FellOf = time.Time{}, 0
	case memory.Fell.IsZero() && !memory.Served.IsZero() && (s.stage == Serving || s.stage == Late || s.stage == Coming):
		memory.Fell, memory.FellOf = d.now, d.servedBefore
	}
	if s.stage == Serving {
		s.servesFirst = memory.Served.IsZero()
		memory.Served, memory.Reboots, memory.LateSince = d.now, 0, time.Time{}
	}
}

// servedLast returns how many servers served at the last evaluation that saw any serve.
func (list servers) servedLast() int {
	var last time.Time
	n := 0
	for _, s := range list {
		switch served := s.memory.Served; {
		case served.IsZero() || served.Before(last):
		case served.After(last):
			last, n = served, 1
		default:
			n++
		}
	}
	return n
}

// fellTogether returns the doubt about servers that fell together: at least two, and more
// than UnresponsiveMillionths of those that served before the first of them fell, each
// within togetherTime of another. That many at once have a common cause, which may be
// between DiViMS and them.
func (d *decision) fellTogether() *Doubt {
	fallen := d.servers.choose(func(s *server) bool { return !s.maintenance() && !s.memory.Fell.IsZero() },
		func(a, b *server) int { return a.memory.Fell.Compare(b.memory.Fell) })
	var together servers
	apart := max(togetherTime, 2*d.config.Interval)
	for begin := 0; begin < len(fallen); {
		end := begin + 1
		for end < len(fallen) && fallen[end].memory.Fell.Sub(fallen[end-1].memory.Fell) <= apart {
			end++
		}
		if d.tooMany(end-begin, fallen[begin].memory.FellOf) {
			together = append(together, fallen[begin:end]...)
		}
		begin = end
	}
	if len(together) == 0 {
		return nil
	}
	first := together[0]
	d.doubt.FellTogether, d.doubt.Away = together[len(together)-1].memory.Fell, d.now
	return &Doubt{
		Cause: FellTogether, Since: first.memory.Fell, Servers: together.numbers(), Starts: d.guardStarts(first.memory.Fell),
		Why: fact.New("%d of %s that served do not any more: that many at once have a common cause, so nothing is done to them",
			len(together), fact.Count(first.memory.FellOf, "server")),
		advice: adviceNetwork, subject: SubjectNetwork, named: together,
	}
}

// tooMany reports whether so many of the servers that served fell that the cause is a
// common one.
func (d *decision) tooMany(fell, served int) bool {
	return fell >= 2 && fell*million > served*int(d.config.UnresponsiveMillionths)
}

// guardStarts returns how many machines may be started while servers that fell together
// since a time are away: a third of what is missing, at least two, and all of it as soon
// as one of those serves that were ordered since.
func (d *decision) guardStarts(since time.Time) int {
	made := func(s *server) bool { return !s.memory.Ordered.IsZero() && !s.memory.Ordered.Before(since) }
	if slices.ContainsFunc(d.servers, func(s *server) bool { return made(s) && s.stage == Serving }) {
		return noLimit
	}
	coming := d.servers.count(func(s *server) bool { return made(s) && s.stage == Coming })
	missing := 0
	for _, g := range d.groups {
		missing += max(0, g.required()-int(g.members.capacity(func(s *server) bool { return s.stage == Serving })))
	}
	return max(0, max(minGuardStarts, ceilDiv(missing, 3))-coming)
}

// The people of servers that fell together come back. So nothing is cordoned to save money
// until all are back for backTime, or for longBackTime if they fell longAgo.
const (
	backTime     = time.Hour
	longAgo      = 2 * time.Hour
	longBackTime = 30 * time.Minute
)

// calmed reports whether cordoning to save money is safe after servers fell together.
func (d *decision) calmed() bool {
	back := d.now.Sub(d.doubt.Away)
	return back >= backTime || back >= longBackTime && d.now.Sub(d.doubt.FellTogether) >= longAgo
}
