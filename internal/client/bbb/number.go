package bbb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxPeople is more than any server can hold. A larger count is an error.
const maxPeople = 1_000_000

// parseCount parses a number of people.
func parseCount(text string) (int, error) {
	n, err := parseNumber(text)
	if err != nil {
		return 0, err
	}
	if n > maxPeople {
		return 0, fmt.Errorf("%d is more than %d", n, maxPeople)
	}
	return int(n), nil
}

// The first and last millisecond of the years 2000 to 2099, since 1970. A value
// outside is not a time in milliseconds: it may be 0 for no time, or in seconds.
const (
	minTime = 946_684_800_000
	maxTime = 4_102_444_799_999
)

// parseTime parses a time in milliseconds since 1970.
func parseTime(text string) (time.Time, error) {
	ms, err := parseNumber(text)
	if err != nil {
		return time.Time{}, err
	}
	if ms < minTime || ms > maxTime {
		return time.Time{}, fmt.Errorf("%d is not a time in milliseconds between 2000 and 2099", ms)
	}
	return time.UnixMilli(ms), nil
}

// groupedNumber matches a number whose digits are in groups of three. Some BBB
// versions format numbers in the server's locale: 1,000 or 1.000 or 1’000 or 1 000,
// with different kinds of space.
var groupedNumber = regexp.MustCompile(`^\d{1,3}([,.'’ \x{a0}\x{2009}\x{202f}]\d{3})+$`)

// parseNumber parses a whole number that is not negative. An empty text is an error.
func parseNumber(text string) (int64, error) {
	digits := text
	if groupedNumber.MatchString(text) {
		digits = strings.Map(keepDigit, text)
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number", text)
	}
	return int64(n), nil
}

func keepDigit(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}
