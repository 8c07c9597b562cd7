package bbb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// mostPeople is more than any server can have: a larger count is an error.
const mostPeople = 1_000_000

// parseCount reads a number of people.
func parseCount(text string) (int, error) {
	n, err := parseNumber(text)
	if err != nil {
		return 0, err
	}
	if n > mostPeople {
		return 0, fmt.Errorf("%d is more than %d", n, mostPeople)
	}
	return int(n), nil
}

// The years from 2000 to 2099, in milliseconds since 1970. What lies outside is
// a 0 that stands for no time, or a time in seconds.
const (
	earliest = 946_684_800_000
	latest   = 4_102_444_799_999
)

// parseTime reads milliseconds since 1970.
func parseTime(text string) (time.Time, error) {
	ms, err := parseNumber(text)
	if err != nil {
		return time.Time{}, err
	}
	if ms < earliest || ms > latest {
		return time.Time{}, fmt.Errorf("%d is no time in milliseconds of this century", ms)
	}
	return time.UnixMilli(ms), nil
}

// grouped matches a number with its digits in groups of three. Some versions of
// BBB write numbers in the style of the server's language: 1,000 or 1.000 or
// 1’000 or 1 000, with one of several kinds of space.
var grouped = regexp.MustCompile(`^\d{1,3}([,.'’ \x{a0}\x{2009}\x{202f}]\d{3})+$`)

// parseNumber reads a whole number from 0 up. No text is no number.
func parseNumber(text string) (int64, error) {
	digits := text
	if grouped.MatchString(text) {
		digits = strings.Map(keepDigit, text)
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no number", text)
	}
	return int64(n), nil
}

func keepDigit(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}
