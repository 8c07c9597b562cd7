package world

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// BBBVersion is the BBB version of all servers.
const BBBVersion = "3.0.4"

// Bounds of the time that BBB takes to end a meeting.
const minEnding, maxEnding = 2 * time.Second, 10 * time.Second

// Meetings returns the meetings that BBB lists on the server with this domain, oldest
// first. Errors: ErrUnreachable while no BBB answers there.
func (w *World) Meetings(domain string) ([]pool.Meeting, error) {
	machine, err := w.answering(domain)
	if err != nil {
		return nil, err
	}
	if w.caller == DiViMS {
		machine.asked = w.now
	}
	return machine.listMeetings(), nil
}

// listMeetings returns the meetings that BBB lists on a machine.
func (m *machine) listMeetings() []pool.Meeting {
	list := make([]pool.Meeting, len(m.meetings))
	for i, m := range m.meetings {
		list[i] = pool.Meeting{
			ID:           m.id,
			InternalID:   m.internalID,
			Created:      m.stamp(),
			Participants: m.inside(),
			Recorded:     m.Recorded,
		}
	}
	return list
}

// Recordings returns the server's recordings that are processing, processed or
// published. BBB's API does not list those in earlier stages. Errors: ErrUnreachable.
func (w *World) Recordings(domain string) ([]pool.Recording, error) {
	machine, err := w.answering(domain)
	if err != nil {
		return nil, err
	}
	return machine.listed(), nil
}

// RecordingsAreUnreadable reports whether the BBB of a domain cannot read its recordings.
func (w *World) RecordingsAreUnreadable(domain string) bool {
	machine, err := w.answering(domain)
	return err == nil && has(machine, func(RecordingsUnreadable) bool { return true })
}

// EndMeeting ends a meeting 2 to 10 seconds later. Errors: ErrUnreachable, ErrNotFound.
func (w *World) EndMeeting(domain, meetingID string) error {
	machine, err := w.answering(domain)
	if err != nil {
		return err
	}
	return w.endOn(machine, domain, meetingID)
}

// endOn ends a meeting on a machine whose BBB has got the call.
func (w *World) endOn(machine *machine, domain, meetingID string) error {
	i := slices.IndexFunc(machine.meetings, func(m *meeting) bool { return m.id == meetingID })
	if i < 0 {
		return fmt.Errorf("end meeting %q on %s: %w", meetingID, domain, ErrNotFound)
	}
	m, cause := machine.meetings[i], w.causeAt(machine)
	w.once(w.between(minEnding, maxEnding, "ending", m.id), byPeople, func() {
		if !m.ended {
			w.end(m, cause)
		}
	})
	return nil
}
