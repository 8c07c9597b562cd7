package scaling

import (
	"maps"
	"time"

	"divims/internal/pool"
)

// justMade returns the capacity that was just made and is not taken away yet: that of the
// servers that are coming, or came less than their time ago, until the surplus has lasted
// for that time. For an operator's number nothing waits.
func (g *group) justMade() float64 {
	if g.d.forced() != nil && g.Tag == "" {
		return 0
	}
	surplusFor := g.d.now.Sub(g.d.surplus[g.Tag])
	return g.members.capacity(func(s *server) bool {
		if s.Server.BareMetal || s.memory.Ordered.IsZero() || !s.counts() || surplusFor >= g.d.timeOf(s) {
			return false
		}
		return s.stage == Coming || s.stage == Serving && g.d.now.Sub(s.memory.Came) < g.d.timeOf(s)
	})
}

// noteSurplus remembers since when the group has had more servers than required.
func (g *group) noteSurplus(surplus float64) {
	if surplus < tolerance {
		delete(g.d.surplus, g.Tag)
		return
	}
	if g.d.surplus[g.Tag].IsZero() {
		g.d.surplus[g.Tag] = g.d.now
	}
}

// pastSurplus returns a copy of what the evaluation before remembered.
func pastSurplus(state pool.State) map[string]time.Time {
	surplus := map[string]time.Time{}
	maps.Copy(surplus, state.SurplusSince)
	return surplus
}
