package scenario

import (
	"strings"
	"testing"
	"time"
)

func TestFirstMoment(t *testing.T) {
	tests := []struct{ name, start, when, want string }{
		{"later on the same day", "2026-03-02T06:00:00+01:00", "Mon 09:30", "2026-03-02T09:30:00+01:00"},
		{"at the start", "2026-03-02T06:00:00+01:00", "Mon 06:00", "2026-03-02T06:00:00+01:00"},
		{"a second before the start", "2026-03-02T06:00:01+01:00", "Mon 06:00", "2026-03-09T06:00:00+01:00"},
		{"earlier on the same day is next week", "2026-03-02T06:00:00+01:00", "Mon 05:59", "2026-03-09T05:59:00+01:00"},
		{"the day before is next week", "2026-03-02T06:00:00+01:00", "Sun 23:59", "2026-03-08T23:59:00+01:00"},
		{"the start's day is the zone's", "2026-03-01T23:30:00Z", "Mon 00:30", "2026-03-02T00:30:00+01:00"},
		{"before the gap in spring", "2026-03-28T12:00:00+01:00", "Sun 01:59", "2026-03-29T01:59:00+01:00"},
		{"the gap's begin in spring", "2026-03-28T12:00:00+01:00", "Sun 02:00", "skip 02:00: daylight saving begins"},
		{"within the gap in spring", "2026-03-28T12:00:00+01:00", "Sun 02:30", "on Sun 29 March 2026 the clocks of Europe/Paris skip 02:30: daylight saving begins"},
		{"the gap's end in spring", "2026-03-28T12:00:00+01:00", "Sun 03:00", "2026-03-29T03:00:00+02:00"},
		{"the gap is over at the start", "2026-03-29T06:00:00+02:00", "Sun 02:30", "2026-04-05T02:30:00+02:00"},
		{"a week before the gap", "2026-03-22T06:00:00+01:00", "Sun 02:30", "daylight saving begins"},
		{"a day after the gap", "2026-03-28T12:00:00+01:00", "Mon 02:30", "2026-03-30T02:30:00+02:00"},
		{"before the double hour in autumn", "2026-10-24T12:00:00+02:00", "Sun 01:59", "2026-10-25T01:59:00+02:00"},
		{"the double hour in autumn: the first", "2026-10-24T12:00:00+02:00", "Sun 02:30", "2026-10-25T02:30:00+02:00"},
		{"the double hour's begin", "2026-10-24T12:00:00+02:00", "Sun 02:00", "2026-10-25T02:00:00+02:00"},
		{"a start within the double hour: the first from then on", "2026-10-25T02:45:00+02:00", "Sun 02:30", "2026-10-25T02:30:00+01:00"},
		{"a start after the double hour", "2026-10-25T02:45:00+01:00", "Sun 02:30", "2026-11-01T02:30:00+01:00"},
		{"after the double hour", "2026-10-24T12:00:00+02:00", "Sun 03:00", "2026-10-25T03:00:00+01:00"},
		{"after the start passes over the change", "2026-10-25T01:00:00+02:00", "+3h", "2026-10-25T03:00:00+01:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, test.start)
			if err != nil {
				t.Fatal(err)
			}
			options := testOptions()
			options.Start = start
			s, _, err := readTest(test.when+" poller-stops", options)
			if err != nil {
				if !strings.HasSuffix(err.Error(), test.want) {
					t.Errorf("error %v; want %s", err, test.want)
				}
				return
			}
			if got := s.Events[0].At.In(paris()).Format(time.RFC3339); got != test.want {
				t.Errorf("%s after %s is %s; want %s", test.when, test.start, got, test.want)
			}
		})
	}
}

// TestGapAtMidnight checks a zone in which a day begins at 01:00.
func TestGapAtMidnight(t *testing.T) {
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	options := testOptions()
	options.Zone, options.Start = zone, time.Date(2026, time.September, 5, 12, 0, 0, 0, zone)
	if _, _, err := readTest("Sun 00:30 poller-stops", options); err == nil || !strings.Contains(err.Error(), "on Sun 6 September 2026") {
		t.Errorf("error %v; want that the clocks skip it", err)
	}
}
