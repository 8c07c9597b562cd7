package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	from = time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC)
	to   = time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC)
)

// vevent returns an event with the given lines.
func vevent(lines ...string) string {
	return "BEGIN:VEVENT\n" + strings.Join(lines, "\n") + "\nEND:VEVENT"
}

// occurrences reads a calendar in the time zone of Paris. It returns the start, length
// and summary of each occurrence, in order.
func occurrences(t *testing.T, events ...string) []string {
	t.Helper()
	found, err := Read([]byte(vcalendar("X-WR-TIMEZONE:Europe/Paris\n"+strings.Join(events, "\n"))), from, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i, e := range found {
		if e.Order != i {
			t.Errorf("occurrence %d has order %d", i, e.Order)
		}
		texts = append(texts, strings.TrimSpace(fmt.Sprint(e.Start.Format("02T1504"), " ", e.End.Sub(e.Start), " ", e.Summary)))
	}
	return texts
}

// dailyEvent is a recurring event with four occurrences.
var dailyEvent = vevent("UID:1", "DTSTART:20260310T080000", "DTEND:20260310T090000", "SUMMARY:s", "RRULE:FREQ=DAILY;COUNT=4")

// occurrenceCases are events, with their occurrences in the window.
var occurrenceCases = []struct {
	name   string
	events []string
	want   []string
}{
	{"single", []string{vevent("DTSTART:20260310T080000", "DTEND:20260310T090000", "SUMMARY:s")}, []string{"10T0800 1h0m0s s"}},
	{"outside", []string{vevent("DTSTART:20260307T080000", "DTEND:20260307T090000"), vevent("DTSTART:20260316T080000")}, nil},
	{"around", []string{vevent("DTSTART:20250101T000000Z", "DTEND:20270101T000000Z")}, []string{"01T0100 17520h0m0s"}},
	{"across the edges", []string{vevent("DTSTART:20260307T230000Z", "DTEND:20260308T010000Z"), vevent("DTSTART:20260315T230000Z", "DURATION:PT2H")},
		[]string{"08T0000 2h0m0s", "16T0000 2h0m0s"}},
	{"end before start", []string{vevent("DTSTART:20260310T080000", "DTEND:20260310T070000")}, []string{"10T0800 0s"}},
	{"no end", []string{vevent("DTSTART:20260310T080000")}, []string{"10T0800 0s"}},
	{"all day", []string{vevent("DTSTART;VALUE=DATE:20260310")}, []string{"10T0000 24h0m0s"}},
	{"all days", []string{vevent("DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260312")}, []string{"10T0000 48h0m0s"}},
	{"a day that its zone skips", []string{"BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:20260309T233700\nTZOFFSETFROM:-0400\nTZOFFSETTO:+2359\nEND:STANDARD\nEND:VTIMEZONE",
		vevent("DTSTART;TZID=x:20260309T160000", "DURATION:P1D")}, []string{"09T2100 0s"}},
	{"other zones", []string{vevent("DTSTART;TZID=America/New_York:20260310T080000", "DTEND;TZID=Asia/Tokyo:20260310T220000")}, []string{"10T1300 1h0m0s"}},
	{"repeated", []string{dailyEvent}, []string{"10T0800 1h0m0s s", "11T0800 1h0m0s s", "12T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"long ago", []string{vevent("DTSTART:19700101T080000", "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=TU")}, []string{"10T0800 0s"}},
	{"two rules", []string{vevent("DTSTART:20260310T080000", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2")},
		[]string{"10T0800 0s", "11T0800 0s", "12T0800 0s"}},
	{"RDATE and RRULE", []string{vevent("DTSTART:20260310T080000", "RDATE:20260312T080000,20260310T080000", "RRULE:FREQ=DAILY;COUNT=2")},
		[]string{"10T0800 0s", "12T0800 0s", "11T0800 0s"}},
	{"RDATE of periods", []string{vevent("DTSTART:20260310T080000", "RDATE;VALUE=PERIOD:20260312T080000/PT5H")},
		[]string{"10T0800 0s", "12T0800 0s"}},
	{"EXDATE", []string{strings.Replace(dailyEvent, "SUMMARY", "EXDATE:20260310T080000\nEXDATE;TZID=Asia/Tokyo:20260312T160000\nSUMMARY", 1)},
		[]string{"11T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"EXDATE of a day", []string{strings.Replace(dailyEvent, "SUMMARY", "EXDATE;VALUE=DATE:20260311,20260312\nSUMMARY", 1)},
		[]string{"10T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"UNTIL a day", []string{vevent("DTSTART:20260310T080000", "RRULE:FREQ=DAILY;UNTIL=20260311")}, []string{"10T0800 0s", "11T0800 0s"}},
	{"changed", []string{dailyEvent, vevent("UID:1", "RECURRENCE-ID:20260311T080000", "DTSTART:20260315T100000", "SUMMARY:moved")},
		[]string{"10T0800 1h0m0s s", "12T0800 1h0m0s s", "13T0800 1h0m0s s", "15T1000 0s moved"}},
	{"changed, moved away", []string{dailyEvent, vevent("UID:1", "RECURRENCE-ID;TZID=Asia/Tokyo:20260311T160000", "DTSTART:20270315T100000")},
		[]string{"10T0800 1h0m0s s", "12T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"changed without series", []string{vevent("UID:1", "RECURRENCE-ID:20260311T080000", "DTSTART:20260312T080000")}, []string{"12T0800 0s"}},
	{"changed before its series", []string{vevent("UID:1", "RECURRENCE-ID:20260310T080000", "DTSTART:20260310T090000"), dailyEvent},
		[]string{"11T0800 1h0m0s s", "12T0800 1h0m0s s", "13T0800 1h0m0s s", "10T0900 0s"}},
	{"this and following", []string{dailyEvent, vevent("UID:1", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260312T080000", "DTSTART:20260312T100000", "DURATION:PT2H", "SUMMARY:late")},
		[]string{"10T0800 1h0m0s s", "11T0800 1h0m0s s", "13T1000 2h0m0s late", "12T1000 2h0m0s late"}},
	{"this and following, moved into the window", []string{
		vevent("UID:1", "DTSTART:20260201T080000", "RRULE:FREQ=MONTHLY;BYMONTHDAY=20", "SUMMARY:s"),
		vevent("UID:1", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260220T080000", "DTSTART:20260210T080000", "SUMMARY:early")},
		[]string{"10T0800 0s early"}},
	{"singles first", []string{dailyEvent, vevent("DTSTART:20260315T080000")},
		[]string{"15T0800 0s", "10T0800 1h0m0s s", "11T0800 1h0m0s s", "12T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"no UID", []string{vevent("DTSTART:20260310T080000", "RRULE:FREQ=DAILY;COUNT=1"), vevent("DTSTART:20260311T080000", "RRULE:FREQ=DAILY;COUNT=1")},
		[]string{"10T0800 0s", "11T0800 0s"}},
	{"properties of an alarm are ignored", []string{vevent("DTSTART:20260310T080000", "BEGIN:VALARM", "DURATION:PT5H", "END:VALARM")}, []string{"10T0800 0s"}},
	{"other components", []string{"BEGIN:VTODO\nDTSTART:20260310T080000\nEND:VTODO"}, nil},
}

func TestOccurrences(t *testing.T) {
	for _, test := range occurrenceCases {
		t.Run(test.name, func(t *testing.T) {
			if got := occurrences(t, test.events...); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestCancelledEventsAreMarked(t *testing.T) {
	found, err := Read([]byte(vcalendar(vevent("DTSTART:20260310T080000Z", "STATUS:cancelled")+"\n"+vevent("DTSTART:20260310T080000Z", "STATUS:CONFIRMED"))), from, to, nil)
	if err != nil || len(found) != 2 || !found[0].Cancelled || found[1].Cancelled {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestMalformedEvents(t *testing.T) {
	const start = "DTSTART:20260310T080000Z"
	for _, test := range []struct{ name, event, want string }{
		{"no start", vevent("SUMMARY:s"), "no DTSTART"},
		{"start", vevent("DTSTART:2026-03-09 08:00"), `line 3: DTSTART: "2026-03-09 08:00" is not a date or time`},
		{"end", vevent(start, "DTEND:x"), `line 4: DTEND: "x" is not a date or time`},
		{"duration", vevent(start, "DURATION:-PT1H"), `line 4: "-PT1H" is not a duration`},
		{"rule", vevent(start, "RRULE:FREQ=FORTNIGHTLY"), `line 4: recurrence rule: "FREQ=FORTNIGHTLY": unknown frequency`},
		{"added", vevent(start, "RDATE:20260310T080000Z,"), `line 4: RDATE: "" is not a date or time`},
		{"excluded", vevent(start, "EXDATE:"), `line 4: EXDATE: "" is not a date or time`},
		{"changed", vevent(start, "RECURRENCE-ID:x"), `line 4: RECURRENCE-ID: "x" is not a date or time`},
		{"zone", vevent("DTSTART;TZID=Campus:20260310T080000"), `line 3: unknown time zone "Campus", and no VTIMEZONE defines it`},
		{"every second", vevent(start, "RRULE:FREQ=SECONDLY"), "more than 100000 occurrences within 192h0m0s"},
		{"every second, counted", vevent("DTSTART:19700101T000000Z", "RRULE:FREQ=SECONDLY;COUNT=1000000000"), errTooMuch.Error()},
	} {
		_, err := Read([]byte(vcalendar(test.event)), from, to, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "event in line 2: ") || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}
