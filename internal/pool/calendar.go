package pool

import "time"

// Calendar has the calendar events around an evaluation, with recurring events
// expanded into their occurrences.
type Calendar struct {
	Events []Event
	// Source says where the events come from: the feed, or the stored copy and why.
	Source string
	// Stored is true for the stored copy, which is used if the feed cannot be.
	Stored bool
}

// Event is one occurrence of a calendar event.
type Event struct {
	// Start and End are in the calendar's time zone, in which days are counted.
	Start, End time.Time
	Summary    string
	// Cancelled is true for STATUS:CANCELLED.
	Cancelled bool
	// Order decides between events that start at the same time: the lowest wins.
	// Single events come first, in the order of the feed, then recurring ones.
	Order int
}
