package scaling

import (
	"strconv"
	"strings"
	"time"

	"divims/internal/config/setting"
)

// maxFactor is the largest number in a Pair that an operator sets.
const maxFactor = 100

// UnmarshalText reads "2" for both numbers, or "2,1.5" for participants and meetings.
func (p *Pair) UnmarshalText(text []byte) error {
	participants, meetings, two := strings.Cut(string(text), ",")
	if !two {
		meetings = participants
	}
	var ok1, ok2 bool
	p.Participants, ok1 = parseFactor(participants)
	p.Meetings, ok2 = parseFactor(meetings)
	if !ok1 || !ok2 {
		return setting.Error("must be one or two decimal numbers greater than 0 and at most 100")
	}
	return nil
}

// parseFactor accepts plain decimal numbers only: ParseFloat alone would also
// accept signs, exponents and hexadecimal numbers.
func parseFactor(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil && strings.Trim(text, "0123456789.") == "" && value > 0 && value <= maxFactor
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
