package pool

import "time"

// Calendar is the schedule near an evaluation: every occurrence that can
// matter to it, recurrences already expanded.
type Calendar struct {
	Events []Event
	// Source says where it is from: the feed, or the stored copy and why.
	Source string
}

// Event is one occurrence of a calendar event.
type Event struct {
	Start, End time.Time
	Summary    string
	// Order is the event's place in the feed, which settles ties.
	Order int
}
