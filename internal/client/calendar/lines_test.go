package calendar

import (
	"cmp"
	"strings"
	"testing"
)

// vcalendar returns a calendar with the given lines.
func vcalendar(lines string) string { return "BEGIN:VCALENDAR\r\n" + lines + "\r\nEND:VCALENDAR\r\n" }

func TestMalformedCalendars(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "the text is empty"},
		{"blank", "\r\n\r\n", "the text is empty"},
		{"a page", "<!DOCTYPE html>\n<html>", "not an iCalendar text: it does not begin with BEGIN:VCALENDAR"},
		{"short", "BEGIN:VCAL", "not an iCalendar text: it does not begin with BEGIN:VCALENDAR"},
		{"truncated", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:2026", `the text ends inside the "VEVENT" of line 2`},
		{"wrong end", vcalendar("BEGIN:VEVENT\nEND:VTODO"), `line 3: END does not fit BEGIN:"VEVENT" in line 2`},
		{"an event after the end", vcalendar("") + "BEGIN:VEVENT", "line 4: outside of BEGIN:VCALENDAR"},
		{"an end after the end", vcalendar("") + "END:VCALENDAR", "line 4: outside of BEGIN:VCALENDAR"},
		{"truncated in an alarm", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VALARM\nTRIGGER:-PT1", `the text ends inside the "VALARM" of line 3`},
		{"deep", "BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:A\n", 1_000_000), "line 9: components nested deeper than 8"},
		{"many events", vcalendar(strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", maxEvents+1)), "line 200002: more than 100000 events"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := parse([]byte(test.text), &warnings{}); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestBrokenLines: a malformed line is skipped with a warning.
func TestBrokenLines(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no colon", vcalendar("BEGIN:VEVENT\nLOCATION Room 2\nEND:VEVENT"), `line 3: "LOCATION Room 2" is not a line of the form NAME:value; the line is skipped`},
		{"the rest of a text", vcalendar("BEGIN:VEVENT\nDESCRIPTION:Agenda\nand names\nEND:VEVENT"), `line 4: "and names" is not a line`},
		{"no name", vcalendar(":x"), `line 2: ":x" is not a line`},
		{"no value", vcalendar("SUMMARY;A=b"), `line 2: "SUMMARY;A=b" has no value`},
		{"parameter without value", vcalendar("DTSTART;A:b"), `line 2: "DTSTART;A:b" has a parameter without a value`},
		{"quotes without end", vcalendar(`SUMMARY;A="b:c`), `line 2: "SUMMARY;A=\"b:c" has no value`},
		{"after the end", vcalendar("") + "SUMMARY:x", "line 4: outside of BEGIN:VCALENDAR; the line is skipped"},
		{"line number after folded lines", vcalendar("X:a\n b\n c\nY"), `line 5: "Y" is not a line`},
		{"a long line", vcalendar(strings.Repeat("é\x1b", 500)), `line 2: "` + strings.Repeat(`é\x1b`, 20) + `" is not a line`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &warnings{}
			_, err := parse([]byte(test.text), w)
			if got := w.texts(); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
				t.Errorf("got %q, %v, want %s", got, err, test.want)
			}
		})
	}
}

// TestWhatIsNeverUsed: nothing in a property or component that the schedule never uses
// matters.
func TestWhatIsNeverUsed(t *testing.T) {
	const event = "BEGIN:VEVENT\nDTSTART:20260310T080000Z\nSUMMARY:users=5\n{}\nEND:VEVENT"
	for name, line := range map[string]string{
		"a quote in an attendee":     `ATTENDEE;CN=Ada "The Boss" B;ROLE=CHAIR:mailto:ada@example.org`,
		"a quote without end":        `ORGANIZER;CN="Ada:mailto:ada@example.org`,
		"a parameter without value":  "X-COLOUR;RED:1",
		"no value":                   "ATTACH;FMTTYPE=text/plain",
		"an alarm":                   "BEGIN:VALARM\nTRIGGER\nDTSTART:x\nusers=6\nEND:VALARM",
		"an alarm without its end":   "BEGIN:VALARM\nACTION:DISPLAY",
		"an alarm with one too many": "BEGIN:VALARM\nEND:X-PART\nEND:VALARM",
		"a part of one's own":        "BEGIN:X-PART\nBEGIN:VEVENT\nDTSTART:20260311T080000Z\nEND:VEVENT\nEND:X-PART",
		"an odd stamp":               "DTSTAMP:yesterday\nSEQUENCE:first\nLAST-MODIFIED:",
		"no UID":                     "UID:",
	} {
		for place, text := range map[string]string{
			"in the event":     strings.Replace(event, "{}", line, 1),
			"beside the event": "BEGIN:VTODO\nDTSTART:x\n" + line + "\nEND:VTODO\n" + strings.Replace(event, "{}", "X:y", 1),
		} {
			read, err := Read([]byte(vcalendar(text)), from, to, nil)
			if err != nil || len(read.Events) != 1 || len(read.Unread)+len(read.Warnings) > 0 {
				t.Errorf("%s %s: %+v, %v, want the event alone", name, place, read, err)
			}
		}
	}
}

