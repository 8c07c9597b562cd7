package world

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"strconv"
	"time"

	"divims/internal/lab/demand"
)

// How long BBB keeps an empty meeting: after the last user left, and after its creation
// if nobody joined.
const (
	lingerAfterLast = time.Minute
	lingerUnjoined  = 5 * time.Minute
)

// A meeting that finds no server is tried again until it is refused.
const (
	retryInterval = time.Minute
	retryTimeout  = 5 * time.Minute
)

// meeting is a meeting that takes place on a machine.
type meeting struct {
	demand.Meeting
	id, internalID string
	created        time.Time
	machine        *machine
	// entry is the meeting's entry in Scalelite's list. It is nil once Scalelite has
	// dropped the meeting.
	entry        *entry
	joined, left int
	ended        bool
	// name identifies the meeting in draws.
	name string
	// opens is when the first person can be in the meeting.
	opens time.Time
	// ahead is how far the machine's clock was ahead at the creation.
	ahead time.Duration
	// lives counts how often goOn was called.
	lives int
	// cutOff is how many people were inside when the machine lost its network, and deserted
	// is when the last of them left.
	cutOff   int
	deserted time.Time
}

// stamp returns the time of the creation by the machine's clock.
func (m *meeting) stamp() time.Time { return m.created.Add(m.ahead) }

func (m *meeting) inside() int { return m.joined - m.left }

// arrive starts the meetings that are due and returns the start of the next one.
func (w *World) arrive() time.Time {
	for ; w.arrived < len(w.config.Meetings); w.arrived++ {
		wanted := w.config.Meetings[w.arrived]
		if wanted.Start.After(w.now) {
			return wanted.Start
		}
		w.start(wanted, strconv.Itoa(w.arrived))
	}
	return time.Time{}
}

// start places a meeting. If that fails, it tries again every minute for 5 minutes and then
// counts the meeting as refused. The name identifies the meeting in draws.
func (w *World) start(wanted demand.Meeting, name string) {
	if w.tryToStart(wanted, name) {
		return
	}
	w.unplaced.add(&wanted)
	giveUp := w.now.Add(retryTimeout)
	w.agenda.plan(w.now.Add(retryInterval), byPeople, func() time.Time {
		switch {
		case w.tryToStart(wanted, name):
			w.unplaced.remove(&wanted)
			return time.Time{}
		case w.now.Before(giveUp):
			return w.now.Add(retryInterval)
		}
		w.tally.RefusedMeetings++
		return time.Time{}
	})
}

// tryToStart creates the meeting on the server that Scalelite chooses and reports
// whether it could. It also fails if Scalelite chooses a server that is down, because
// no poll has noticed yet.
func (w *World) tryToStart(wanted demand.Meeting, name string) bool {
	e := w.place(wanted.Tag)
	if e == nil {
		return false
	}
	e.count()
	machine := e.bbb()
	if machine == nil {
		return false
	}
	w.create(&meeting{Meeting: wanted, id: w.newID("meeting", name), name: name, machine: machine, entry: e})
	return true
}

// create creates a meeting on its machine. People then join and leave it.
func (w *World) create(m *meeting) {
	// BBB's internal id is the hash of the meeting's id and the time of its creation.
	m.created, m.ahead, m.opens = w.now, m.machine.clock(), w.now
	m.internalID = fmt.Sprintf("%x-%d", sha1.Sum([]byte(m.id)), m.stamp().UnixMilli())
	if w.config.FirstJoinMax > 0 {
		m.opens = w.between(w.config.FirstJoinMin, w.config.FirstJoinMax, "first join", m.name)
	}
	m.entry.meetings = append(m.entry.meetings, m)
	m.machine.meetings = append(m.machine.meetings, m)
	w.goOn(m)
}

// live lets people join and leave until now and returns when the next person does. BBB
// ends the meeting some time after the last person left.
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

// next returns the meeting's next step and when it is due. Even if the meeting started
// late, nobody leaves before having joined.
func (m *meeting) next() (time.Time, func(*World, *meeting)) {
	if !m.machine.isolatedSince.IsZero() || !m.deserted.IsZero() {
		return m.nextIsolated()
	}
	joins, leaves := latest(m.JoinTime(m.joined), m.opens), m.LeaveTime(m.left)
	switch {
	case m.joined < m.Participants && (m.inside() == 0 || !joins.After(leaves)):
		return joins, (*World).join
	case m.inside() > 0:
		return leaves, (*World).leave
	case m.joined == 0:
		return m.created.Add(lingerUnjoined), (*World).finish
	}
	return latest(m.created, m.End()).Add(lingerAfterLast), (*World).finish
}

// join lets one person join, through Scalelite.
func (w *World) join(m *meeting) {
	if m.joined == 0 && w.moved(m) {
		return
	}
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

// finish ends a meeting that everybody has left.
func (w *World) finish(m *meeting) { w.end(m, Over) }

// end ends a meeting. It counts the meeting as interrupted if people are in it, and
// adds its recording to the machine's backlog.
func (w *World) end(m *meeting, cause Cause) {
	w.noteEnd(m, cause)
	m.machine.participants -= m.inside()
	m.ended = true
	m.machine.meetings = slices.DeleteFunc(m.machine.meetings, func(other *meeting) bool { return other == m })
	if m.Recorded {
		w.record(m)
	}
}
