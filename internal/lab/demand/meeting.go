// Package demand generates the meetings that people want to hold, and reads and
// writes them as traces. It knows profiles of places (a university, a school, a
// company) and nothing about servers; package world models those.
package demand

import (
	"fmt"
	"time"
)

// Meeting is a meeting as people want it, wherever it is placed: one row of a trace.
type Meeting struct {
	Start    time.Time
	Duration time.Duration
	// Participants join evenly over the first Join and leave evenly over the last Leave.
	Participants int
	Join, Leave  time.Duration
	Recorded     bool
	// Tag is the server tag that it asks for (meta_server-tag), "" for none. It is
	// not part of a trace.
	Tag string
}

// JoinTime is when the nth person, counted from 0, joins: the first at the start,
// the others evenly until Join is over.
func (m Meeting) JoinTime(n int) time.Time { return m.Start.Add(portion(m.Join, n, m.Participants)) }

// LeaveTime is when the nth person leaves: evenly over the last Leave, the last
// one at the end.
func (m Meeting) LeaveTime(n int) time.Time {
	return m.End().Add(portion(m.Leave, n+1, m.Participants) - m.Leave)
}

// End is when the last person leaves.
func (m Meeting) End() time.Time { return m.Start.Add(m.Duration) }

// portion is part/whole of d; 0 of a whole of nothing.
func portion(d time.Duration, part, whole int) time.Duration {
	if whole == 0 {
		return 0
	}
	return d * time.Duration(part) / time.Duration(whole)
}

// What a meeting can be at most. It keeps times and counts within what their
// types hold.
const (
	maximumParticipants = 10_000
	maximumDuration     = 7 * 24 * time.Hour
)

// check tells what is absurd about a meeting.
func (m Meeting) check() error {
	switch {
	case m.Start.Year() < 2000 || m.Start.Year() > 2100:
		return fmt.Errorf("starts in the year %d, must be 2000 to 2100", m.Start.Year())
	case m.Duration <= 0 || m.Duration > maximumDuration:
		return fmt.Errorf("lasts %s, must be more than 0 and at most %s", m.Duration, maximumDuration)
	case m.Participants < 0 || m.Participants > maximumParticipants:
		return fmt.Errorf("has %d participants, must be 0 to %d", m.Participants, maximumParticipants)
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
