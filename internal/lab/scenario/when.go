package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// errWhen is the error of a time in a wrong form. It describes the right forms.
var errWhen = errors.New(`the time must be a day (Mon, Tue, Wed, Thu, Fri, Sat or Sun) and a time, like "Mon 09:30", or a time after the start, like "+90m" or "+1h30m"`)

// weekdays are the names of the days in a scenario, from Sunday.
var weekdays = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// parseWhen parses the time at the beginning of a line. It returns the words that follow, also
// after an error, or nil if it is not known where they begin.
func parseWhen(words []word, start time.Time, zone *time.Location) (time.Time, []word, error) {
	first := words[0].text
	if after, ok := strings.CutPrefix(first, "+"); ok {
		at, err := parseAfter(after, start)
		return at, words[1:], err
	}
	if len(words) < 2 || !strings.Contains(words[1].text, ":") {
		return time.Time{}, nil, errWhen
	}
	clock := words[1].text
	parsed, err := time.Parse("15:04", clock)
	day := slices.Index(weekdays, first)
	if err != nil || len(clock) != len("15:04") || day < 0 {
		return time.Time{}, words[2:], errWhen
	}
	at, err := firstMoment(time.Weekday(day), parsed.Hour(), parsed.Minute(), start.In(zone))
	return at, words[2:], err
}

// parseAfter parses a duration after the start.
func parseAfter(text string, start time.Time) (time.Time, error) {
	if strings.HasPrefix(text, "-") {
		return time.Time{}, fmt.Errorf("+%s is before the start", text)
	}
	after, err := time.ParseDuration(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return time.Time{}, errWhen
	}
	return start.Add(after), nil
}

// firstMoment returns the first moment at or after start at which the clocks of start's
// zone show a time of a weekday. It returns an error if that time is skipped because
// daylight saving begins.
func firstMoment(day time.Weekday, hour, minute int, start time.Time) (time.Time, error) {
	ahead := (int(day) - int(start.Weekday()) + 7) % 7
	for _, days := range []int{ahead, ahead + 7} {
		wall := time.Date(start.Year(), start.Month(), start.Day()+days, hour, minute, 0, 0, time.UTC)
		moments := momentsOf(wall, start.Location())
		for _, moment := range moments {
			if !moment.Before(start) {
				return moment, nil
			}
		}
		skipped := time.Date(wall.Year(), wall.Month(), wall.Day(), hour, minute, 0, 0, start.Location())
		if len(moments) == 0 && !skipped.Before(start) {
			return time.Time{}, fmt.Errorf("on %s the clocks of %s skip %s: daylight saving begins",
				wall.Format("Mon 2 January 2006"), start.Location(), wall.Format("15:04"))
		}
	}
	return time.Time{}, fmt.Errorf("there is no %s %02d:%02d after the start", weekdays[day], hour, minute)
}

// momentsOf returns the moments at which the clocks of a zone show the date and time that
// wall has in UTC. It is usually one moment, two in the hour that repeats when clocks are set
// back, and none in the hour that is skipped when they are set forward.
func momentsOf(wall time.Time, zone *time.Location) []time.Time {
	const shown = "2006-01-02 15:04"
	var moments []time.Time
	for _, around := range []time.Duration{-24 * time.Hour, 24 * time.Hour} { // before and after a change
		_, offset := wall.Add(around).In(zone).Zone()
		moment := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if moment.Format(shown) == wall.Format(shown) && !slices.ContainsFunc(moments, moment.Equal) {
			moments = append(moments, moment)
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments
}
