package world

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"time"

	"divims/internal/lab/demand"
)

// BBB's patience: it ends a meeting so long after the last user left, or after
// its creation if nobody came.
const (
	lingerAfterLast = time.Minute
	lingerUnjoined  = 5 * time.Minute
)

// Who cannot start a meeting tries again.
const (
	retryEvery = time.Minute
	retryFor   = 5 * time.Minute
)

// meeting is a meeting of the demand that takes place on a machine.
type meeting struct {
	demand.Meeting
	id, internalID string
	created        time.Time
	machine        *machine
	// entry is in whose map Scalelite holds it; nil once dropped.
	entry        *entry
	joined, left int
	ended        bool
}

func (m *meeting) inside() int { return m.joined - m.left }

// arrive starts the meetings whose time has come.
func (w *World) arrive() time.Time {
	for ; w.arrived < len(w.config.Meetings); w.arrived++ {
		wanted := w.config.Meetings[w.arrived]
		if wanted.Start.After(w.now) {
			return wanted.Start
		}
		w.start(wanted)
	}
	return time.Time{}
}

// start places a meeting, or tries again every minute until it is refused.
func (w *World) start(wanted demand.Meeting) {
	if w.tryToStart(wanted) {
		return
	}
	giveUp := w.now.Add(retryFor)
	w.agenda.plan(w.now.Add(retryEvery), byPeople, func() time.Time {
		switch {
		case w.tryToStart(wanted):
			return time.Time{}
		case w.now.Before(giveUp):
			return w.now.Add(retryEvery)
		}
		w.tally.RefusedMeetings++
		return time.Time{}
	})
}

// tryToStart asks Scalelite for a server and creates the meeting there. It can
// fail although there is one, until Scalelite has noticed that it is dead.
func (w *World) tryToStart(wanted demand.Meeting) bool {
	e := w.place(wanted.Tag)
	if e == nil {
		return false
	}
	e.count()
	machine := e.bbb()
	if machine == nil {
		return false
	}
	id := w.newID()
	// BBB names a meeting by the hash of its outer id and the time of its creation.
	m := &meeting{
		Meeting:    wanted,
		id:         id,
		internalID: fmt.Sprintf("%x-%d", sha1.Sum([]byte(id)), w.now.UnixMilli()),
		created:    w.now,
		machine:    machine,
		entry:      e,
	}
	e.meetings = append(e.meetings, m)
	machine.meetings = append(machine.meetings, m)
	w.agenda.plan(w.now, byPeople, func() time.Time { return w.live(m) })
	return true
}

// live lets people come and go until now, and says when the next one does. When
// the last is gone, BBB ends the meeting.
func (w *World) live(m *meeting) time.Time {
	for !m.ended {
		at, step := m.next()
		if at.After(w.now) {
			return at
		}
		step(w, m)
	}
	return time.Time{}
}

// next is the meeting's next step, and when it is due. Nobody leaves before
// having joined, even if the meeting started late.
func (m *meeting) next() (time.Time, func(*World, *meeting)) {
	joins, leaves := m.JoinTime(m.joined), m.LeaveTime(m.left)
	switch {
	case m.joined < m.Participants && (m.inside() == 0 || !joins.After(leaves)):
		return joins, (*World).join
	case m.inside() > 0:
		return leaves, (*World).leave
	case m.joined == 0:
		return m.created.Add(lingerUnjoined), (*World).end
	}
	return latest(m.created, m.End()).Add(lingerAfterLast), (*World).end
}

// join lets one person in, through Scalelite.
func (w *World) join(m *meeting) {
	m.joined++
	m.machine.participants++
	if m.entry != nil && (m.entry.loadKnown || m.entry.race.straggling) {
		m.entry.count()
	}
}

func (w *World) leave(m *meeting) {
	m.left++
	m.machine.participants--
}

// end ends a meeting, interrupts it if there are people in it, and hands what
// was recorded to the recording work.
func (w *World) end(m *meeting) {
	if people := m.inside(); people > 0 {
		w.tally.InterruptedMeetings++
		m.machine.participants -= people
	}
	m.ended = true
	m.machine.meetings = slices.DeleteFunc(m.machine.meetings, func(other *meeting) bool { return other == m })
	if m.Recorded {
		w.record(m)
	}
}
