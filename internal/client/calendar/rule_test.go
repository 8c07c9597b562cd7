package calendar

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

// TestRulesAgreeWithLibrary compares random rules with rrule-go. drawRule leaves out the
// rules that rrule-go expands wrongly or endlessly.
func TestRulesAgreeWithLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(rapid.IntRange(1990, 2026).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(rapid.IntRange(0, 365*86400).Draw(t, "second")) * time.Second)
		text := drawRule(t)
		all, subDaily := expandWithLibrary(t, text, start)
		if !subDaily && rapid.Bool().Draw(t, "limited") {
			count := rapid.IntRange(1, 20).Draw(t, "count")
			text += fmt.Sprint(";COUNT=", count)
			all = all[:min(count, len(all))]
		}
		// The window is any part of the series.
		first := rapid.IntRange(0, len(all)-1).Draw(t, "first")
		last := rapid.IntRange(first, len(all)-1).Draw(t, "last")
		want := all[max(1, first) : last+1]
		r, err := parseRule(text, stamp{clock: start, zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.between(start, all[first], all[last], &budget{maxSteps, maxSteps})
		if subDaily && errors.Is(err, errEventTooMuch) {
			return // two months of a secondly rule may exceed the budget
		}
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s from %s\n got %v\nwant %v", text, start, got, want)
		}
	})
}

// expandWithLibrary returns the first 200 occurrences of a rule that rrule-go finds within
// 30 years, or two months for a rule that is more frequent than daily.
func expandWithLibrary(t *rapid.T, text string, start time.Time) (all []time.Time, subDaily bool) {
	option, err := rrule.StrToROption(text)
	if err != nil {
		t.Fatal(err)
	}
	option.Dtstart = start
	option.Until = start.AddDate(30, 0, 0)
	subDaily = option.Freq >= rrule.HOURLY
	if subDaily {
		option.Until = start.AddDate(0, 2, 0)
	}
	other, err := rrule.NewRRule(*option)
	if err != nil {
		t.Fatal(err)
	}
	all = []time.Time{start}
	next := other.Iterator()
	for at, ok := next(); ok && len(all) < 200; at, ok = next() {
		if at.After(start) {
			all = append(all, at)
		}
	}
	return all, subDaily
}

// drawRule draws a rule that rrule-go expands correctly and in limited time.
func drawRule(t *rapid.T) string {
	frequency := rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}).Draw(t, "frequency")
	subDaily := slices.Contains([]string{"HOURLY", "MINUTELY", "SECONDLY"}, frequency)
	parts := []string{"FREQ=" + frequency}
	add := func(name, value string) { parts = append(parts, name+"="+value) }
	chance := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) == 0 }
	list := func(name string, least, most int) {
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(least, most).Filter(func(n int) bool { return n != 0 || least == 0 }), 1, 4, rapid.ID).Draw(t, name)
		add(name, strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]"))
	}

	byTime := false
	for _, part := range []struct {
		name string
		most int
	}{{"BYHOUR", 23}, {"BYMINUTE", 59}, {"BYSECOND", 59}} {
		if chance(part.name + "?") {
			byTime = true
			list(part.name, 0, part.most)
		}
	}
	if !subDaily || !byTime { // with both, rrule-go may never end
		add("INTERVAL", fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "interval")))
	}
	add("WKST", rapid.SampledFrom([]string{"MO", "SU", "TH"}).Draw(t, "week start"))
	if chance("months") {
		list("BYMONTH", 1, 12)
	}
	switch {
	case frequency == "YEARLY" && chance("weeks"):
		list("BYWEEKNO", 1, 51) // rrule-go miscounts the last weeks of some years
	case frequency == "YEARLY" && chance("year days"):
		list("BYYEARDAY", -366, 366)
	case frequency != "WEEKLY" && chance("month days"):
		list("BYMONTHDAY", -31, 31)
	}
	if chance("weekdays") {
		days := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}), 1, 3, rapid.ID).Draw(t, "days")
		if (frequency == "YEARLY" || frequency == "MONTHLY") && rapid.Bool().Draw(t, "nth") {
			for i := range days {
				days[i] = fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "n")*rapid.SampledFrom([]int{1, -1}).Draw(t, "sign"), days[i])
			}
		}
		add("BYDAY", strings.Join(days, ","))
	}
	if !subDaily && frequency != "WEEKLY" && chance("positions") { // rrule-go's first week begins at the start of the series
		list("BYSETPOS", -4, 4)
	}
	return strings.Join(parts, ";")
}

func TestRuleErrors(t *testing.T) {
	start := stamp{clock: time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC), zone: time.UTC}
	for _, text := range []string{
		"", "COUNT=3", "FREQ=FORTNIGHTLY", "FREQ", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1",
		"FREQ=DAILY;INTERVAL=9223372036854775807", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;UNTIL=tomorrow",
		"FREQ=", "FREQ=DAILY;COUNT=", "FREQ=DAILY;UNTIL=", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYMINUTE=60", "FREQ=DAILY;BYSECOND=61", "FREQ=YEARLY;BYMONTH=0",
		"FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY;BYWEEKNO=54", "FREQ=YEARLY;BYYEARDAY=0", "FREQ=YEARLY;BYYEARDAY=367",
		"FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=54MO",
		"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "FREQ=DAILY;WKST=1", "FREQ=YEARLY;BYEASTER=1", "FREQ=DAILY;RSCALE=CHINESE", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD",
	} {
		if _, err := parseRule(text, start); err == nil || !strings.HasPrefix(err.Error(), "recurrence rule: ") {
			t.Errorf("%q: got %v, want an error", text, err)
		}
	}
}

