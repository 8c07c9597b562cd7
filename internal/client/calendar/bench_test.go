package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
)

var since1970 = time.Date(1970, 1, 1, 8, 0, 0, 0, time.UTC)

// BenchmarkDailyRule expands a daily rule since 1970 in a window of eight days.
func BenchmarkDailyRule(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		r, err := parseRule("FREQ=DAILY", stamp{clock: since1970, zone: time.UTC})
		if err != nil {
			b.Fatal(err)
		}
		if found, err := r.between(since1970, from, to, newBudget()); err != nil || len(found) != 8 {
			b.Fatal(found, err)
		}
	}
}

// BenchmarkDailyRuleWithLibrary expands the same rule with rrule-go, to compare with.
func BenchmarkDailyRuleWithLibrary(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		r, err := rrule.NewRRule(rrule.ROption{Freq: rrule.DAILY, Dtstart: since1970})
		if err != nil {
			b.Fatal(err)
		}
		if found := r.Between(from, to, true); len(found) != 8 {
			b.Fatal(found)
		}
	}
}

// BenchmarkLargeCalendar reads a feed of 20,000 events, such as a timetable has.
func BenchmarkLargeCalendar(b *testing.B) {
	event := vevent("UID:{n}@example.org", "DTSTAMP:20260101T000000Z", "DTSTART;TZID=Europe/Paris:20260310T080000", "DTEND;TZID=Europe/Paris:20260310T100000",
		"SUMMARY:users=500", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=14", "ATTENDEE;CN=Room 2;PARTSTAT=ACCEPTED:mailto:room2@example.org", "DESCRIPTION:a lecture") + "\n"
	var text strings.Builder
	for n := range 20_000 {
		text.WriteString(strings.ReplaceAll(event, "{n}", fmt.Sprint(n)))
	}
	feed := []byte(vcalendar(text.String()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(feed, from, to, time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}
