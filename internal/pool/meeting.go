package pool

import (
	"net/netip"
	"slices"
	"time"
)

// Meeting is a meeting as the server's own BBB lists it.
type Meeting struct {
	ID string `json:"id"`
	// InternalID is BBB's internal id, which is also the id of the meeting's recording.
	InternalID   string    `json:"internal_id"`
	Created      time.Time `json:"created"`
	Participants int       `json:"participants"`
	Recorded     bool      `json:"recorded"`
	// Breakout is true for a breakout room, which is a meeting with own participants.
	Breakout bool `json:"breakout"`
	// ModeratorPassword is needed by old versions of BBB to end the meeting; may be unset.
	ModeratorPassword Secret `json:"-"`
}

// Conference is the answer of one getMeetings call to a server.
type Conference struct {
	Meetings []Meeting
	// Date is the time of the server's clock when it answered, from the answer's Date
	// header. It is zero if the answer had none. Date and Address are also set with an
	// error, if the server answered with it.
	Date time.Time
	// Address is the address that answered. It is invalid if unknown.
	Address netip.Addr
	// CertificateExpiry is from the TLS handshake of the same connection.
	CertificateExpiry Reading[time.Time]
}

// maxClockDifference is how much a server's clock may differ from ours without a
// correction. An answer may come up to half an evaluation after the evaluation's now, so
// a smaller difference need not be one of the clocks.
const maxClockDifference = 2 * time.Minute

// MeetingsAt returns the meetings with the times of their creation by our own clock,
// which shows now. BBB has them by the server's clock, which may be wrong: a meeting that
// was created 5 minutes before the answer's Date was created 5 minutes before now. None
// was created in the future.
func (c Conference) MeetingsAt(now time.Time) []Meeting {
	var ahead time.Duration
	if !c.Date.IsZero() {
		ahead = c.Date.Sub(now)
	}
	if ahead.Abs() <= maxClockDifference {
		ahead = 0
	}
	meetings := slices.Clone(c.Meetings)
	for i, meeting := range meetings {
		if meeting.Created.IsZero() {
			continue
		}
		meetings[i].Created = meeting.Created.Add(-ahead)
		if meetings[i].Created.After(now) {
			meetings[i].Created = now
		}
	}
	return meetings
}

// Participants returns the number of participants in all meetings.
func Participants(meetings []Meeting) int {
	sum := 0
	for _, m := range meetings {
		sum += m.Participants
	}
	return sum
}

// RecordingState is BBB's state of a recording.
type RecordingState string

// The states in which a recording can prevent its machine from being deleted. No API
// lists a recording before it is Processing: see Stats.Backlog.
const (
	Processing RecordingState = "processing"
	Processed  RecordingState = "processed"
	Published  RecordingState = "published"
)

// Recording is a recording as the server's own BBB lists it.
type Recording struct {
	ID    string         `json:"id"`
	State RecordingState `json:"state"`
	// MeetingStart is when the recorded meeting was created.
	MeetingStart Reading[time.Time] `json:"meeting_start"`
	// MeetingEnd is when the meeting ended. BBB does not return it for a recording that
	// is being processed.
	MeetingEnd Reading[time.Time] `json:"meeting_end"`
}
