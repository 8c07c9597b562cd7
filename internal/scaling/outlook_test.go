package scaling

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestScheduleOutlook: the outlook has what the calendar will require after each of its
// changes in the coming day, and does not change the present answer.
func TestScheduleOutlook(t *testing.T) {
	now := time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)
	event := func(from, to int, summary string) pool.Event {
		return pool.Event{Start: now.Add(time.Duration(from) * time.Hour), End: now.Add(time.Duration(to) * time.Hour), Summary: summary}
	}
	events := []pool.Event{
		event(-20, -19, "users=20%"), event(2, 4, "users=50%"), event(3, 6, "users=80%"), event(5, 6, "lunch"),
		event(25, 26, "users=100%"),
	}
	for mode, want := range map[ScheduleMode]string{
		// An event without users= is in force too, but it has no demand that can be read.
		ScheduleStep:   "10:00 5, 11:00 8",
		ScheduleWindow: "10:00 5, 11:00 8, 12:00 8, 13:00 8, 14:00 0",
	} {
		config := Config{Size: 10, Capacity: 1000, Interval: 5 * time.Minute, BootTime: 7 * time.Minute, ScheduleMode: mode}
		calendar := pool.Calendar{Events: events}
		answer := scheduleAnswer(now, config, pool.Seen(calendar), 1)
		var got []string
		for _, e := range answer.Outlook {
			servers, _ := e.Servers.Get()
			got = append(got, fmt.Sprintf("%s %d", e.At.Format("15:04"), servers))
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("%s: outlook %s, want %s", mode, got, want)
		}
		alone := scheduleRequired(now, config, calendar)
		if fmt.Sprint(alone.Servers, alone.Why) != fmt.Sprint(answer.Servers, answer.Why) {
			t.Errorf("%s: the answer is %v, want %v as without the outlook", mode, answer, alone)
		}
	}
}

// TestScheduleOutlookIsBounded: a calendar with very many events has an outlook of
// limited length.
func TestScheduleOutlookIsBounded(t *testing.T) {
	now := time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)
	var events []pool.Event
	for i := range 500 {
		start := now.Add(time.Duration(i+1) * time.Minute)
		events = append(events, pool.Event{Start: start, End: start.Add(time.Minute), Summary: "users=10%"})
	}
	config := Config{Size: 10, Capacity: 1000, ScheduleMode: ScheduleWindow}
	if n := len(scheduleOutlook(now, config, pool.Calendar{Events: events})); n != maxMoments {
		t.Errorf("%d moments, want %d", n, maxMoments)
	}
}
