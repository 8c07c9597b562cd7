package scenario

import (
	"strconv"
	"strings"
	"time"
)

// Entry is an event that has happened.
type Entry struct {
	// At is when it began. Until is when it ends or ended; zero for one that stays.
	At, Until time.Time
	// Line is its line in the scenario.
	Line int
	// Text is the event as it is written. Servers are the selected servers if the text does
	// not name them by number.
	Text    string
	Servers []int
	// Instant events have no end. Over is set for others when they have ended.
	Instant, Over bool
	// Note is an addition for the reader, for example that a server has no machine.
	Note string
	// HasNoEffect is set if the event failed, or found no server to happen to. Note says why.
	HasNoEffect bool
}

// What returns the event with the servers that it selected.
func (e Entry) What() string {
	if len(e.Servers) == 0 {
		return e.Text
	}
	numbers := make([]string, len(e.Servers))
	for i, server := range e.Servers {
		numbers[i] = strconv.Itoa(server)
	}
	noun := "servers"
	if len(numbers) == 1 {
		noun = "server"
	}
	return e.Text + " (" + noun + " " + strings.Join(numbers, ", ") + ")"
}

// String returns the event with its note.
func (e Entry) String() string {
	if e.Note != "" {
		return e.What() + ": " + e.Note
	}
	return e.What()
}

// Ongoing reports whether the event has effects that can end.
func (e Entry) Ongoing() bool { return !e.Instant && !e.Over && !e.HasNoEffect }
