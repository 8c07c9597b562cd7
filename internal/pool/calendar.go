package pool

import (
	"strings"
	"time"
)

// Calendar has the calendar events around an evaluation, with recurring events
// expanded into their occurrences.
type Calendar struct {
	Events []Event
	// Unread are the events with users= that could not be read.
	Unread []UnreadEvent
	// Warnings say what of the calendar was not read, and in which line.
	Warnings []string
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
	// Line is the line of the calendar in which the event begins.
	Line int
}

// UnreadEvent is one occurrence of an event with users= that could not be read.
type UnreadEvent struct {
	// Start and End are when it may take place, by the parts of it that could be read.
	// Both are zero if not even its day is known.
	Start, End time.Time
	// Reason names the event and what cannot be read, with the lines.
	Reason string
}

// Users returns the text after "users=" in an event's summary. The summary is read as an
// INI file, as the predecessor did: the key begins a line and is case sensitive, the last
// one wins, and a semicolon begins a comment. Lines that are not INI are ignored.
func Users(summary string) (text string, found bool) {
	for line := range strings.SplitSeq(summary, "\n") {
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.TrimSpace(key) != "users" {
			continue
		}
		value = strings.TrimSpace(value)
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			value, _, _ = strings.Cut(quoted, `"`)
		} else {
			value, _, _ = strings.Cut(value, ";")
		}
		text, found = strings.TrimSpace(value), true
	}
	return text, found
}