// TestWarningsAreBounded: a text without any proper line has few warnings, in order.
func TestWarningsAreBounded(t *testing.T) {
	w := &warnings{}
	if _, err := parse([]byte(vcalendar(strings.Repeat("x\n", 1000))), w); err != nil {
		t.Fatal(err)
	}
	w.list[0], w.list[1] = w.list[1], w.list[0]
	texts := w.texts()
	if len(texts) != maxWarnings+1 || !strings.HasPrefix(texts[0], "line 2: ") || texts[maxWarnings] != "and 950 more warnings" {
		t.Errorf("got %d warnings: %q", len(texts), texts)
	}
}

func TestLines(t *testing.T) {
	for _, test := range []struct{ name, line, parameter, want string }{
		{"plain", "SUMMARY:users=500", "", "users=500"},
		{"lower case", "summary;language=fr:users=500", "", "users=500"},
		{"value in quotes", `SUMMARY:"a":b;c`, "", `"a":b;c`},
		{"parameter in quotes", `SUMMARY;X="a;b:c";Y=d:x:y`, "", "x:y"},
		{"quotes inside a parameter", `SUMMARY;X=a "b:c" d:x`, "", "x"},
		{"zone", "DTSTART;TZID=Europe/Paris:20260310", "Europe/Paris", "20260310"},
		{"zone in quotes", `DTSTART;X="a;b:c";TZID="Europe/Paris":20260310`, "Europe/Paris", "20260310"},
		{"zone with a colon, without quotes", "DTSTART;TZID=GMT+05:30;VALUE=DATE-TIME:20260310T080000", "GMT+05:30", "20260310T080000"},
		{"zone with all of it", `DTSTART;tzid=(UTC+01:00) Rome, Bern:20260310T080000`, "(UTC+01:00) Rome, Bern", "20260310T080000"},
		{"zone whose quotes do not end", `DTSTART;TZID="Europe/Paris:20260310T080000`, "Europe/Paris", "20260310T080000"},
		{"a time with colons", "DTSTART;TZID=Europe/Paris:2026-03-10 08:00", "Europe/Paris", "2026-03-10 08:00"},
		{"folded", "SUMMARY:us\r\n ers\r\n\t=5\r\n 00", "", "users=500"},
		{"folded inside a character", "SUMMARY:\xc3\n \xa9t\xc3\n \xa9", "", "été"},
		{"folded name", "SUM\n MARY:x", "", "x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				calendars, err := parse([]byte(strings.ReplaceAll(strings.ReplaceAll(vcalendar(test.line), "\r\n", "\n"), "\n", end)), &warnings{})
				if err != nil {
					t.Fatal(err)
				}
				p := cmp.Or(calendars[0].first("SUMMARY"), calendars[0].first("DTSTART"))
				if p == nil || p.value != test.want || p.parameters["TZID"] != test.parameter || p.line != 2 {
					t.Errorf("got %+v, want %q with TZID %q", p, test.want, test.parameter)
				}
			}
		})
	}
}

// If parsing took quadratic time, this test would not end within the time limit.
func TestHugeLines(t *testing.T) {
	for _, test := range []struct{ name, line string }{
		{"value", "X:" + strings.Repeat("a", maxSize)},
		{"parameter", "DTSTART;A=" + strings.Repeat("a", maxSize) + ":b"},
		{"parameters", "DTSTART" + strings.Repeat(";TZID=b", maxSize/7) + ":c"},
		{"quotes", "DTSTART;A=" + strings.Repeat(`"`, maxSize) + ":c"},
		{"colons", "DTSTART" + strings.Repeat(":", maxSize)},
		{"folds", "X:" + strings.Repeat("\n a", maxSize/3)},
	} {
		if _, err := parse([]byte(vcalendar(test.line)), &warnings{}); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		`a\nb\Nc`:    "a\nb\nc",
		`a\,b\;c\\d`: `a,b;c\d`,
		`\\n`:        `\n`,
		`a\xb\`:      "axb",
		"a,b;c":      "a,b;c",
	} {
		if got := unescape(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
