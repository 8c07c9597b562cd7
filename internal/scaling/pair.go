package scaling

import (
	"strconv"
	"strings"

	"divims/internal/config/setting"
)

// Pair holds one number for participants and one for meetings.
type Pair struct{ Participants, Meetings float64 }

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
