package pool

import "time"

// Calendar is the schedule near an evaluation: every occurrence that can
// matter to it, recurrences already expanded.
type Calendar struct {
	Events []Event
	// Source says where it is from: the feed, or the stored copy and why.
	Source string
	// Stored tells that it is the stored copy, since the feed could not be used.
	Stored bool
}

// Event is one occurrence of a calendar event.
type Event struct {
	// Start and End are in the calendar's own zone, so that its days can be counted.
	Start, End time.Time
	Summary    string
	// Cancelled tells that the calendar says so: STATUS:CANCELLED.
	Cancelled bool
	// Order settles ties: of events that start together the lowest counts.
	// Single events come first, in the order of the feed, then repeated ones.
	Order int
}
