package scaling

import (
	"maps"
	"time"
)

// unknownTime is how long the load of a server may be unknown before it no longer keeps
// the pool from getting smaller. It covers a lecture.
const unknownTime = 2 * time.Hour

// unknownMatters reports whether the load of a server has been unknown for less than
// unknownTime, so that it matters.
func (d *decision) unknownMatters(s *server) bool {
	return !s.memory.UnknownSince.IsZero() && d.now.Sub(s.memory.UnknownSince) < max(unknownTime, 2*d.config.Interval)
}

// raiseToFloor raises the requirement to the last one that was made with everything known,
// while a load or an event of the calendar is unknown. An operator's number stands over
// that.
func (g *group) raiseToFloor(servers int) int {
	if g.allKnown() {
		return servers
	}
	floor, known := g.d.state.Floors[g.Tag]
	if !known || floor <= servers {
		return servers
	}
	g.noteLimit("raised from %d to %d, the last number with everything known", servers, min(floor, g.size))
	return max(servers, min(floor, g.size))
}

// allKnown reports whether the loads and events that the requirement is made from are all
// known.
func (g *group) allKnown() bool {
	if len(g.Load.Missing) > 0 {
		return false
	}
	for _, answer := range g.Required.Policies {
		if len(answer.Unread) > 0 {
			return false
		}
	}
	return true
}

// floors returns the floors for the next evaluation.
func (d *decision) floors() map[string]int {
	floors := map[string]int{}
	maps.Copy(floors, d.state.Floors)
	for _, g := range d.groups {
		if servers, known := g.Required.Servers.Get(); known && g.allKnown() && d.forced() == nil {
			floors[g.Tag] = servers
		}
	}
	return floors
}
