package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// frequency is a rule's FREQ.
type frequency int

const (
	secondly frequency = iota
	minutely
	hourly
	daily
	weekly
	monthly
	yearly
)

var frequencies = map[string]frequency{
	"SECONDLY": secondly, "MINUTELY": minutely, "HOURLY": hourly, "DAILY": daily,
	"WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly,
}

// periodSeconds is the length of a period, in seconds, for frequencies up to weekly.
var periodSeconds = map[frequency]int64{secondly: 1, minutely: 60, hourly: 3600, daily: 86400, weekly: 7 * 86400}

// weekday is one weekday of BYDAY. nth is 0 for every one, 2 for the second and -1 for
// the last of the month or year.
type weekday struct {
	day time.Weekday
	nth int
}

var weekdayNames = map[string]time.Weekday{
	"SU": time.Sunday, "MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday,
	"TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday,
}

// rule is a recurrence rule (RFC 5545, 3.3.10). It works with wall-clock times, which
// have no zone.
type rule struct {
	frequency frequency
	interval  int64
	count     int64     // 0: no limit
	until     time.Time // inclusive; zero: no limit
	weekStart time.Weekday
	// The parts that begin with BY. An empty list means that the part is missing.
	months, weeks, yearDays, monthDays []int
	weekdays                           []weekday
	hours, minutes, seconds            []int
	positions                          []int
}

// parseRule parses the rule of a recurring event that begins at start. It sets missing
// parts from start. With an error it returns what could be read.
func parseRule(text string, start stamp) (rule, error) {
	r := rule{frequency: -1, interval: 1, weekStart: time.Monday}
	var first error
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(text)), ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if err := r.set(key, value, start); err != nil && first == nil {
			first = fmt.Errorf("recurrence rule: %.60q: %w", part, err)
		}
	}
	if r.frequency < 0 && first == nil {
		first = errors.New("recurrence rule: no FREQ")
	}
	if first == nil {
		r.fillDefaults(start.clock)
	}
	return r, first
}

// dailyRule returns a rule for every day from start, until the end of another rule.
func dailyRule(start stamp, until time.Time) rule {
	r := rule{frequency: daily, interval: 1, weekStart: time.Monday, until: until}
	r.fillDefaults(start.clock)
	return r
}

// set sets the part with a key. A part without a value counts as absent, but an end that
// is announced and not given is an error: it may not mean an endless series.
func (r *rule) set(key, value string, start stamp) (err error) {
	if value == "" && key != "COUNT" && key != "UNTIL" {
		return nil
	}
	switch key {
	case "FREQ":
		known := false
		if r.frequency, known = frequencies[value]; !known {
			return errors.New("unknown frequency")
		}
	case "INTERVAL":
		r.interval, err = parsePositive(value)
	case "COUNT":
		r.count, err = parsePositive(value)
	case "UNTIL":
		r.until, err = parseUntil(value, start)
	case "WKST":
		known := false
		if r.weekStart, known = weekdayNames[value]; !known {
			return errors.New("unknown weekday")
		}
	case "BYMONTH":
		r.months, err = parseNumbers(value, 1, 12)
	case "BYWEEKNO":
		r.weeks, err = parseSigned(value, 53)
	case "BYYEARDAY":
		r.yearDays, err = parseSigned(value, 366)
	case "BYMONTHDAY":
		r.monthDays, err = parseSigned(value, 31)
	case "BYDAY":
		r.weekdays, err = parseWeekdays(value)
	case "BYHOUR":
		r.hours, err = parseNumbers(value, 0, 23)
	case "BYMINUTE":
		r.minutes, err = parseNumbers(value, 0, 59)
	case "BYSECOND":
		r.seconds, err = parseSeconds(value)
	case "BYSETPOS":
		r.positions, err = parseSigned(value, 366)
	case "RSCALE", "SKIP": // RFC 7529: these values change nothing
		if value != "GREGORIAN" && value != "OMIT" {
			return errors.New("only the Gregorian calendar without SKIP is read")
		}
	default:
		if !strings.HasPrefix(key, "X-") {
			return errors.New("unknown part")
		}
	}
	return err
}

