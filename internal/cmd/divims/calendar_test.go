package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"divims/internal/config"
	"divims/internal/lab/hostile"
)

const courses = `BEGIN:VCALENDAR
BEGIN:VEVENT
UID:exam
DTSTART;TZID=Europe/Paris:20260311T080000
DTEND;TZID=Europe/Paris:20260311T100000
SUMMARY:Exam\nusers=12.5%
END:VEVENT
BEGIN:VEVENT
UID:lecture
DTSTART:20260310T080000
DTEND:20260310T100000
SUMMARY:users=500
RRULE:FREQ=DAILY;COUNT=2
END:VEVENT
BEGIN:VEVENT
UID:broken
DTSTART:20260312T080000
DTEND:noon
SUMMARY:users=9
END:VEVENT
BEGIN:VEVENT
UID:odd
DTSTART:20260313T080000
DURATION:PT1H
SUMMARY:users=many
RRULE:FREQ=DAILY;COUNT=2
END:VEVENT
BEGIN:VEVENT
UID:moment
DTSTART:20260314T080000
SUMMARY:users=7
END:VEVENT
BEGIN:VEVENT
UID:off
DTSTART:20260314T080000
DURATION:PT1H
STATUS:CANCELLED
SUMMARY:users=8
END:VEVENT
BEGIN:VEVENT
UID:holiday
DTSTART;VALUE=DATE:20260315
SUMMARY:Holiday
END:VEVENT
BEGIN:VEVENT
UID:inline
DTSTART;VALUE=DATE:20260317
SUMMARY:Exam Users=50
END:VEVENT
END:VCALENDAR
`

// calendarFile writes a calendar and returns the file's name.
func calendarFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "courses.ics")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCalendarFile: a file is read without a pool, with all times in UTC and a warning with
// its line for everything that does not count as it is written.
func TestCalendarFile(t *testing.T) {
	file := calendarFile(t, courses)
	broken := `line 15: event "users=9" (UID "broken") is left out: line 18: DTEND: "noon" is not a date or time`
	odd := `line 21: event "users=many": users="many" is neither a number nor a percentage`
	for name, test := range map[string]struct {
		arguments        []string
		events, warnings []string
	}{
		"mode window": {[]string{"--mode", "window", "--from", "2026-03-10", "--to", "2026-03-16"},
			[]string{"10T07-10T09 500 - users=500", "11T07-11T09 - 12.5 Exam\nusers=12.5%", "11T07-11T09 500 - users=500", "14T07-14T07 7 - users=7"},
			[]string{broken, odd, `line 28: event "users=7": it ends when it begins, so it is never in force in mode window`}},
		"mode step": {[]string{"--from", "2026-03-10", "--to", "2026-03-16T00:00"},
			[]string{"10T07-10T09 500 - users=500", "11T07-11T09 - 12.5 Exam\nusers=12.5%", "11T07-11T09 500 - users=500", "14T07-14T07 7 - users=7", "14T07-14T08 8 - users=8"},
			[]string{broken, odd, `line 40: event "Holiday": without users= the schedule has no answer while it is in force in mode step`}},
		"what was meant as users=": {[]string{"--mode", "window", "--from", "2026-03-17", "--to", "2026-03-18"}, nil,
			[]string{`line 45: event "Exam Users=50": its summary has no line that begins with users=`}},
		"another zone": {[]string{"--timezone", "Asia/Tokyo", "--from", "2026-03-09T23:00:00Z", "--to", "2026-03-10T02:00:00Z"},
			[]string{"09T23-10T01 500 - users=500"}, []string{broken}},
		"events that end or begin at the edges": {[]string{"--from", "2026-03-10 10:00", "--to", "2026-03-11T08:00"}, nil, []string{broken}},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errOut := divims(t.Context(), append([]string{"calendar", "--json", "--file", file}, test.arguments...)...)
			var got timetable
			if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 || got.Events == nil || got.Warnings == nil {
				t.Fatalf("status %d, %v, %s, %s", status, err, out, errOut)
			}
			var events []string
			for _, e := range got.Events {
				users, percent := "-", "-"
				if e.Users != nil {
					users = jsonText(t, e.Users)
				}
				if e.Percent != nil {
					percent = jsonText(t, e.Percent)
				}
				events = append(events, e.Start.Format("02T15-")+e.End.Format("02T15 ")+users+" "+percent+" "+e.Summary)
			}
			if !slices.Equal(events, test.events) {
				t.Errorf("events %q\nwant %q", events, test.events)
			}
			if !slices.Equal(got.Warnings, test.warnings) && len(got.Warnings)+len(test.warnings) > 0 {
				t.Errorf("warnings %q\nwant %q", got.Warnings, test.warnings)
			}
			if strings.Count(out, "Z\"") != 2*len(events) {
				t.Errorf("not all times are in UTC: %s", out)
			}
		})
	}
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCalendarTable: people see times in the pool's zone and, with a pool, how many servers
// an event takes.
func TestCalendarTable(t *testing.T) {
	file := calendarFile(t, courses)
	arguments := []string{"calendar", "--file", file, "--mode", "window", "--from", "2026-03-11", "--to", "2026-03-12T09:00"}
	_, out, _ := divims(t.Context(), arguments...)
	for _, want := range []string{
		"Wed 2026-03-11 08:00  Wed 2026-03-11 10:00  12.5%   -        Exam users=12.5%\n",
		"Wed 2026-03-11 08:00  Wed 2026-03-11 10:00  500     -        users=500\n",
		`warning: line 15: event "users=9" (UID "broken") is left out`, "\n2 events, 1 warning\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%s\nwant %q", out, want)
		}
	}
	setExamples(t)
	t.Setenv("DIVIMS_POOL_SIZE", "20")
	t.Setenv("DIVIMS_POOL_CAPACITY", "5000")
	_, out, errOut := divims(t.Context(), arguments...)
	for _, want := range []string{"625 (12.5%)  3 of 20", "500          2 of 20"} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%s%s\nwant %q", out, errOut, want)
		}
	}
	evil := strings.Replace(courses, "SUMMARY:users=500", "SUMMARY:"+strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ").Replace(hostile.Text)+`\nusers=3`, 1)
	_, out, _ = divims(t.Context(), "calendar", "--file", calendarFile(t, evil), "--from", "2026-03-10", "--to", "2026-03-11")
	hostile.CheckShown(t, out)
}

