package world

import (
	"slices"
	"sort"
	"time"

	"divims/internal/lab/demand"
)

// unplaced are the meetings that have found no server, refused ones included. A meeting
// is in it until it finds one or its time is over.
type unplaced struct{ meetings []*demand.Meeting }

func (u *unplaced) add(m *demand.Meeting) { u.meetings = append(u.meetings, m) }

func (u *unplaced) remove(m *demand.Meeting) {
	u.meetings = slices.DeleteFunc(u.meetings, func(other *demand.Meeting) bool { return other == m })
}

// people returns how many people would be in these meetings now: those that would have
// joined and not left, as if each meeting had begun when it was wanted.
func (u *unplaced) people(now time.Time) int {
	u.meetings = slices.DeleteFunc(u.meetings, func(m *demand.Meeting) bool { return !m.End().After(now) })
	people := 0
	for _, m := range u.meetings {
		people += wouldBeInside(m, now)
	}
	return people
}

// wouldBeInside returns how many people are in a meeting that takes place as wanted.
func wouldBeInside(m *demand.Meeting, now time.Time) int {
	joined := sort.Search(m.Participants, func(n int) bool { return m.JoinTime(n).After(now) })
	left := sort.Search(m.Participants, func(n int) bool { return m.LeaveTime(n).After(now) })
	return max(0, joined-left)
}
