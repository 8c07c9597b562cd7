package scaling

import (
	"fmt"
	"time"
)

// Hours is a part of the day, from one time after midnight until another. It passes
// midnight if From is later than To, and is all day if they are equal.
type Hours struct{ From, To time.Duration }

// Contain reports whether a local time of day is in the hours.
func (h Hours) Contain(local time.Time) bool {
	at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	switch {
	case h.From == h.To:
		return true
	case h.From < h.To:
		return h.From <= at && at < h.To
	}
	return at >= h.From || at < h.To
}

// String writes the hours as an operator reads them: "from 19:00 to 06:00".
func (h Hours) String() string {
	if h.From == h.To {
		return "at any hour"
	}
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
	return "from " + clock(h.From) + " to " + clock(h.To)
}
