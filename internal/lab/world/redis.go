package world

import "slices"

// emptied is what Redis had when it was emptied.
type emptied struct {
	// times counts the calls of EmptyRedis that are in force.
	times    int
	entries  []*entry
	meetings map[*entry][]*meeting
}

// EmptyRedis makes Scalelite forget all entries and meetings, so that new meetings find
// no server, until restore is called. Then the entries are as they were, and those that
// were added meanwhile are gone.
func (w *World) EmptyRedis() (restore func()) {
	lost := &w.emptied
	lost.times++
	if lost.times == 1 {
		lost.entries, lost.meetings = w.entries, map[*entry][]*meeting{}
		for _, e := range lost.entries {
			lost.meetings[e] = slices.Clone(e.meetings)
		}
	}
	w.forgetEntries()
	return w.restoreRedis
}

// restoreRedis ends one call of EmptyRedis. The last one gives Redis its entries back.
func (w *World) restoreRedis() {
	lost := &w.emptied
	lost.times--
	if lost.times > 0 {
		return
	}
	w.forgetEntries()
	w.entries = lost.entries
	for _, e := range w.entries {
		e.deleted = false
		for _, m := range lost.meetings[e] {
			if m.entry == nil {
				m.entry, e.meetings = e, append(e.meetings, m)
			}
		}
	}
	lost.entries, lost.meetings = nil, nil
}

// RenewEntries replaces all entries by new ones with the same URLs and secrets, as a new
// installation of Scalelite has them: with new ids, disabled, and without meetings.
func (w *World) RenewEntries() {
	old := w.entries
	w.forgetEntries()
	for _, e := range old {
		w.addEntry(e.url, e.secret)
	}
}

// forgetEntries removes all entries and what Scalelite knows of their meetings.
func (w *World) forgetEntries() {
	for _, e := range w.entries {
		e.deleted = true
		for len(e.meetings) > 0 {
			e.drop(e.meetings[0])
		}
	}
	w.entries = nil
}

// StopScaleliteAPI makes Scalelite's management API fail until start is called. Placing
// and polling go on.
func (w *World) StopScaleliteAPI() (start func()) {
	w.apiStops++
	return func() { w.apiStops-- }
}

// ScaleliteAPIFails reports whether Scalelite's management API fails.
func (w *World) ScaleliteAPIFails() bool { return w.apiStops > 0 }
