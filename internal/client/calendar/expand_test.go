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
	for i, e := range found.Events {
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
	{"RDATE of periods", []string{vevent("DTSTART:20260310T080000", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20260312T080000/PT5H,20260313T080000/20260313T200000Z,20260314T080000")},
		[]string{"10T0800 1h0m0s", "12T0800 5h0m0s", "13T0800 13h0m0s", "14T0800 1h0m0s"}},
	{"EXRULE", []string{strings.Replace(dailyEvent, "SUMMARY", "EXRULE:FREQ=DAILY;INTERVAL=2\nSUMMARY", 1)},
		[]string{"11T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"EXRULE that the start does not match", []string{strings.Replace(dailyEvent, "SUMMARY", "EXRULE:FREQ=WEEKLY;BYDAY=WE,TH;COUNT=1\nSUMMARY", 1)},
		[]string{"10T0800 1h0m0s s", "12T0800 1h0m0s s", "13T0800 1h0m0s s"}},
	{"EXRULE with a rule that cannot be read does not matter without users=", []string{strings.Replace(dailyEvent, "SUMMARY", "EXRULE:FREQ=x\nSUMMARY", 1)}, nil},
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
	if err != nil || len(found.Events) != 2 || !found.Events[0].Cancelled || found.Events[1].Cancelled {
		t.Errorf("got %+v, %v", found, err)
	}
}

// allDaySeries has an occurrence on each day from 9 to 12 March.
func allDaySeries(lines ...string) string {
	return vevent(append([]string{"UID:1", "DTSTART;VALUE=DATE:20260309", "RRULE:FREQ=DAILY;COUNT=4"}, lines...)...)
}

// TestDays: of an all-day series only the dates of EXDATE and RECURRENCE-ID count, and an
// all-day event lasts a day at least.
func TestDays(t *testing.T) {
	for name, test := range map[string]struct {
		events []string
		want   []string
	}{
		"excluded at midnight in UTC":    {[]string{allDaySeries("EXDATE:20260310T000000Z")}, []string{"09T0000 24h0m0s", "11T0000 24h0m0s", "12T0000 24h0m0s"}},
		"excluded at a time in a zone":   {[]string{allDaySeries("EXDATE;TZID=Asia/Tokyo:20260310T000000,20260312T120000")}, []string{"09T0000 24h0m0s", "11T0000 24h0m0s"}},
		"excluded in an unknown zone":    {[]string{allDaySeries("EXDATE;TZID=Campus;VALUE=DATE:20260310,20260311,20260312")}, []string{"09T0000 24h0m0s"}},
		"a date with a time":             {[]string{vevent("DTSTART;VALUE=DATE:20260310T000000", "DTEND;VALUE=DATE:20260311T000000")}, []string{"10T0000 24h0m0s"}},
		"moved, its date in UTC":         {[]string{allDaySeries(), vevent("UID:1", "RECURRENCE-ID:20260310T000000Z", "DTSTART;VALUE=DATE:20260315", "SUMMARY:moved")}, []string{"09T0000 24h0m0s", "11T0000 24h0m0s", "12T0000 24h0m0s", "15T0000 24h0m0s moved"}},
		"moved to a time":                {[]string{allDaySeries(), vevent("UID:1", "RECURRENCE-ID:20260310T000000Z", "DTSTART:20260310T080000")}, []string{"09T0000 24h0m0s", "11T0000 24h0m0s", "12T0000 24h0m0s", "10T0800 0s"}},
		"this and following, a day on":   {[]string{allDaySeries(), vevent("UID:1", "RECURRENCE-ID;RANGE=thisandfuture:20260311T000000Z", "DTSTART;VALUE=DATE:20260312", "SUMMARY:s")}, []string{"09T0000 24h0m0s", "10T0000 24h0m0s", "13T0000 24h0m0s s", "12T0000 24h0m0s s"}},
		"ends when it begins":            {[]string{vevent("DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260310")}, []string{"10T0000 24h0m0s"}},
		"ends before it begins":          {[]string{vevent("DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260309")}, []string{"10T0000 24h0m0s"}},
		"a duration of 0":                {[]string{vevent("DTSTART;VALUE=DATE:20260310", "DURATION:PT0S")}, []string{"10T0000 24h0m0s"}},
		"a day of a timed series":        {[]string{vevent("DTSTART:20260310T080000", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20260311")}, []string{"10T0800 0s"}},
		"another time of a timed series": {[]string{vevent("DTSTART:20260310T080000", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260311T000000Z")}, []string{"10T0800 0s", "11T0800 0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := occurrences(t, test.events...); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestUntilOfDays: the day of UNTIL belongs to an all-day series in every zone.
func TestUntilOfDays(t *testing.T) {
	for _, test := range []struct {
		zone, until string
		days        int
	}{
		{"America/Martinique", "20260310T000000Z", 2},
		{"America/Martinique", "20260310T040000Z", 2},
		{"America/Martinique", "20260311T035959Z", 2},
		{"Europe/Paris", "20260309T230000Z", 2},
		{"Europe/Paris", "20260310T000000Z", 2},
		{"Europe/Paris", "20260310T225959Z", 2},
		{"Pacific/Auckland", "20260310", 2},
	} {
		series := vevent("DTSTART;VALUE=DATE:20260309", "RRULE:FREQ=DAILY;UNTIL="+test.until)
		read, err := Read([]byte(vcalendar(series)), from, to, zone(t, test.zone))
		if err != nil || len(read.Events) != test.days {
			t.Errorf("until %s in %s: %d days, %v; want %d", test.until, test.zone, len(read.Events), err, test.days)
		}
	}
}

// TestEmptyValues: a property without a value counts as absent.
func TestEmptyValues(t *testing.T) {
	got := occurrences(t, vevent("UID:", "DTSTART:20260310T080000", "DTEND: ", "DURATION:PT1H", "RRULE:", "RDATE:20260311T080000,", "EXDATE;TZID=:", "STATUS:", "SUMMARY:s"))
	if want := []string{"10T0800 1h0m0s s", "11T0800 1h0m0s s"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestVersions: of two events with the same UID and RECURRENCE-ID, the higher SEQUENCE
// counts, then the later DTSTAMP, LAST-MODIFIED and line. Events with the same SEQUENCE that
// begin at different times are no versions of one.
func TestVersions(t *testing.T) {
	version := func(summary string, lines ...string) string {
		return vevent(append([]string{"UID:exam", "DTSTART:20260310T080000", "SUMMARY:" + summary}, lines...)...)
	}
	for name, test := range map[string]struct {
		events  []string
		want    []string
		warning string
	}{
		"higher sequence first":      {[]string{version("users=2", "SEQUENCE:10"), version("users=1", "SEQUENCE:9", "DTSTAMP:20260301T000000Z")}, []string{"users=2"}, ""},
		"higher sequence last":       {[]string{version("users=1"), version("users=2", "SEQUENCE:1")}, []string{"users=2"}, ""},
		"later stamp":                {[]string{version("users=2", "DTSTAMP:20260302T000000Z"), version("users=1", "DTSTAMP:20260301T000000Z")}, []string{"users=2"}, "line 9: event \"users=1\" (UID \"exam\") is left out: the event in line 3 has the same UID"},
		"later change":               {[]string{version("users=2", "LAST-MODIFIED:20260302T000000Z"), version("users=1", "LAST-MODIFIED:20260301T000000Z")}, []string{"users=2"}, "the event in line 3"},
		"later line":                 {[]string{version("users=1"), version("users=2")}, []string{"users=2"}, `line 3: event "users=1" (UID "exam") is left out: the event in line 8 has the same UID`},
		"twice the same":             {[]string{version("users=2"), version("users=2")}, []string{"users=2"}, ""},
		"sequence that is none":      {[]string{version("users=2", "SEQUENCE:1"), version("users=1", "SEQUENCE:x")}, []string{"users=2"}, ""},
		"two changes of an instant":  {[]string{version("users=9", "RRULE:FREQ=DAILY;COUNT=2"), version("users=2", "RECURRENCE-ID:20260311T080000", "SEQUENCE:2"), version("users=1", "RECURRENCE-ID;TZID=Asia/Tokyo:20260311T160000", "SEQUENCE:1")}, []string{"users=9", "users=2"}, ""},
		"a newer one is unreadable":  {[]string{version("users=1"), version("users=2", "SEQUENCE:1", "DTEND:x")}, nil, `event "users=2" (UID "exam") is left out`},
		"a change that is no change": {[]string{version("users=2"), version("users=1", "RECURRENCE-ID:x", "SEQUENCE:1")}, []string{"users=2"}, `event "users=1" (UID "exam") is left out`},
		"other dates, same UID":      {[]string{version("users=1", "DTSTAMP:20260302T000000Z"), strings.Replace(version("users=2", "DTSTAMP:20260301T000000Z"), "10T", "11T", 1)}, []string{"users=1", "users=2"}, ""},
		"moved":                      {[]string{strings.Replace(version("users=2", "SEQUENCE:1"), "10T", "11T", 1), version("users=1")}, []string{"users=2"}, ""},
		"a change that was moved":    {[]string{version("users=9", "RRULE:FREQ=DAILY;COUNT=2"), version("users=1", "RECURRENCE-ID:20260311T080000"), strings.Replace(version("users=2", "RECURRENCE-ID:20260311T080000"), "10T", "12T", 1)}, []string{"users=9", "users=2"}, "the event in line 15 has the same UID"},
		"a negative sequence":        {[]string{version("users=2", "SEQUENCE:-1")}, []string{"users=2"}, ""},
		"different UIDs":             {[]string{version("users=1"), strings.Replace(version("users=2"), "UID:exam", "UID:Exam", 1)}, []string{"users=1", "users=2"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := Read([]byte(vcalendar("X-WR-TIMEZONE:Europe/Paris\n"+strings.Join(test.events, "\n"))), from, to, nil)
			var got []string
			for _, e := range read.Events {
				got = append(got, e.Summary)
			}
			if warnings := strings.Join(read.Warnings, "\n"); err != nil || !slices.Equal(got, test.want) || !strings.Contains(warnings, test.warning) || (warnings == "") != (test.warning == "") {
				t.Errorf("got %q, %v, warnings %q; want %q and %q", got, err, warnings, test.want, test.warning)
			}
		})
	}
}

// unreadCases are lines of an event that cannot be read, with what is missing and when the
// event may take place.
var unreadCases = []struct {
	name    string
	lines   []string
	problem string
	spans   []string
}{
	{"no start", []string{"DURATION:PT1H"}, "no DTSTART", []string{"unknown"}},
	{"no day in the start", []string{"DTSTART:tomorrow"}, `line 6: DTSTART: "tomorrow" is not a date or time`, []string{"unknown"}},
	{"no start, an end", []string{"DTEND:20260310T180000"}, "no DTSTART", []string{"10T0000 18h0m0s"}},
	{"a start of another form", []string{"DTSTART:2026-03-10 08:00", "DTEND:20260310T180000"}, `line 6: DTSTART: "2026-03-10 08:00" is not a date or time`, []string{"10T0000 18h0m0s"}},
	{"a broken line of the start", []string{"DTSTART;TZID:20260310T080000"}, `line 6: "DTSTART;TZID:20260310T080000" has a parameter without a value`, []string{"unknown"}},
	{"a broken line with users=", []string{"DTSTART:20260310T080000", "DURATION:PT1H", "SUMMARY:Exam", "users=50%"}, `line 9: "users=50%" is not a line of the form NAME:value`, []string{"10T0800 1h0m0s"}},
	{"a broken summary", []string{"DTSTART:20260310T080000", "DURATION:PT1H", "SUMMARY users 500"}, `line 8: "SUMMARY users 500" is not a line of the form NAME:value`, []string{"10T0800 1h0m0s"}},
	{"end", []string{"DTSTART:20260310T080000", "DTEND:x"}, `line 7: DTEND: "x" is not a date or time`, []string{"10T0800 24h0m0s"}},
	{"duration", []string{"DTSTART:20260310T080000", "DURATION:-PT1H"}, `line 7: "-PT1H" is not a duration`, []string{"10T0800 24h0m0s"}},
	{"rule", []string{"DTSTART:20260312T080000", "DURATION:PT1H", "RRULE:FREQ=FORTNIGHTLY;UNTIL=20260313"}, `line 8: recurrence rule: "FREQ=FORTNIGHTLY": unknown frequency`, []string{"12T0800 1h0m0s", "13T0800 1h0m0s"}},
	{"a rule without a limit", []string{"DTSTART:20260314T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT="}, `line 8: recurrence rule: "COUNT=": not a number`, []string{"14T0800 1h0m0s", "15T0800 1h0m0s"}},
	{"added", []string{"DTSTART:20260314T080000", "DURATION:PT1H", "RDATE:x"}, `line 8: RDATE: "x" is not a date or time`, []string{"14T0800 1h0m0s", "15T0800 1h0m0s"}},
	{"period", []string{"DTSTART:20260315T080000", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20260311T080000/x"}, `line 8: RDATE: "x" is not a duration`, []string{"15T0800 1h0m0s"}},
	{"excluded", []string{"DTSTART:20260310T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260311T080000,x"}, `line 9: EXDATE: "x" is not a date or time`, []string{"10T0800 1h0m0s", "12T0800 1h0m0s"}},
	{"excluded by a rule", []string{"DTSTART:20260310T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXRULE:FREQ=x"}, `line 9: recurrence rule: "FREQ=X": unknown frequency`, []string{"10T0800 1h0m0s", "11T0800 1h0m0s"}},
	{"changed", []string{"DTSTART:20260310T080000", "RECURRENCE-ID:x"}, `line 7: RECURRENCE-ID: "x" is not a date or time`, []string{"10T0800 24h0m0s"}},
	{"zone", []string{"DTSTART;TZID=Campus:20260310T080000", "DTEND;TZID=Campus:20260310T090000"}, `line 6: DTSTART: unknown time zone "Campus", and no VTIMEZONE defines it`, []string{"10T0800 1h0m0s"}},
	{"every second", []string{"DTSTART:20260315T080000", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"}, errEventTooMuch.Error(), []string{"15T0800 1h0m0s"}},
	{"every second, counted", []string{"DTSTART:19700101T080000", "DURATION:PT1H", "RRULE:FREQ=SECONDLY;COUNT=1000000000", "EXDATE:20260310,20260311,20260312,20260313,20260314,20260315"}, errEventTooMuch.Error(), []string{"08T0800 1h0m0s", "09T0800 1h0m0s"}},
	{"every second, and another problem", []string{"DTSTART:20260315T080000", "DURATION:PT1H", "RRULE:FREQ=SECONDLY", "EXDATE:x"}, `line 9: EXDATE: "x"`, []string{"15T0800 1h0m0s"}},
	{"after the window", []string{"DTSTART:20260401T080000", "DTEND:x"}, `line 7: DTEND: "x"`, nil},
}

// TestUnreadEvents: an event with users= that cannot be read is left out. It is named with
// its line, and with when it may take place. The other events are read.
func TestUnreadEvents(t *testing.T) {
	const other = "BEGIN:VEVENT\nDTSTART:20260309T080000\nEND:VEVENT\n"
	for _, test := range unreadCases {
		t.Run(test.name, func(t *testing.T) {
			lines := append(slices.Clone(test.lines), "UID:exam\x1b")
			if !strings.Contains(strings.Join(test.lines, "\n"), "SUMMARY") {
				lines = append(lines, "SUMMARY:users=50%")
			}
			read, err := Read([]byte(strings.ReplaceAll(vcalendar(other+vevent(lines...)), "\r\n", "\n")), from, to, zone(t, "Europe/Paris"))
			if err != nil || len(read.Events) != 1 {
				t.Fatalf("%d events and the error %v, want the other event", len(read.Events), err)
			}
			var spans []string
			for _, e := range read.Unread {
				span := "unknown"
				if !e.Start.IsZero() {
					span = e.Start.Format("02T1504 ") + e.End.Sub(e.Start).String()
				}
				spans = append(spans, span)
				if !strings.Contains(e.Reason, `(UID "exam\x1b") in line 5: `+strings.TrimSuffix(test.problem, "\n")) {
					t.Errorf("reason %q, want %q", e.Reason, test.problem)
				}
			}
			if !slices.Equal(spans, test.spans) {
				t.Errorf("it may take place at %q, want %q", spans, test.spans)
			}
			last := read.Warnings[len(read.Warnings)-1]
			if all := strings.Join(read.Warnings, "\n"); !strings.Contains(all, "line 5: event ") || !strings.Contains(all, " is left out: "+test.problem) {
				t.Errorf("warnings %q, want the event, its line and %q", last, test.problem)
			}
		})
	}
}

// TestEventsThatDoNotMatter: an event without users= that cannot be read is left out
// without a word, and so is one that is over.
func TestEventsThatDoNotMatter(t *testing.T) {
	for _, test := range unreadCases {
		if test.name == "a broken line with users=" {
			continue // without it the event can be read
		}
		lines := strings.NewReplacer("SUMMARY users", "SUMMARY groups", "users=", "groups=").Replace(strings.Join(test.lines, "\n"))
		read, err := Read([]byte(vcalendar(dailyEvent+"\n"+vevent("UID:2", lines))), from, to, zone(t, "Europe/Paris"))
		if err != nil || len(read.Events) != 4 || len(read.Unread) > 0 || strings.Contains(strings.Join(read.Warnings, "\n"), "left out") {
			t.Errorf("%s: %d events, %v, %q, %v, want the 4 others", test.name, len(read.Events), read.Unread, read.Warnings, err)
		}
	}
	read, err := Read([]byte(vcalendar(vevent("DTSTART:20250310T080000", "DTEND:x", "SUMMARY:users=5"))), from, to, nil)
	if err != nil || len(read.Unread)+len(read.Warnings) > 0 {
		t.Errorf("an event of last year: %+v, %v, want nothing", read, err)
	}
}
