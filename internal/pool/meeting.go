package pool

import "time"

// Meeting is a meeting as the server's own BBB lists it.
type Meeting struct {
	ID string `json:"id"`
	// InternalID is BBB's own name, which the meeting's recording bears too.
	InternalID   string    `json:"internal_id"`
	Created      time.Time `json:"created"`
	Participants int       `json:"participants"`
	Recorded     bool      `json:"recorded"`
	// Breakout rooms are meetings of their own, with people in them.
	Breakout bool `json:"breakout"`
	// ModeratorPassword ends the meeting on old versions of BBB; may be unset.
	ModeratorPassword Secret `json:"-"`
}

// Conference is what one getMeetings call shows of a server.
type Conference struct {
	Meetings []Meeting
	// CertificateExpiry is from the TLS handshake of the same connection.
	CertificateExpiry Reading[time.Time]
}

// Participants counts the people in all meetings.
func Participants(meetings []Meeting) int {
	sum := 0
	for _, m := range meetings {
		sum += m.Participants
	}
	return sum
}

// RecordingState is BBB's word on a recording.
type RecordingState string

// The states in which a recording can keep its server. Before Processing no
// API shows a recording: see Stats.Backlog.
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
	// MeetingEnd is when it ended. BBB does not tell it of a recording that is
	// being processed.
	MeetingEnd Reading[time.Time] `json:"meeting_end"`
}
