package scaling

import (
	"strings"
	"testing"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// FuzzParticipants: any summary is read as a demand that a pool can have, with an
// explanation, or is an error.
func FuzzParticipants(f *testing.F) {
	for _, text := range hostile.Seeds(f, "divims/ics/*.ics") {
		for line := range strings.Lines(text) {
			if _, summary, ok := strings.Cut(line, "SUMMARY:"); ok {
				f.Add(summary, 5000)
			}
		}
	}
	f.Add("users=500", 1)
	f.Add("a course\nusers=\"12,5%\" ; note", 9990)
	f.Add("users=1 000 000.999999", 10_000_000)
	f.Add("users=99.999999\u202f%", 10_000_000)
	f.Add("users=-0%\nusers=1e308", 0)
	f.Add("users=5"+strings.Repeat(" ", 3000)+"%", 100)
	f.Fuzz(func(t *testing.T, summary string, capacity int) {
		if capacity < 1 || capacity > 10_000_000 {
			return // POOL_CAPACITY does not allow it
		}
		read, err := ReadDemand(summary)
		if err != nil {
			hostile.CheckText(t, err.Error())
			return
		}
		wanted, formula := read.participants(capacity)
		hostile.CheckText(t, formula)
		if wanted < 0 || wanted > 1_000_000_000 || strings.Contains(formula, "%") && wanted > capacity {
			t.Errorf("%d participants of %d: %s", wanted, capacity, formula)
		}
	})
}

// TestManyEventsAreSummarised: 100,000 events at once, readable or not, fit into the
// record and the log.
func TestManyEventsAreSummarised(t *testing.T) {
	for name, test := range map[string]struct {
		summary string
		want    int
	}{
		"readable": {"users=500", 1}, "unreadable": {"users=many", none},
	} {
		t.Run(name, func(t *testing.T) {
			events := make([]pool.Event, 100_000)
			for i := range events {
				events[i] = at(-60, 60, test.summary)
			}
			answer := scheduleRequired(scheduleNow, Config{ScheduleMode: ScheduleWindow, Size: 10, Capacity: 5000}, pool.Calendar{Events: events})
			got, known := answer.Servers.Get()
			if !known {
				got = none
			}
			if text := strings.Join(answer.Why, "\n") + answer.Servers.Reason(); got != test.want || len(text) > 20_000 || !strings.Contains(text, "and 99950 more events") {
				t.Errorf("%d servers, explained in %d bytes: %.300s", got, len(text), text)
			}
		})
	}
}
