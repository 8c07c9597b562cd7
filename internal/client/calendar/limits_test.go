package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/lab/long"
)

// fillFeed repeats an event until the feed has nearly maxSize bytes. It replaces {n} by
// the event's number.
func fillFeed(event string) string {
	var text strings.Builder
	for n := 0; text.Len()+len(event)+100 < maxSize; n++ {
		text.WriteString(strings.ReplaceAll(event, "{n}", fmt.Sprint(n)) + "\n")
	}
	return vcalendar(text.String())
}

// manyChanges returns a series, each of whose minutes changes all that follows.
func manyChanges() string {
	var text strings.Builder
	text.WriteString(vevent("UID:1", "DTSTART:20260310T080000Z", "RRULE:FREQ=DAILY") + "\n")
	for at := from; text.Len() < maxSize-200; at = at.Add(time.Minute) {
		text.WriteString(vevent("UID:1", "DTSTART:20260310T080000Z", at.Format("RECURRENCE-ID;RANGE=THISANDFUTURE:20060102T150405Z")) + "\n")
	}
	return vcalendar(text.String())
}

// many returns first, followed by as many copies of again as fit into the feed.
func many(first, again string) string {
	return first + strings.Repeat(again, (maxSize-len(first)-1000)/len(again))
}

// The largest possible calendars are read within 400 MB of allocations, successfully or
// with an error that names the feed. They end within the test's time limit. A short run
// tries every third of them.
func TestHostileCalendars(t *testing.T) {
	zone := "BEGIN:VTIMEZONE\nTZID:x{n}\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:STANDARD\nEND:VTIMEZONE"
	for i, test := range []hostileCalendar{
		{"tiny events", fillFeed(vevent("DTSTART:20260310T080000Z")), "more than 100000 events"},
		{"100,000 events", vcalendar(strings.Repeat(vevent("DTSTART:20260310T080000Z")+"\n", maxEvents)), ""},
		{"single events", fillFeed(vevent("DTSTART:20260310T080000Z", "SUMMARY:users=500", "DESCRIPTION:none")), ""},
		{"many changes of one series", manyChanges(), ""},
		{"many series with many dates", fillFeed(vevent("UID:{n}", "SUMMARY:users=500", "DTSTART:20260310T080000Z", "RRULE:FREQ=DAILY", "RDATE:20260310"+strings.Repeat(",20260310", 9000))), errTooMuch.Error()},
		{"the same without users=", fillFeed(vevent("UID:{n}", "DTSTART:20260310T080000Z", "RRULE:FREQ=DAILY", "RDATE:20260310"+strings.Repeat(",20260310", 9000))), ""},
		{"dates", vcalendar(vevent("DTSTART:20260310T080000Z", "SUMMARY:users=500", many("RDATE:20260310", ",20260310"))), ""},
		{"broken lines", vcalendar(many("x", "\nx")), ""},
		{"events that cannot be read", fillFeed(vevent("UID:{n}", "DTSTART:20260310T080000Z", "SUMMARY:users=500", "RRULE:FREQ=x")), "more than 100000 occurrences"},
		{"zones that cannot be read", fillFeed("BEGIN:VTIMEZONE\nTZID:x{n}\nEND:VTIMEZONE"), ""},
		{"dates in many events", fillFeed(vevent("DTSTART:20260310T080000Z", "SUMMARY:users=500", "EXDATE:20260310"+strings.Repeat(",20260310", 1000))), errTooMuch.Error()},
		{"dates of a zone", vcalendar(strings.Replace(zone, "END:STANDARD", many("RDATE:20260310", ",20260310")+"\nEND:STANDARD", 1) + "\n" + vevent("DTSTART;TZID=x{n}:20260310", "SUMMARY:users=500")), ""},
		{"zones", fillFeed(zone), ""},
		{"a zone for each event", fillFeed(zone + "\n" + vevent("DTSTART;TZID=x{n}:20260310T080000", "SUMMARY:users=500")), errTooMuch.Error()},
		{"a zone for each event without users=", fillFeed(zone + "\n" + vevent("DTSTART;TZID=x{n}:20260310T080000")), ""},
		{"a zone name for each event", fillFeed(vevent("DTSTART;TZID=/{n}/Europe/Paris:20260310T080000", "SUMMARY:users=500")), errTooMuch.Error()},
		{"a zone for each calendar", many("", vcalendar(vevent("DTSTART;TZID=Europe/Paris:20260310T080000", "SUMMARY:users=500"))), errTooMuch.Error()},
		{"nested components", fillFeed("BEGIN:VEVENT"), "components nested deeper than 8"},
		{"a name of a megabyte", vcalendar(strings.Repeat("x", 1<<20) + " A:b"), ""},
		{"a component of a megabyte", vcalendar("BEGIN:VEVENT\nEND:" + strings.Repeat("x", 1<<20)), "END does not fit BEGIN:"},
		{"a component that clears the screen", vcalendar("BEGIN:VEVENT\nBEGIN:VEVENT\nEND:\x1b[2J"), "END does not fit BEGIN"},
		{"other lines", fillFeed("A:"), ""},
	} {
		if i%long.Pick(3, 1) == 0 {
			t.Run(test.name, test.check)
		}
	}
}

