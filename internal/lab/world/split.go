package world

import "divims/internal/pool"

// moved creates a meeting again on another server if its server is cordoned when the first
// person comes, some time after its creation. It reports whether it did so. People come with
// a create and a join, and this is how Scalelite handles a create while nobody has joined.
// BBB ends the old meeting, which is empty.
func (w *World) moved(m *meeting) bool {
	old := m.entry
	if m.opens.Equal(m.created) || old == nil || old.state != pool.Cordoned || old.bbb() != m.machine {
		return false
	}
	e := w.place(m.Tag)
	if e == nil || e == old || e.bbb() == nil {
		return false
	}
	e.count()
	if old.withdrawnBy == DiViMS && !old.withdrawn.Before(m.created) {
		w.tally.SplitMeetings++
	}
	w.create(&meeting{Meeting: m.Meeting, id: m.id, name: m.name, machine: e.bbb(), entry: e})
	old.drop(m)
	m.Participants, m.Recorded = 0, false
	return true
}
