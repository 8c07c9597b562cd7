package world

import "time"

// leavingTime is how long it takes until everybody has left a machine that has lost its
// network.
const leavingTime = time.Minute

// isolate makes the people on a machine that has lost its network leave, evenly over
// leavingTime. When the network is back, those who have not left stay.
func (w *World) isolate(m *machine, isolated bool) {
	m.isolatedSince = time.Time{}
	if isolated {
		m.isolatedSince = w.now
	}
	for _, meeting := range m.meetings {
		meeting.cutOff = meeting.inside()
		w.goOn(meeting)
	}
}

// goOn plans the next step of a meeting from now on, and skips what was planned before.
func (w *World) goOn(m *meeting) {
	m.lives++
	life := m.lives
	w.agenda.plan(w.now, byPeople, func() time.Time {
		if m.lives != life {
			return time.Time{}
		}
		return w.live(m)
	})
}

// nextIsolated is the next step of a meeting whose machine has lost its network. Nobody
// joins. A minute after the last person left, BBB ends it.
func (m *meeting) nextIsolated() (time.Time, func(*World, *meeting)) {
	switch left := m.cutOff - m.inside(); {
	case m.inside() > 0:
		return m.machine.isolatedSince.Add(leavingTime * time.Duration(left+1) / time.Duration(m.cutOff)), (*World).desert
	case m.joined == 0:
		return m.created.Add(lingerUnjoined), (*World).finish
	case m.deserted.IsZero():
		return latest(m.created, m.End()).Add(lingerAfterLast), (*World).finish // it was empty before
	}
	return m.deserted.Add(lingerAfterLast), (*World).finish
}

// desert lets one person leave because the network is lost.
func (w *World) desert(m *meeting) {
	w.leave(m)
	if m.inside() == 0 {
		m.deserted = w.now
	}
}
