package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stamp is a point in time as a calendar writes it: what a clock on the wall of
// a zone shows.
type stamp struct {
	// clock is the wall's, written as if it were UTC.
	clock time.Time
	zone  *time.Location
	// day says that only the day was given.
	day bool
}

const (
	dayLayout  = "20060102"
	timeLayout = "20060102T150405"
)

// parseStamp reads a DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5). zone is
// where it applies unless it ends with Z.
func parseStamp(text string, zone *time.Location) (stamp, error) {
	value, utc := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(text)), "Z")
	if utc {
		zone = time.UTC
	}
	layout, day := timeLayout, len(value) == len(dayLayout) && !utc
	if day {
		layout = dayLayout
	}
	clock, err := time.Parse(layout, value)
	if err != nil || len(value) != len(layout) { // time.Parse would take fractions
		return stamp{}, fmt.Errorf("%.40q is no date or time", text)
	}
	return stamp{clock, zone, day}, nil
}

// clockOf is what the wall in a zone shows at an instant.
func clockOf(instant time.Time, zone *time.Location) time.Time {
	_, offset := instant.In(zone).Zone()
	return addSeconds(instant, int64(offset))
}

// instant is when the clock on the wall shows the stamp. A time that a zone's
// clocks leave out when they are put forward counts from before the change, and
// of a time that they show twice the first counts (RFC 5545, 3.3.5).
func (s stamp) instant() time.Time {
	year, month, day := s.clock.Date()
	hour, minute, second := s.clock.Clock()
	t := time.Date(year, month, day, hour, minute, second, 0, s.zone)
	_, before := t.AddDate(0, 0, -1).Zone()
	early := addSeconds(s.clock, -int64(before)).In(s.zone)
	if clockOf(early, s.zone).Equal(s.clock) || !clockOf(t, s.zone).Equal(s.clock) {
		return early
	}
	return t
}

// addSeconds does not overflow after 292 years, as a time.Duration does.
func addSeconds(t time.Time, seconds int64) time.Time {
	return time.Unix(t.Unix()+seconds, 0).UTC()
}

// length is how long an event lasts. Days are calendar days, of 23 to 25 hours.
type length struct {
	days    int
	seconds int64
}

func (l length) after(s stamp) time.Time {
	end := stamp{s.clock.AddDate(0, 0, l.days), s.zone, s.day}
	return addSeconds(end.instant(), l.seconds)
}

var durationForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$`)

// parseLength reads a positive DURATION (RFC 5545, 3.3.6).
func parseLength(text string) (length, error) {
	parts := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(text)))
	if parts == nil || strings.Join(parts[1:], "") == "" {
		return length{}, fmt.Errorf("%.40q is no duration", text)
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt("0"+parts[i], 10, 64) // nine digits at most
		return n
	}
	return length{
		days:    int(7*number(1) + number(2)),
		seconds: 3600*number(3) + 60*number(4) + number(5),
	}, nil
}