// Recurrence rules that take seconds, even with the budget, end as TestHostileCalendars
// describes.
func TestHostileRules(t *testing.T) {
	long.Only(t)
	const from1970 = "DTSTART:19700101T080000Z"
	for _, test := range []hostileCalendar{
		{"daily since 1970", fillFeed(vevent(from1970, "SUMMARY:users=500", "RRULE:FREQ=DAILY")), "more than 100000 occurrences"},
		{"yearly", fillFeed(vevent(from1970, "SUMMARY:users=500", "RRULE:FREQ=YEARLY")), errTooMuch.Error()},
		{"a day that never comes", fillFeed(vevent(from1970, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")), ""},
		{"every second", fillFeed(vevent("DTSTART:20260310T080000Z", "SUMMARY:users=500", "RRULE:FREQ=SECONDLY")), errTooMuch.Error()},
		{"every second for a long time", fillFeed(vevent("DTSTART:19700101T000000Z", "DTEND:20250101T000000Z", "SUMMARY:users=500", "RRULE:FREQ=SECONDLY")), "more than 100000 occurrences"},
		{"every second without users=", fillFeed(vevent("DTSTART:20260310T080000Z", "DESCRIPTION:none", "RRULE:FREQ=SECONDLY")), ""},
		{"from the year 1 to the year 9999", fillFeed(vevent("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z", "SUMMARY:users=500", "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z")), errTooMuch.Error()},
		{"the same without users=", fillFeed(vevent("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z", "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z")), ""},
	} {
		t.Run(test.name, test.check)
	}
}

// hostileCalendar is a calendar and the expected part of the error, empty for none.
type hostileCalendar struct{ name, text, want string }

func (h hostileCalendar) check(t *testing.T) {
	c, _ := client(t, text(h.text))
	var err error
	hostile.Within(t, 400<<20, func() { _, _, err = c.Events(t.Context(), from, to, nil) })
	checkError(t, err, h.want)
}

// checkError checks that err names the feed and contains want. An empty want means that
// there must be no error.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil && want == "" {
		return
	}
	if err == nil || want == "" || !strings.HasPrefix(err.Error(), "read calendar of 127.0.0.1") || !strings.Contains(err.Error(), want) {
		t.Fatalf("error = %.300v, want the feed and %q", err, want)
	}
	hostile.CheckText(t, err.Error())
}

// A feed that is small until it is decompressed is not read beyond maxSize.
func TestDecompressionBombs(t *testing.T) {
	for name, again := range map[string]string{"events": vevent("DTSTART:20260310T080000Z") + "\n", "one line": "x"} {
		t.Run(name, func(t *testing.T) {
			c, _ := client(t, hostile.Bomb(t, "text/calendar", "BEGIN:VCALENDAR\n", again, 4*maxSize))
			var err error
			hostile.Within(t, 100<<20, func() { _, _, err = c.Events(t.Context(), from, to, nil) })
			checkError(t, err, "larger than 8 MB")
		})
	}
}

// Events without users= do not keep one with users= from being read, however much work they
// would be.
func TestBudgetForEventsThatMatter(t *testing.T) {
	exam := vevent("UID:exam", "DTSTART:20260310T080000Z", "SUMMARY:users=500", "RRULE:FREQ=DAILY;COUNT=2")
	for name, other := range map[string]string{
		"rules":       vevent("UID:{n}", "DTSTART:19700101T080000Z", "RRULE:FREQ=SECONDLY;COUNT=2000000000"),
		"dates":       vevent("UID:{n}", "DTSTART:20260310T080000Z", "RDATE:20260310"+strings.Repeat(",20260310", 5000)),
		"zones":       vevent("UID:{n}", "DTSTART;TZID=/{n}/Europe/Paris:20260310T080000Z"),
		"occurrences": vevent("UID:{n}", "DTSTART:20260310T080000Z", "RRULE:FREQ=SECONDLY;COUNT=1000"),
	} {
		var others strings.Builder
		for n := range 400 {
			others.WriteString(strings.ReplaceAll(other, "{n}", fmt.Sprint(n)) + "\n")
		}
		read, err := Read([]byte(vcalendar(others.String()+exam)), from, to, nil)
		found := 0
		for _, e := range read.Events {
			if e.Summary == "users=500" {
				found++
			}
		}
		if err != nil || found != 2 {
			t.Errorf("%s: %d occurrences, %v; want 2", name, found, err)
		}
	}
}
