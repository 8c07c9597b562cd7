package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stamp is a time as a calendar writes it: a wall-clock time in a zone.
type stamp struct {
	// clock is the wall-clock time, stored as if it were UTC.
	clock time.Time
	zone  *time.Location
	// dateOnly means that the calendar gives a date without a time of day.
	dateOnly bool
}

const (
	dayLayout  = "20060102"
	timeLayout = "20060102T150405"
)

// parseStamp parses a DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5). It is in the given
// zone unless it ends with Z, which means UTC.
func parseStamp(text string, zone *time.Location) (stamp, error) {
	value, utc := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(text)), "Z")
	if utc {
		zone = time.UTC
	}
	layout, dateOnly := timeLayout, len(value) == len(dayLayout) && !utc
	if dateOnly {
		layout = dayLayout
	}
	if begin, ok := strings.CutSuffix(value, "60"); ok && len(value) == len(timeLayout) {
		value = begin + "59" // a leap second
	}
	clock, err := time.Parse(layout, value)
	if err != nil || len(value) != len(layout) { // time.Parse accepts fractions of a second
		return stamp{}, fmt.Errorf("%.40q is not a date or time", text)
	}
	return stamp{clock, zone, dateOnly}, nil
}

// anyDate matches a date within a text that is not a date or time, such as
// "2026-03-09 08:00".
var anyDate = regexp.MustCompile(`\d{4}-?\d{2}-?\d{2}`)

// parseDay returns the day that a text names anywhere.
func parseDay(text string, zone *time.Location) (stamp, bool) {
	s, err := parseStamp(strings.ReplaceAll(anyDate.FindString(text), "-", ""), zone)
	return s, err == nil
}

// date returns the stamp without its time of day.
func (s stamp) date() stamp {
	year, month, day := s.clock.Date()
	return stamp{time.Date(year, month, day, 0, 0, 0, 0, time.UTC), s.zone, true}
}

// wallClock returns the wall-clock time in a zone at an instant, stored as if it were UTC.
func wallClock(instant time.Time, zone *time.Location) time.Time {
	_, offset := instant.In(zone).Zone()
	return addSeconds(instant, int64(offset))
}

// instant returns the instant of the stamp. A wall-clock time that the zone skips when
// its clocks go forward uses the offset from before the change. Of a time that occurs
// twice, the first is used (RFC 5545, 3.3.5).
func (s stamp) instant() time.Time {
	year, month, day := s.clock.Date()
	hour, minute, second := s.clock.Clock()
	t := time.Date(year, month, day, hour, minute, second, 0, s.zone)
	_, before := t.AddDate(0, 0, -1).Zone()
	early := addSeconds(s.clock, -int64(before)).In(s.zone)
	if wallClock(early, s.zone).Equal(s.clock) || !wallClock(t, s.zone).Equal(s.clock) {
		return early
	}
	return t
}

// addSeconds adds seconds to t. Unlike t.Add, it does not overflow after 292 years.
func addSeconds(t time.Time, seconds int64) time.Time {
	return time.Unix(t.Unix()+seconds, 0).UTC()
}

// length is the length of an event. Days are calendar days, which have 23 to 25 hours.
type length struct {
	days    int
	seconds int64
}

// after returns the end of an event that begins at s.
func (l length) after(s stamp) time.Time {
	end := stamp{s.clock.AddDate(0, 0, l.days), s.zone, s.dateOnly}
	return addSeconds(end.instant(), l.seconds)
}

var durationPattern = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$`)

// parseLength parses a DURATION that is not negative (RFC 5545, 3.3.6).
func parseLength(text string) (length, error) {
	parts := durationPattern.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(text)))
	if parts == nil || strings.Join(parts[1:], "") == "" {
		return length{}, fmt.Errorf("%.40q is not a duration", text)
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt("0"+parts[i], 10, 64) // at most nine digits
		return n
	}
	return length{
		days:    int(7*number(1) + number(2)),
		seconds: 3600*number(3) + 60*number(4) + number(5),
	}, nil
}
