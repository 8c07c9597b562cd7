package world

import "divims/internal/pool"

// moved creates a meeting anew on another server if its first person comes some time
// after its creation and its server is cordoned, and reports whether it did. People come
// with a create and a join, and Scalelite answers a create so while nobody has joined.
// BBB ends the old meeting, in which nobody is.
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
