package calendar

import (
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
		if found, err := r.between(since1970, from, to, &budget{maxSteps}); err != nil || len(found) != 8 {
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
