package functionsapi

import (
	"slices"
	"testing"
	"time"
)

// For each schedule: how many minutes of a week match, and the first two of them. The
// week begins on a Sunday.
func TestScheduleIsDue(t *testing.T) {
	sunday := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		schedule string
		count    int
		first    []string
	}{
		{"* * * * *", 7 * 24 * 60, []string{"01 00:00", "01 00:01"}},
		{"*/5 * * * *", 7 * 24 * 12, []string{"01 00:00", "01 00:05"}},
		{"2-59/5 * * * *", 7 * 24 * 12, []string{"01 00:02", "01 00:07"}},
		{"15,45 12-17 * * WED", 12, []string{"04 12:15", "04 12:45"}},
		{"30 9,17 * * MON-FRI", 10, []string{"02 09:30", "02 17:30"}},
		{"0 0 * * 7", 1, []string{"01 00:00"}},
		{"0 0 * * 0", 1, []string{"01 00:00"}},
		{"0 0 * 8 *", 0, nil},
		{"1 1 3 MAR 1", 2, []string{"02 01:01", "03 01:01"}}, // Monday, or the 3rd
		{"0 0 */3 * 1", 0, nil},                              // Monday that is also one of every third day; the 2nd is not
	} {
		s, err := parseSchedule(test.schedule)
		if err != nil {
			t.Errorf("%s: %v", test.schedule, err)
			continue
		}
		count, first := 0, []string(nil)
		for minute := sunday; minute.Before(sunday.AddDate(0, 0, 7)); minute = minute.Add(time.Minute) {
			if !s.due(minute) {
				continue
			}
			if count++; len(first) < 2 {
				first = append(first, minute.Format("02 15:04"))
			}
		}
		if count != test.count || !slices.Equal(first, test.first) {
			t.Errorf("%s is due %d times, first %v; want %d times, first %v", test.schedule, count, first, test.count, test.first)
		}
	}
}

// The platform refuses invalid schedules.
func TestInvalidSchedulesAreRefused(t *testing.T) {
	for _, schedule := range []string{
		"", "* * * *", "* * * * * *", "*/0 * * * *", "*/60 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
		"* * * * 8", "5-1 * * * *", "-1 * * * *", "+1 * * * *", "a * * * *", "1, * * * *", "5/5 * * * *", "*/a * * * *", "@hourly", "* * * JANUARY *",
	} {
		if _, err := parseSchedule(schedule); err == nil {
			t.Errorf("%q was accepted", schedule)
		}
	}
}