// TestCalendarErrors: a text that is no calendar is one clear error, and wrong usage has
// its own exit status.
func TestCalendarErrors(t *testing.T) {
	page := calendarFile(t, "<html>sign in</html>")
	for name, test := range map[string]struct {
		arguments []string
		status    int
		want      string
	}{
		"a page":         {[]string{"--file", page}, failed, page + ": not an iCalendar text: it does not begin with BEGIN:VCALENDAR; give a file in the iCalendar format (.ics)"},
		"no file":        {[]string{"--file", page + "x"}, failed, "no such file"},
		"a wrong time":   {[]string{"--file", page, "--from", "monday"}, badUsage, `--from "monday": must be a date such as`},
		"a wrong end":    {[]string{"--file", page, "--to", "2026-13-01"}, badUsage, `--to "2026-13-01": must be`},
		"no time":        {[]string{"--file", page, "--from", "2026-03-10", "--to", "2026-03-10"}, badUsage, "--to must be after --from"},
		"a wrong zone":   {[]string{"--file", page, "--timezone", "Paris"}, badUsage, "DIVIMS_TIMEZONE must be a time zone"},
		"a wrong mode":   {[]string{"--file", page, "--mode", "both"}, badUsage, "DIVIMS_CALENDAR_MODE must be one of step,window"},
		"without a pool": {nil, badUsage, "DIVIMS_POOL is required"},
	} {
		status, _, errOut := divims(t.Context(), append([]string{"calendar"}, test.arguments...)...)
		if status != test.status || !strings.Contains(errOut, test.want) {
			t.Errorf("%s: status %d, %s; want %d and %q", name, status, errOut, test.status, test.want)
		}
	}
	setExamples(t)
	if status, _, errOut := divims(t.Context(), "calendar"); status != badUsage || !strings.Contains(errOut, "the pool has no calendar: set DIVIMS_CALENDAR_URL") {
		t.Errorf("a pool without a calendar: status %d, %s", status, errOut)
	}
}

// TestCalendarFeed: without a file, the pool's own feed is read, with the pool's mode.
func TestCalendarFeed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, courses) }))
	defer server.Close()
	setExamples(t)
	t.Setenv("DIVIMS_CALENDAR_URL", server.URL+"/secret.ics")
	t.Setenv("DIVIMS_CALENDAR_MODE", "window")
	status, out, errOut := divims(t.Context(), "calendar", "--from", "2026-03-10", "--to", "2026-03-12")
	if status != 0 || !strings.Contains(out, "mode window") || !strings.Contains(out, "\n3 events, 1 warning\n") || strings.Contains(out+errOut, "secret") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	server.Close()
	if status, _, errOut := divims(t.Context(), "calendar"); status != failed || !strings.Contains(errOut, "read calendar of 127.0.0.1") || strings.Contains(errOut, "secret") {
		t.Errorf("a feed that does not answer: status %d, %s", status, errOut)
	}
}

// setExamples sets the settings of an example pool.
func setExamples(t *testing.T) {
	t.Helper()
	for _, variable := range config.Examples() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}
