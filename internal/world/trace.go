package world

import (
	"io"
	"time"
)

// Meeting is one row of a trace: demand as people cause it, wherever it is placed.
type Meeting struct {
	Start    time.Time
	Duration time.Duration
	// Participants join evenly over the first Join and leave evenly over the last Leave.
	Participants int
	Join, Leave  time.Duration
	Recorded     bool
}

// ReadTrace reads a trace, CSV with the header
// start,duration_s,participants,join_s,leave_s,recorded, packed if its name ends
// in .gz. Errors name the file and the line.
func ReadTrace(name string) ([]Meeting, error) { return nil, nil }

// WriteTrace writes a trace as ReadTrace reads it, unpacked.
func WriteTrace(to io.Writer, meetings []Meeting) error { return nil }
