package calendar

import (
	"slices"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// FuzzRead checks that Read returns occurrences that overlap the window, in order, and
// the same at a second call, or an error that is fit to be shown.
func FuzzRead(f *testing.F) {
	for _, text := range append(hostile.Seeds(f, "divims/ics/*.ics"),
		vcalendar(vevent("UID:1", "DTSTART;TZID=Europe/Paris:20260310T080000", "DTEND:20260310T090000Z", `SUMMARY:users=5\n`, "RRULE:FREQ=MONTHLY;BYDAY=-1MO,2TU;BYSETPOS=1", "EXDATE:20260310")),
		vcalendar(customZones+"\n"+vevent("DTSTART;TZID=Paris of old:20260310T080000", "DURATION:P1W", "RDATE;VALUE=PERIOD:20260312T080000/PT5H")),
		vcalendar(vevent("UID:1", "DTSTART:20260310", "RRULE:FREQ=YEARLY;BYWEEKNO=-1;UNTIL=99991231")+"\n"+
			vevent("UID:1", "DTSTART:20260311", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310")),
		vcalendar(vevent("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z", "RRULE:FREQ=SECONDLY;COUNT=2147483647"))) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, err := Read([]byte(text), from, to, time.UTC)
		if err != nil {
			if len(found.Events)+len(found.Unread) > 0 {
				t.Errorf("%d occurrences came with the error %v", len(found.Events), err)
			}
			hostile.CheckText(t, err.Error())
			return
		}
		for i, e := range found.Events {
			if e.End.Before(from) || e.Start.After(to) || e.End.Before(e.Start) || e.Order != i {
				t.Errorf("occurrence %d is outside the window or not in order: %+v", i, e)
			}
		}
		for _, e := range found.Unread {
			if e.End.Before(e.Start) || !e.Start.IsZero() && (e.End.Before(from) || e.Start.After(to)) {
				t.Errorf("an event that is not read is outside the window: %+v", e)
			}
			hostile.CheckText(t, e.Reason)
		}
		for _, warning := range found.Warnings {
			hostile.CheckText(t, warning)
		}
		if again, err := Read([]byte(text), from, to, time.UTC); err != nil || !slices.EqualFunc(found.Events, again.Events, same) {
			t.Errorf("the first call returned %d occurrences, the second %d, %v", len(found.Events), len(again.Events), err)
		}
	})
}

func same(a, b pool.Event) bool {
	return a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.Summary == b.Summary && a.Cancelled == b.Cancelled && a.Order == b.Order
}
