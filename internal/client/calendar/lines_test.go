package calendar

import (
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
		{"no colon", vcalendar("BEGIN:VEVENT\nSUMMARY users 500\nEND:VEVENT"), "line 3: not a line of the form NAME:value"},
		{"no name", vcalendar(":x"), "line 2: not a line of the form NAME:value"},
		{"no value", vcalendar("X;A=b"), `line 2: "X" has a parameter without an end`},
		{"parameter without value", vcalendar("X;A:b"), `line 2: "X" has a parameter without a value`},
		{"quotes without end", vcalendar(`X;A="b:c`), `line 2: "X" has a parameter without an end`},
		{"text after quotes", vcalendar(`X;A="b"c:d`), `line 2: "X" has no value`},
		{"wrong end", vcalendar("BEGIN:VEVENT\nEND:VTODO"), `line 3: END does not fit BEGIN:"VEVENT" in line 2`},
		{"after the end", vcalendar("") + "X:y", "line 4: outside of BEGIN:VCALENDAR"},
		{"deep", "BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:A\n", 1_000_000), "line 9: components nested deeper than 8"},
		{"many events", vcalendar(strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", maxEvents+1)), "line 200002: more than 100000 events"},
		{"line number after folded lines", vcalendar("X:a\n b\n c\nY"), "line 5: not a line of the form NAME:value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := parse([]byte(test.text)); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	for _, test := range []struct{ name, line, parameter, want string }{
		{"plain", "SUMMARY:users=500", "", "users=500"},
		{"lower case", "summary;language=fr:users=500", "", "users=500"},
		{"value in quotes", `SUMMARY:"a":b;c`, "", `"a":b;c`},
		{"parameter", "SUMMARY;TZID=Europe/Paris:x", "Europe/Paris", "x"},
		{"parameter in quotes", `SUMMARY;X="a;b:c";TZID="Europe/Paris":x`, "Europe/Paris", "x"},
		{"list of parameters", `SUMMARY;TZID=A,"B",C;X=1,2:x`, "A", "x"},
		{"folded", "SUMMARY:us\r\n ers\r\n\t=5\r\n 00", "", "users=500"},
		{"folded inside a character", "SUMMARY:\xc3\n \xa9t\xc3\n \xa9", "", "été"},
		{"folded name", "SUM\n MARY:x", "", "x"},
		{"empty value", "SUMMARY:", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				calendars, err := parse([]byte(strings.ReplaceAll(strings.ReplaceAll(vcalendar(test.line), "\r\n", "\n"), "\n", end)))
				if err != nil {
					t.Fatal(err)
				}
				p := calendars[0].first("SUMMARY")
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
		{"parameter", "X;A=" + strings.Repeat("a", maxSize) + ":b"},
		{"parameters", "X" + strings.Repeat(";TZID=b", maxSize/7) + ":c"},
		{"list of parameters", "X;A=b" + strings.Repeat(",b", maxSize/2) + ":c"},
		{"folds", "X:" + strings.Repeat("\n a", maxSize/3)},
	} {
		if _, err := parse([]byte(vcalendar(test.line))); err != nil {
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