// parseUntil parses UNTIL. A date without a time includes that day: "until Friday" means
// Friday, too. (The predecessor ended at the midnight before it.) Programs
// write 20260310T000000Z for 10 March at the end of an all-day series, also west of Greenwich.
func parseUntil(value string, start stamp) (time.Time, error) {
	s, err := parseStamp(value, start.zone)
	if err != nil {
		return time.Time{}, err
	}
	if s.dateOnly {
		return s.clock.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	until := wallClock(s.instant(), start.zone)
	if isMidnight := s.clock.Equal(s.date().clock); start.dateOnly && isMidnight && s.clock.After(until) {
		until = s.clock
	}
	return until, nil
}

func parsePositive(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return 0, errors.New("not a number from 1 to 2147483647")
	}
	return n, nil
}

// parseNumbers parses a list of numbers from least to most. The result is sorted and has
// no duplicates.
func parseNumbers(value string, least, most int) ([]int, error) {
	var list []int
	for text := range strings.SplitSeq(value, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return nil, fmt.Errorf("not between %d and %d", least, most)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// parseSeconds parses BYSECOND. The leap second 60 counts as 59 (RFC 5545, 3.3.12).
func parseSeconds(value string) ([]int, error) {
	list, err := parseNumbers(value, 0, 60)
	for i := range list {
		list[i] = min(list[i], 59)
	}
	return slices.Compact(list), err
}

// parseSigned parses a list of positions from 1 to most, which count from the start, or
// from -1 to -most, which count from the end.
func parseSigned(value string, most int) ([]int, error) {
	list, err := parseNumbers(value, -most, most)
	if slices.Contains(list, 0) {
		return nil, errors.New("0 is not a position")
	}
	return list, err
}

func parseWeekdays(value string) ([]weekday, error) {
	var list []weekday
	for text := range strings.SplitSeq(value, ",") {
		name := text[max(0, len(text)-2):]
		day, known := weekdayNames[name]
		if !known {
			return nil, errors.New("unknown weekday")
		}
		nth := 0
		if count := strings.TrimSuffix(text, name); count != "" {
			n, err := parseSigned(count, 53)
			if err != nil {
				return nil, err
			}
			nth = n[0]
		}
		if w := (weekday{day, nth}); !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list, nil
}

// fillDefaults sets missing parts from the start of the event. For example, a weekly
// rule without BYDAY gets the weekday of the start.
func (r *rule) fillDefaults(start time.Time) {
	if len(r.weeks)+len(r.yearDays)+len(r.monthDays)+len(r.weekdays) == 0 {
		switch r.frequency {
		case yearly:
			if len(r.months) == 0 {
				r.months = []int{int(start.Month())}
			}
			r.monthDays = []int{start.Day()}
		case monthly:
			r.monthDays = []int{start.Day()}
		case weekly:
			r.weekdays = []weekday{{day: start.Weekday()}}
		}
	}
	if r.frequency > hourly && len(r.hours) == 0 {
		r.hours = []int{start.Hour()}
	}
	if r.frequency > minutely && len(r.minutes) == 0 {
		r.minutes = []int{start.Minute()}
	}
	if r.frequency > secondly && len(r.seconds) == 0 {
		r.seconds = []int{start.Second()}
	}
	if r.frequency < monthly {
		// Only months and years have, for example, a second Monday.
		for i := range r.weekdays {
			r.weekdays[i].nth = 0
		}
	}
}

// between returns the occurrences of the rule from `from` to `to`, in order, without
// start. start is always the first occurrence, even if the rule does not match it, and
// counts towards COUNT. Without COUNT, periods before `from` are skipped.
func (r rule) between(start, from, to time.Time, work *budget) ([]time.Time, error) {
	last := to
	if !r.until.IsZero() && r.until.Before(last) {
		last = r.until
	}
	var found []time.Time
	left, n := r.count-1, int64(0)
	if r.count == 0 {
		n = r.skippedPeriods(start, from)
	}
	for ; ; n += r.interval {
		period := r.period(start, n)
		if period.After(last) {
			return found, nil
		}
		candidates, err := r.candidates(period, work)
		if err != nil {
			return nil, err
		}
		for _, c := range candidates {
			if !c.After(start) {
				continue
			}
			if c.After(last) || (r.count > 0 && left == 0) {
				return found, nil
			}
			left--
			if !c.Before(from) {
				found = append(found, c)
			}
		}
		if r.count > 0 && left == 0 {
			return found, nil
		}
	}
}

// allBetween returns the occurrences of an exception rule from `from` to `to`. Unlike
// those of a recurrence rule, they contain start only if the rule matches it.
func (r rule) allBetween(start, from, to time.Time, work *budget) ([]time.Time, error) {
	first, err := r.candidates(r.period(start, 0), work)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(first, start.Equal) {
		found, err := r.between(start, from, to, work)
		return append(found, start), err
	}
	if r.count > 0 {
		r.count++ // between counts start
	}
	return r.between(start, from, to, work)
}

// skippedPeriods returns how many periods, from the period of start, can be skipped
// because they end before `from`. It is a multiple of the interval.
func (r rule) skippedPeriods(start, from time.Time) int64 {
	var periods int64
	switch r.frequency {
	case yearly:
		periods = int64(from.Year() - start.Year())
	case monthly:
		periods = int64(12*(from.Year()-start.Year()) + int(from.Month()) - int(start.Month()))
	default:
		periods = (from.Unix() - start.Unix()) / periodSeconds[r.frequency]
	}
	return max(0, periods/r.interval-1) * r.interval
}

// period returns the beginning of the n-th period (year, month, week …) after the period
// of start.
func (r rule) period(start time.Time, n int64) time.Time {
	year, month, day := start.Date()
	switch r.frequency {
	case yearly:
		return time.Date(year+int(n), time.January, 1, 0, 0, 0, 0, time.UTC)
	case monthly:
		return time.Date(year, month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	case weekly:
		return addSeconds(weekBegin(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), r.weekStart), n*periodSeconds[weekly])
	}
	begin := start.Truncate(time.Duration(periodSeconds[r.frequency]) * time.Second)
	return addSeconds(begin, n*periodSeconds[r.frequency])
}

// weekBegin returns the first day of the week of a day.
func weekBegin(day time.Time, weekStart time.Weekday) time.Time {
	return day.AddDate(0, 0, -int(day.Weekday()-weekStart+7)%7)
}

// candidates returns the times in a period that match the rule, in order.
func (r rule) candidates(period time.Time, work *budget) ([]time.Time, error) {
	hours, minutes, seconds := r.hours, r.minutes, r.seconds
	if r.frequency <= hourly {
		hours = restrict(hours, period.Hour())
	}
	if r.frequency <= minutely {
		minutes = restrict(minutes, period.Minute())
	}
	if r.frequency == secondly {
		seconds = restrict(seconds, period.Second())
	}
	days := r.days(period)
	if err := work.spend(1 + len(days)*(1+len(hours)*len(minutes)*len(seconds))); err != nil {
		return nil, err
	}
	var times []time.Time
	for _, day := range days {
		if !r.allowsDay(day) {
			continue
		}
		for _, hour := range hours {
			for _, minute := range minutes {
				for _, second := range seconds {
					times = append(times, addSeconds(day, int64(3600*hour+60*minute+second)))
				}
			}
		}
	}
	return r.applyPositions(times), nil
}

// restrict returns value alone if allowed is empty or contains it, or else nothing.
func restrict(allowed []int, value int) []int {
	if len(allowed) == 0 || slices.Contains(allowed, value) {
		return []int{value}
	}
	return nil
}

// days returns the days of a period. It leaves out months that BYMONTH excludes, except
// for weekly rules, where allowsDay does that.
func (r rule) days(period time.Time) []time.Time {
	year, month, day := period.Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	switch {
	case r.frequency == yearly && len(r.months) > 0:
		var days []time.Time
		for _, m := range r.months {
			first := time.Date(year, time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			days = append(days, daysBetween(first, first.AddDate(0, 1, 0))...)
		}
		return days
	case len(r.months) > 0 && r.frequency != weekly && !slices.Contains(r.months, int(month)):
		return nil
	case r.frequency == yearly:
		return daysBetween(midnight, midnight.AddDate(1, 0, 0))
	case r.frequency == monthly:
		return daysBetween(midnight, midnight.AddDate(0, 1, 0))
	case r.frequency == weekly:
		return daysBetween(midnight, midnight.AddDate(0, 0, 7))
	}
	return []time.Time{midnight}
}

func daysBetween(first, end time.Time) []time.Time {
	var days []time.Time
	for day := first; day.Before(end); day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	return days
}

// allowsDay reports whether a day matches all BY parts that select days.
func (r rule) allowsDay(day time.Time) bool {
	if len(r.months) > 0 && !slices.Contains(r.months, int(day.Month())) {
		return false
	}
	daysInMonth := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if !inList(r.monthDays, day.Day(), daysInMonth) {
		return false
	}
	if !inList(r.yearDays, day.YearDay(), daysInYear(day.Year())) {
		return false
	}
	if len(r.weeks) > 0 && !inList(r.weeks, r.week(day), r.week(time.Date(r.weekYear(day), time.December, 28, 0, 0, 0, 0, time.UTC))) {
		return false
	}
	return len(r.weekdays) == 0 || slices.ContainsFunc(r.weekdays, func(w weekday) bool {
		return w.day == day.Weekday() && (w.nth == 0 || r.isNth(day, w.nth, daysInMonth))
	})
}

// inList reports whether position n of total is in a list of positions, which may count
// from the end. An empty list contains all positions.
func inList(list []int, n, total int) bool {
	return len(list) == 0 || slices.Contains(list, n) || slices.Contains(list, n-total-1)
}

func daysInYear(year int) int {
	return time.Date(year, time.December, 31, 0, 0, 0, 0, time.UTC).YearDay()
}

// fourthDay returns the fourth day of the week of a day. A week belongs to the year of
// its fourth day, which has most of its days (RFC 5545, BYWEEKNO).
func (r rule) fourthDay(day time.Time) time.Time {
	return weekBegin(day, r.weekStart).AddDate(0, 0, 3)
}

// weekYear returns the year to which the week of a day belongs.
func (r rule) weekYear(day time.Time) int { return r.fourthDay(day).Year() }

// week returns the number of the week of a day in its weekYear.
func (r rule) week(day time.Time) int { return (r.fourthDay(day).YearDay()-1)/7 + 1 }

// isNth reports whether a day is the nth of its weekday in its month, or in its year if
// the rule is yearly and has no months. A negative nth counts from the end.
func (r rule) isNth(day time.Time, nth, daysInMonth int) bool {
	number, last := day.Day(), daysInMonth
	if r.frequency == yearly && len(r.months) == 0 {
		number, last = day.YearDay(), daysInYear(day.Year())
	}
	if nth > 0 {
		return (number-1)/7+1 == nth
	}
	return (last-number)/7+1 == -nth
}

// applyPositions returns the times of a period that BYSETPOS selects.
func (r rule) applyPositions(times []time.Time) []time.Time {
	if len(r.positions) == 0 {
		return times
	}
	var chosen []time.Time
	for i, t := range times {
		if inList(r.positions, i+1, len(times)) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}
