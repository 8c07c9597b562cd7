package world

import "time"

// Cause is why a meeting ended.
type Cause int

// The causes. Calls of the world's methods are DiViMS's, except within As.
const (
	// Over: the last person had left, or nobody ever joined.
	Over Cause = iota
	// DiViMS ended or panicked the meeting, or rebooted, stopped or deleted its machine.
	DiViMS
	// Overlong: DiViMS did that to a meeting that lasted longer than
	// Config.MeetingMaxDuration.
	Overlong
	// Person: somebody did that by hand, or ordered DiViMS to do it.
	Person
	// ScalelitePanic: Scalelite ended the meeting, because its polls of the server failed.
	ScalelitePanic
	// MachineDeath: the machine died or lost its network.
	MachineDeath
	causes
)

// Interruption counts meetings that ended with people in them.
type Interruption struct{ Meetings, Participants int }

// As runs do. The world's methods that it calls are called by somebody other than DiViMS,
// for example a Person.
func (w *World) As(cause Cause, do func()) {
	before := w.caller
	w.caller = cause
	defer func() { w.caller = before }()
	do()
}

// MarkOrdered makes a Person the cause of what DiViMS does to a server, until withdraw is
// called, because an operator ordered it.
func (w *World) MarkOrdered(server int) (withdraw func()) {
	w.ordered[server]++
	return func() { w.ordered[server]-- }
}

// causeAt returns the cause of a call that ends meetings on a machine.
func (w *World) causeAt(m *machine) Cause {
	if m.isolated() {
		return MachineDeath // its people are leaving already
	}
	return w.callerAt(m)
}

// callerAt returns the cause of a call about a machine: its caller or, if an operator ordered
// it, a Person.
func (w *World) callerAt(m *machine) Cause {
	for _, s := range w.servers {
		if s.machine() == m && w.causeFor(s) != DiViMS {
			return w.causeFor(s)
		}
	}
	return w.caller
}

// causeFor returns the cause of a call about a server. The server may be nil.
func (w *World) causeFor(s *server) Cause {
	if w.caller == DiViMS && s != nil && w.ordered[s.Number] > 0 {
		return Person
	}
	return w.caller
}

// SetMeetingMaxDuration sets the length above which DiViMS may end a meeting; 0 for none.
func (w *World) SetMeetingMaxDuration(limit time.Duration) { w.config.MeetingMaxDuration = limit }

// noteEnd counts a meeting that ends now, by its cause and the people in it.
func (w *World) noteEnd(m *meeting, cause Cause) {
	people := m.inside()
	if people == 0 {
		return
	}
	limit := w.config.MeetingMaxDuration
	if cause == DiViMS && limit > 0 && w.now.Sub(m.created) > limit {
		cause = Overlong
	}
	w.tally.Interruptions[cause].Meetings++
	w.tally.Interruptions[cause].Participants += people
	if cause == DiViMS {
		w.tally.InterruptedMeetings++
		w.tally.InterruptedParticipants += people
		w.noteUnforeseen(m)
	}
}
