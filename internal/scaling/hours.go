package scaling

import (
	"fmt"
	"strings"
	"time"

	"divims/internal/config/setting"
	"divims/internal/fact"
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

// UnmarshalText reads "19:00-06:00".
func (h *Hours) UnmarshalText(text []byte) error {
	from, to, _ := strings.Cut(string(text), "-")
	begin, err1 := time.Parse("15:04", strings.TrimSpace(from))
	end, err2 := time.Parse("15:04", strings.TrimSpace(to))
	if err1 != nil || err2 != nil {
		return setting.Error("must be two times of the day")
	}
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	h.From, h.To = begin.Sub(midnight), end.Sub(midnight)
	return nil
}

// String writes the hours as an operator reads them: "from 19:00 to 06:00".
func (h Hours) String() string { return h.text().String() }

func (h Hours) text() fact.Text {
	if h.From == h.To {
		return fact.New("at any hour")
	}
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
	return fact.New("from %s to %s", clock(h.From), clock(h.To))
}
