// Package demand generates the meetings that people want to hold, and reads and
// writes them as traces. It knows profiles of places (a university, a school, a
// company) and nothing about servers; package world models those.
package demand

import (
	"fmt"
	"time"
)

// Meeting is a meeting that people want to hold, whichever server it is placed on. It
// is one row of a trace.
type Meeting struct {
	Start    time.Time
	Duration time.Duration
	// Participants join evenly over the first Join and leave evenly over the last Leave.
	Participants int
	Join, Leave  time.Duration
	Recorded     bool
	// Tag is the server tag that the meeting requests (meta_server-tag), "" for none.
	// Traces do not have it.
	Tag string
}

// JoinTime returns when the nth person, counted from 0, joins. The first joins at the
// start, the others evenly over Join.
func (m Meeting) JoinTime(n int) time.Time { return m.Start.Add(portion(m.Join, n, m.Participants)) }

// LeaveTime returns when the nth person, counted from 0, leaves. People leave evenly
// over the last Leave; the last person leaves at the end.
func (m Meeting) LeaveTime(n int) time.Time {
	return m.End().Add(portion(m.Leave, n+1, m.Participants) - m.Leave)
}

// End returns when the last person leaves.
func (m Meeting) End() time.Time { return m.Start.Add(m.Duration) }

// portion returns d × part / whole, or 0 if whole is 0.
func portion(d time.Duration, part, whole int) time.Duration {
	if whole == 0 {
		return 0
	}
	return d * time.Duration(part) / time.Duration(whole)
}

// Limits of a meeting. They keep times and counts from overflowing.
const (
	maxParticipants = 10_000
	maxDuration     = 7 * 24 * time.Hour
)

// check returns an error if a value of the meeting is out of bounds.
func (m Meeting) check() error {
	switch {
	case m.Start.Year() < 2000 || m.Start.Year() > 2100:
		return fmt.Errorf("starts in the year %d, must be 2000 to 2100", m.Start.Year())
	case m.Duration <= 0 || m.Duration > maxDuration:
		return fmt.Errorf("lasts %s, must be more than 0 and at most %s", m.Duration, maxDuration)
	case m.Participants < 0 || m.Participants > maxParticipants:
		return fmt.Errorf("has %d participants, must be 0 to %d", m.Participants, maxParticipants)
	case m.Join < 0 || m.Join > m.Duration:
		return fmt.Errorf("joins take %s, must be 0 to the duration %s", m.Join, m.Duration)
	case m.Leave < 0 || m.Leave > m.Duration:
		return fmt.Errorf("leaves take %s, must be 0 to the duration %s", m.Leave, m.Duration)
	}
	return nil
}

// Check returns an error for the first meeting that is out of bounds or starts before
// the meeting ahead of it.
func Check(meetings []Meeting) error {
	for i, m := range meetings {
		if err := m.check(); err != nil {
			return fmt.Errorf("meeting %d of the demand: %w", i+1, err)
		}
		if i > 0 && m.Start.Before(meetings[i-1].Start) {
			return fmt.Errorf("meeting %d of the demand starts before the one ahead of it", i+1)
		}
	}
	return nil
}
