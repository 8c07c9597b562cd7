package cycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"divims/internal/pool"
)

// end ends a meeting, if the server still has it, and if it has lasted too long or an
// operator ends the server's drain. The meeting is known by its internal id: its id may be
// that of a new meeting by now.
func (a *actor) end(ctx context.Context, s pool.ServerObservation, meeting pool.Meeting) (detail string, err error) {
	entry, _ := s.Entry.Get()
	meetings, ok := a.freshMeetings(ctx, s).Get()
	if !ok {
		return "", heldError{"its meetings could not be read again"}
	}
	at := slices.IndexFunc(meetings, func(m pool.Meeting) bool { return m.ID == meeting.ID && m.InternalID == meeting.InternalID })
	if at < 0 {
		return meeting.ID + " is over", nil
	}
	meeting = meetings[at]
	if why := a.tooYoungToEnd(s.Server.Number, meeting); why != "" {
		return "", heldError{why}
	}
	err = a.within(ctx, func(ctx context.Context) error { return a.Services.Meetings.End(ctx, endpoint(entry), meeting) })
	if errors.Is(err, pool.ErrGone) {
		return meeting.ID + " is over", nil
	}
	return meeting.ID, err
}

// tooYoungToEnd returns why a meeting has not lasted long enough to be ended, or "". An
// operator's order to end the server's drain holds for any meeting.
func (a *actor) tooYoungToEnd(number int, meeting pool.Meeting) string {
	limit, age := a.Config.Scaling.MeetingMaxDuration, a.now().Sub(meeting.Created)
	switch {
	case a.state.Memory(number).EndDrain != nil:
		return ""
	case meeting.Created.IsZero():
		return fmt.Sprintf("it is not known how long %s has lasted", meeting.ID)
	case age < limit:
		return fmt.Sprintf("%s has lasted %s, the limit is %s", meeting.ID, pool.FormatDuration(age), pool.FormatDuration(limit))
	}
	return ""
}

// freshMeetings returns a server's meetings, from the last look if that is fresh.
func (a *actor) freshMeetings(ctx context.Context, s pool.ServerObservation) pool.Reading[[]pool.Meeting] {
	last := &a.looks[s.Server.Number-1]
	if !last.meetings.Known() || !a.isFresh(*last) {
		*last = a.askAgain(ctx, &s)
	}
	return last.meetings
}
