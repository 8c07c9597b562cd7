package world

import (
	"time"

	"divims/internal/pool"
)

// Another orchestrator acts every predecessorInterval. It counts people and meetings
// predecessorFactor times.
const (
	predecessorInterval = 5 * time.Minute
	predecessorFactor   = 2
)

// StartPredecessor starts another orchestrator. Until stop is called it enables and cordons the
// entries of servers whose machine runs, now and every 5 minutes.
func (w *World) StartPredecessor() (stop func()) {
	stopped := false
	w.agenda.plan(w.now, byScalelite, func() time.Time {
		if stopped {
			return time.Time{}
		}
		w.As(Person, w.followLoadRule)
		return w.now.Add(predecessorInterval)
	})
	return func() { stopped = true }
}

// followLoadRule enables as many of the servers whose machine runs as the load rule
// requires, in the order of their numbers, and cordons the others that are enabled. With
// 626 people in 5 meetings, and servers for 250 and 15, that is
//
//	max(1, ceil(2 × 626 / 250), ceil(2 × 5 / 15)) = 6
func (w *World) followLoadRule() {
	people, meetings := 0, 0
	for _, m := range w.machines {
		people += m.participants
		meetings += len(m.meetings)
	}
	required := max(1, shareOf(people, w.config.ServerParticipants), shareOf(meetings, w.config.ServerMeetings))
	for _, s := range w.servers {
		if m := s.machine(); m == nil || m.State != pool.Running {
			continue
		}
		required--
		for _, e := range w.entriesOf(s.Number) {
			switch {
			case required >= 0:
				w.setState(e, pool.Enabled)
			case e.state == pool.Enabled:
				w.setState(e, pool.Cordoned)
			}
		}
	}
}

// shareOf returns how many servers a load requires by the load rule.
func shareOf(load, perServer int) int {
	return (predecessorFactor*load + perServer - 1) / perServer
}
