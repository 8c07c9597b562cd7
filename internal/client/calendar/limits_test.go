package calendar

import (
	"fmt"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// fill repeats an event as often as the feed may have it; {n} is its number.
func fill(event string) string {
	var text strings.Builder
	for n := 0; text.Len()+len(event)+100 < maxSize; n++ {
		text.WriteString(strings.ReplaceAll(event, "{n}", fmt.Sprint(n)) + "\n")
	}
	return wrap(text.String())
}

// many is a first text and then another, so often that the feed still fits.
func many(first, again string) string {
	return first + strings.Repeat(again, (maxSize-len(first)-1000)/len(again))
}

// TestHostileCalendars: the largest calendars that the feed may have end in
// little memory, in all, most of it given back on the way, with an answer or an
// error that names the feed. That they end soon is for the test's time limit to
// see.
func TestHostileCalendars(t *testing.T) {
	const from1970 = "DTSTART:19700101T080000Z"
	zone := "BEGIN:VTIMEZONE\nTZID:x{n}\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:STANDARD\nEND:VTIMEZONE"
	for _, test := range []struct {
		name, text string
		want       string // part of the error, empty for none
	}{
		{"tiny events", fill(vevent("DTSTART:20260310T080000Z")), "more than 100000 events"},
		{"100,000 events", wrap(strings.Repeat(vevent("DTSTART:20260310T080000Z")+"\n", maxEvents)), ""},
		{"single events", fill(vevent("DTSTART:20260310T080000Z", "SUMMARY:users=500", "DESCRIPTION:none")), ""},
		{"daily since 1970", fill(vevent(from1970, "SUMMARY:users=500", "RRULE:FREQ=DAILY")), "more than 100000 occurrences"},
		{"yearly", fill(vevent(from1970, "SUMMARY:users=500", "RRULE:FREQ=YEARLY")), errTooMuch.Error()},
		{"a day that never comes", fill(vevent(from1970, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")), ""},
		{"every second", wrap(vevent("DTSTART:20260310T080000Z", "RRULE:FREQ=SECONDLY")), "more than 100000 occurrences"},
		{"every second for a long time", fill(vevent("DTSTART:19700101T000000Z", "DTEND:20250101T000000Z", "RRULE:FREQ=SECONDLY")), errTooMuch.Error()},
		{"from the year 1 to the year 9999", fill(vevent("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z", "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z")), errTooMuch.Error()},
		{"changes of one series", fill(vevent("UID:1", "DTSTART:20260310T080000Z", "RRULE:FREQ=DAILY") + "\n" +
			vevent("UID:1", "DTSTART:20260310T080000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T080000Z")), errTooMuch.Error()},
		{"dates", wrap(vevent("DTSTART:20260310T080000Z", many("RDATE:20260310", ",20260310"))), errTooMuch.Error()},
		{"dates in many events", fill(vevent("DTSTART:20260310T080000Z", "EXDATE:20260310"+strings.Repeat(",20260310", 1000))), errTooMuch.Error()},
		{"dates of a zone", wrap(strings.Replace(zone, "END:STANDARD", many("RDATE:20260310", ",20260310")+"\nEND:STANDARD", 1) + "\n" + vevent("DTSTART;TZID=x{n}:20260310")), errTooMuch.Error()},
		{"zones", fill(zone), ""},
		{"a zone for each event", fill(zone + "\n" + vevent("DTSTART;TZID=x{n}:20260310T080000")), errTooMuch.Error()},
		{"a name of a zone for each event", fill(vevent("DTSTART;TZID=/{n}/Europe/Paris:20260310T080000", "SUMMARY:users=500")), errTooMuch.Error()},
		{"a zone for each calendar", many("", wrap(vevent("DTSTART;TZID=Europe/Paris:20260310T080000"))), errTooMuch.Error()},
		{"components in one another", fill("BEGIN:VEVENT"), "more than 8 components in one another"},
		{"a name of a megabyte", wrap(strings.Repeat("x", 1<<20) + ";A:b"), "has a parameter without a value"},
		{"a component of a megabyte", wrap("BEGIN:" + strings.Repeat("x", 1<<20)), "END does not fit BEGIN:"},
		{"a name that clears the screen", wrap("\x1b[2J;A:b"), `"\x1b[2J" has a parameter without a value`},
		{"other lines", fill("A:"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _ := client(t, text(test.text))
			var err error
			hostile.Within(t, 400<<20, func() { _, _, err = c.Events(t.Context(), from, to, nil) })
			checkEnd(t, err, test.want)
		})
	}
}

// checkEnd looks for the part of an error that names the feed; none wants none.
func checkEnd(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil && want == "" {
		return
	}
	if err == nil || want == "" || !strings.HasPrefix(err.Error(), "calendar of 127.0.0.1") || !strings.Contains(err.Error(), want) {
		t.Fatalf("error = %.300v, want one of the feed with %q", err, want)
	}
	hostile.CheckText(t, err.Error())
}

// TestBombs: what is small until it is unpacked is not read beyond the limit.
func TestBombs(t *testing.T) {
	for name, again := range map[string]string{"events": vevent("DTSTART:20260310T080000Z") + "\n", "one line": "x"} {
		t.Run(name, func(t *testing.T) {
			c, _ := client(t, hostile.Bomb(t, "text/calendar", "BEGIN:VCALENDAR\n", again, 4*maxSize))
			var err error
			hostile.Within(t, 100<<20, func() { _, _, err = c.Events(t.Context(), from, to, nil) })
			checkEnd(t, err, "larger than 8 MB")
		})
	}
}
