package functionsapi

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// schedule is the minutes in which a cron calls, in UTC.
type schedule struct {
	minutes, hours, days, months, weekdays set
	// anyDay is set if the days or the weekdays begin with *. Then both must match;
	// otherwise one of them is enough.
	anyDay bool
}

// set has one bit for each value that matches.
type set uint64

func (s set) has(value int) bool { return s>>value&1 == 1 }

// field is one of the five fields of a schedule.
type field struct {
	name        string
	first, last int
	// words are names for the values, beginning with first, separated by spaces.
	words string
}

var fields = []field{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of the month", 1, 31, ""},
	{"month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"},
	{"day of the week", 0, 7, "SUN MON TUE WED THU FRI SAT"},
}

// parseSchedule reads five fields in the documented syntax: values, lists with commas,
// ranges, *, and steps for ranges and *.
func parseSchedule(text string) (schedule, error) {
	texts := strings.Fields(text)
	if len(texts) != len(fields) {
		return schedule{}, fmt.Errorf("schedule %q has %d fields, must have %d", text, len(texts), len(fields))
	}
	var sets [5]set
	for i, f := range fields {
		for part := range strings.SplitSeq(texts[i], ",") {
			values, err := f.parse(part)
			if err != nil {
				return schedule{}, fmt.Errorf("schedule %q: %s: %w", text, f.name, err)
			}
			sets[i] |= values
		}
	}
	if sets[4].has(7) {
		sets[4] |= 1 // 7 is Sunday, like 0
	}
	anyDay := strings.HasPrefix(texts[2], "*") || strings.HasPrefix(texts[4], "*")
	return schedule{sets[0], sets[1], sets[2], sets[3], sets[4], anyDay}, nil
}

// parse reads one element of a field's list.
func (f field) parse(part string) (set, error) {
	text, every, stepped := strings.Cut(part, "/")
	first, last, err := f.bounds(text)
	if err != nil {
		return 0, err
	}
	step := 1
	if stepped {
		if step, err = strconv.Atoi(every); err != nil || step < 1 || step > f.last || first == last {
			return 0, fmt.Errorf("%q has an invalid step", part)
		}
	}
	var values set
	for value := first; value <= last; value += step {
		values |= 1 << value
	}
	return values, nil
}

func (f field) bounds(text string) (first, last int, err error) {
	if text == "*" {
		return f.first, f.last, nil
	}
	from, to, ranged := strings.Cut(text, "-")
	if first, err = f.value(from); err != nil {
		return 0, 0, err
	}
	if !ranged {
		return first, first, nil
	}
	if last, err = f.value(to); err == nil && last < first {
		err = fmt.Errorf("%q ends before it begins", text)
	}
	return first, last, err
}

func (f field) value(text string) (int, error) {
	for i, word := range strings.Fields(f.words) {
		if strings.EqualFold(text, word) {
			return f.first + i, nil
		}
	}
	value, err := strconv.Atoi(text)
	if err != nil || strings.Trim(text, "0123456789") != "" || value < f.first || value > f.last {
		return 0, fmt.Errorf("%q is not a value from %d to %d", text, f.first, f.last)
	}
	return value, nil
}

// due reports whether a minute matches the schedule.
func (s schedule) due(t time.Time) bool {
	t = t.UTC()
	day, weekday := s.days.has(t.Day()), s.weekdays.has(int(t.Weekday()))
	if s.anyDay {
		day = day && weekday
	} else {
		day = day || weekday
	}
	return s.minutes.has(t.Minute()) && s.hours.has(t.Hour()) && s.months.has(int(t.Month())) && day
}
