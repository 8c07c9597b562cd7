package world

import (
	"fmt"
	"time"

	"divims/internal/lab/demand"
)

// A rush comes within these times of its beginning: its meetings are created evenly over
// rushCreation, and everybody has joined by rushJoining.
const (
	rushCreation = 2 * time.Minute
	rushJoining  = 5 * time.Minute
)

// Rush is meetings that come beside the demand.
type Rush struct {
	// People are spread evenly over the Meetings. Each meeting has Length.
	People, Meetings int
	Length           time.Duration
	Recorded         bool
}

// Check returns an error if the rush is not possible.
func (r Rush) Check() error {
	if r.Meetings < 1 || r.Meetings > maxRushMeetings {
		return fmt.Errorf("%d meetings, must be 1 to %d", r.Meetings, maxRushMeetings)
	}
	return demand.Check(r.meetings(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
}

const maxRushMeetings = 10_000

// meetings returns the meetings of a rush that begins now. Everybody leaves at the end.
func (r Rush) meetings(now time.Time) []demand.Meeting {
	list := make([]demand.Meeting, r.Meetings)
	for i := range list {
		after := rushCreation * time.Duration(i) / time.Duration(r.Meetings)
		list[i] = demand.Meeting{
			Start:        now.Add(after),
			Duration:     r.Length,
			Participants: (i+1)*r.People/r.Meetings - i*r.People/r.Meetings,
			Join:         min(rushJoining-after, r.Length),
			Recorded:     r.Recorded,
		}
	}
	return list
}

// StartRush starts a rush. Its name is part of what its meetings are drawn from. It returns
// Check's error.
func (w *World) StartRush(name string, r Rush) error {
	if err := r.Check(); err != nil {
		return err
	}
	for i, wanted := range r.meetings(w.now) {
		w.once(wanted.Start, byPeople, func() { w.start(wanted, fmt.Sprintf("%s, meeting %d", name, i+1)) })
	}
	return nil
}
