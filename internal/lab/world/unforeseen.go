package world

import (
	"fmt"
	"time"
)

// maxBlink is the longest time between two calls that follow each other: the first waits up
// to 1.5 s for its answer, and the second takes up to 1.5 s to arrive.
const maxBlink = 3 * time.Second

// Unforeseen is a meeting that DiViMS interrupted and could not know of: it was created
// after BBB had listed the machine's meetings, and the machine was halted by the very next
// call.
type Unforeseen struct {
	// Machine is the name of the meeting's machine.
	Machine string
	// Listed is when BBB listed the meetings, Created when the meeting began, and Ended when
	// DiViMS ended it.
	Listed, Created, Ended time.Time
	// Participants are the people who were in the meeting.
	Participants int
}

func (u Unforeseen) String() string {
	return fmt.Sprintf("%d people on %s: meetings listed at %s, meeting created %s later and ended %s after that",
		u.Participants, u.Machine, u.Listed.UTC().Format(time.RFC3339), u.Created.Sub(u.Listed).Round(time.Millisecond),
		u.Ended.Sub(u.Created).Round(time.Millisecond))
}

// noteUnforeseen keeps a meeting that DiViMS interrupts now, if DiViMS could not know of it.
func (w *World) noteUnforeseen(m *meeting) {
	listed := m.machine.asked
	if listed.IsZero() || m.created.Before(listed) || w.now.Sub(listed) > maxBlink {
		return
	}
	w.tally.Unforeseen = append(w.tally.Unforeseen, Unforeseen{
		Machine: m.machine.Name, Listed: listed, Created: m.created, Ended: w.now, Participants: m.inside(),
	})
}