// TestRuleParts: parts that change nothing, parts without a value and a leap second.
func TestRuleParts(t *testing.T) {
	start := stamp{clock: time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC), zone: time.UTC}
	for text, same := range map[string]string{
		"RSCALE=GREGORIAN;FREQ=WEEKLY;SKIP=OMIT":       "FREQ=WEEKLY",
		"freq=weekly;byday=mo":                         "FREQ=WEEKLY;BYDAY=MO",
		"FREQ=WEEKLY; INTERVAL=2;":                     "FREQ=WEEKLY;INTERVAL=2",
		"FREQ=WEEKLY;BYDAY=;BYHOUR=;INTERVAL=;WKST=":   "FREQ=WEEKLY",
		"FREQ=WEEKLY;X-VENDOR=1":                       "FREQ=WEEKLY",
		"FREQ=MINUTELY;BYSECOND=60":                    "FREQ=MINUTELY;BYSECOND=59",
		"FREQ=MINUTELY;BYSECOND=58,59,60":              "FREQ=MINUTELY;BYSECOND=58,59",
		"RSCALE=gregorian;FREQ=YEARLY;BYMONTH=3;SKIP=": "FREQ=YEARLY;BYMONTH=3",
	} {
		got, err := parseRule(text, start)
		want, _ := parseRule(same, start)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v as for %q", text, got, err, want, same)
		}
	}
}

// Extreme rules end within the budget, with the right number of occurrences or with
// errTooMuch.
func TestRuleBudget(t *testing.T) {
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 8)
	for _, test := range []struct {
		text  string
		start time.Time
		want  int // -1: errTooMuch
	}{
		{"FREQ=SECONDLY", time.Unix(0, 0).UTC(), 8*86400 + 1},
		{"FREQ=SECONDLY;INTERVAL=3600", time.Unix(0, 0).UTC(), 8*24 + 1},
		{"FREQ=SECONDLY;COUNT=1000000000", time.Unix(0, 0).UTC(), -1},
		{"FREQ=SECONDLY;INTERVAL=86400;BYSECOND=1", time.Unix(0, 0).UTC(), 0},
		{"FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1", time.Unix(0, 0).UTC(), 0},
		{"FREQ=DAILY;COUNT=1000000000", time.Unix(0, 0).UTC(), 9},
		{"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", time.Unix(0, 0).UTC(), 0},
		{"FREQ=DAILY", time.Date(1, 1, 1, 12, 0, 0, 0, time.UTC), 8},
		{"FREQ=WEEKLY", time.Date(1601, 1, 1, 12, 0, 0, 0, time.UTC), 2},
		{"FREQ=MONTHLY;BYDAY=53MO", time.Unix(0, 0).UTC(), 0},
		{"FREQ=YEARLY;INTERVAL=2147483647", time.Unix(0, 0).UTC(), 0},
		{"FREQ=MONTHLY;INTERVAL=2147483647", time.Unix(0, 0).UTC(), 0},
		{"FREQ=WEEKLY;INTERVAL=2147483647", time.Unix(0, 0).UTC(), 0},
		{"FREQ=SECONDLY;INTERVAL=2147483647", time.Unix(0, 0).UTC(), 0},
		{"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59) + ";BYSECOND=" + upTo(59), time.Unix(0, 0).UTC(), -1},
		{"FREQ=DAILY", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), 0},
		{"FREQ=DAILY;UNTIL=99991231", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 8},
		{"FREQ=DAILY;UNTIL=00010101", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 0},
	} {
		r, err := parseRule(test.text, stamp{clock: test.start, zone: time.UTC})
		if err != nil {
			t.Errorf("%.60s: %v", test.text, err)
			continue
		}
		got, err := r.between(test.start, from, to, &budget{maxSteps, maxSteps})
		if test.want < 0 {
			if !errors.Is(err, errEventTooMuch) {
				t.Errorf("%.60s: got %d and %v, want %v", test.text, len(got), err, errEventTooMuch)
			}
			continue
		}
		if err != nil || len(got) != test.want {
			t.Errorf("%.60s: got %d and %v, want %d", test.text, len(got), err, test.want)
		}
	}
}

// upTo returns "0,1,2,…,n".
func upTo(n int) string {
	text := "0"
	for i := range n {
		text += fmt.Sprint(",", i+1)
	}
	return text
}

func TestWeekNumbers(t *testing.T) {
	r := rule{weekStart: time.Monday}
	for day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2040; day = day.AddDate(0, 0, 1) {
		year, week := day.ISOWeek()
		if r.weekYear(day) != year || r.week(day) != week {
			t.Fatalf("%s is in week %d of %d, got %d of %d", day.Format(time.DateOnly), week, year, r.week(day), r.weekYear(day))
		}
	}
}
