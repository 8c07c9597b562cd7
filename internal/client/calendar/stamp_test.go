package calendar

import (
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	found, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestInstants(t *testing.T) {
	for _, test := range []struct{ name, zone, text, want string }{
		{"winter", "Europe/Paris", "20260309T080000", "2026-03-09T07:00:00Z"},
		{"summer", "Europe/Paris", "20260709T080000", "2026-07-09T06:00:00Z"},
		{"UTC", "Europe/Paris", "20260309T080000Z", "2026-03-09T08:00:00Z"},
		{"all day", "Europe/Paris", "20260309", "2026-03-08T23:00:00Z"},
		{"lower case", "Europe/Paris", "20260309t080000z", "2026-03-09T08:00:00Z"},
		{"skipped, east", "Europe/Paris", "20260329T023000", "2026-03-29T01:30:00Z"},
		{"skipped, west", "America/New_York", "20260308T023000", "2026-03-08T07:30:00Z"},
		{"skipped, half an hour", "Australia/Lord_Howe", "20261004T021500", "2026-10-03T15:45:00Z"},
		{"twice, east", "Europe/Paris", "20261025T023000", "2026-10-25T00:30:00Z"},
		{"twice, west", "America/New_York", "20261101T013000", "2026-11-01T05:30:00Z"},
		{"just before a change", "Europe/Paris", "20260329T015959", "2026-03-29T00:59:59Z"},
		{"just after a change", "Europe/Paris", "20260329T030000", "2026-03-29T01:00:00Z"},
		{"midnight skipped", "America/Santiago", "20260906", "2026-09-06T04:00:00Z"},
		{"leap second", "Europe/Paris", "20261231T235960Z", "2026-12-31T23:59:59Z"},
		{"year 9999", "Europe/Paris", "99991231T235959", "9999-12-31T22:59:59Z"},
	} {
		s, err := parseStamp(test.text, zone(t, test.zone))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := s.instant().UTC().Format(time.RFC3339); got != test.want {
			t.Errorf("%s: %s in %s is %s, want %s", test.name, test.text, test.zone, got, test.want)
		}
	}
	for _, text := range []string{"", "2026", "2026-03-09", "20260309 080000", "20261309", "20260230T000000", "20260309T080000.5", "20260309T240000", "20260309Z0", "T", "Z"} {
		if s, err := parseStamp(text, time.UTC); err == nil {
			t.Errorf("%q: got %v, want an error", text, s)
		}
	}
}

func TestLengths(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	for _, test := range []struct{ start, duration, want string }{
		{"20260309T080000", "PT10H", "2026-03-09T17:00:00Z"},
		{"20260309T080000", "+P1DT2H3M4S", "2026-03-10T09:03:04Z"},
		{"20260309T080000", "P1W", "2026-03-16T07:00:00Z"},
		{"20260328T120000", "P1D", "2026-03-29T10:00:00Z"},   // a day of 23 hours
		{"20260328T120000", "PT24H", "2026-03-29T11:00:00Z"}, // 24 hours
		{"20260309", "P5D", "2026-03-13T23:00:00Z"},
	} {
		s, err := parseStamp(test.start, paris)
		if err != nil {
			t.Fatal(err)
		}
		l, err := parseLength(test.duration)
		if err != nil {
			t.Errorf("%s: %v", test.duration, err)
			continue
		}
		if got := l.after(s).UTC().Format(time.RFC3339); got != test.want {
			t.Errorf("%s after %s is %s, want %s", test.duration, test.start, got, test.want)
		}
	}
	for _, text := range []string{"", "P", "PT", "10H", "-PT1H", "P1H", "PT1D", "P1.5D", "P99999999999D", "PT99999999999S"} {
		if l, err := parseLength(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, l)
		}
	}
}
