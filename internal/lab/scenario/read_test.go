package scenario

import (
	"errors"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
)

// readTest reads a scenario with the kinds of the tests.
func readTest(text string, options Options) (*Scenario, []string, error) {
	return read("bad.txt", []byte(text), options, testKinds(new([]string)))
}

func TestReadEvent(t *testing.T) {
	hour := mondayMorning().Add
	tests := []struct {
		name, line string
		kind, text string
		at         time.Time
		length     time.Duration
		values     map[string]string
	}{
		{
			"day, time and duration", "Mon 09:30     zone-down       zone=fr-par-1 for=2h",
			"zone-down", "zone-down zone=fr-par-1 for=2h", hour(3*time.Hour + 30*time.Minute), 2 * time.Hour, map[string]string{"zone": "fr-par-1"},
		},
		{
			"two keys", "Mon 10:00 bbb-stops servers=3,4 answer=502 for=40m",
			"bbb-stops", "bbb-stops servers=3,4 answer=502 for=40m", hour(4 * time.Hour), 40 * time.Minute, map[string]string{"servers": "3,4", "answer": "502"},
		},
		{
			"an optional key left out", "Mon 10:00 bbb-stops servers=3",
			"bbb-stops", "bbb-stops servers=3", hour(4 * time.Hour), 0, map[string]string{"servers": "3"},
		},
		{
			"time after the start, value in quotes", `+5h operator do="force 8 --for 4h"`,
			"operator", `operator do="force 8 --for 4h"`, hour(5 * time.Hour), 0, map[string]string{"do": "force 8 --for 4h"},
		},
		{
			"escapes, and a # in quotes", `+5h operator do="say \"a\\b\" # loud" # a comment`,
			"operator", `operator do="say \"a\\b\" # loud"`, hour(5 * time.Hour), 0, map[string]string{"do": `say "a\b" # loud`},
		},
		{
			"an empty value in quotes", `+0s operator do=""`,
			"operator", `operator do=""`, hour(0), 0, map[string]string{"do": ""},
		},
		{
			"a # within a word is none of a comment", "+90m zone-down zone=a#b",
			"zone-down", "zone-down zone=a#b", hour(90 * time.Minute), 0, map[string]string{"zone": "a#b"},
		},
		{
			"an = in a value", "+1h30m operator do=A=B",
			"operator", "operator do=A=B", hour(90 * time.Minute), 0, map[string]string{"do": "A=B"},
		},
		{
			"tabs, indentation, end of line of Windows", "\t +1m\tpoller-stops\t# by hand\r\n",
			"poller-stops", "poller-stops", hour(time.Minute), 0, map[string]string{},
		},
		{
			"byte order mark", "\ufeff+1m poller-stops",
			"poller-stops", "poller-stops", hour(time.Minute), 0, map[string]string{},
		},
		{
			"letters beyond ASCII", "+1m operator do=Prüfung",
			"operator", "operator do=Prüfung", hour(time.Minute), 0, map[string]string{"do": "Prüfung"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, warnings, err := readTest(test.line, testOptions())
			if err != nil || len(warnings) > 0 || len(s.Events) != 1 {
				t.Fatalf("read %q: %+v, warnings %q, error %v; want one event", test.line, s, warnings, err)
			}
			e := s.Events[0]
			if e.Kind != test.kind || e.Text != test.text || !e.At.Equal(test.at) || e.For != test.length || !maps.Equal(e.Values, test.values) {
				t.Errorf("read %q: %s %q at %s for %s with %q", test.line, e.Kind, e.Text, e.At, e.For, e.Values)
			}
		})
	}
}

func TestReadLines(t *testing.T) {
	s, warnings, err := readTest("# an exam\n\n  # indented\n+1h poller-stops\r\n \t\n+30m poller-stops # earlier", testOptions())
	if err != nil || len(warnings) > 0 || len(s.Events) != 2 {
		t.Fatalf("read: %+v, warnings %q, error %v; want two events", s, warnings, err)
	}
	if s.Name != "bad.txt" || s.Events[0].Line != 4 || s.Events[1].Line != 6 {
		t.Errorf("the events of %s are on the lines %d and %d; want bad.txt, 4 and 6", s.Name, s.Events[0].Line, s.Events[1].Line)
	}
}

func TestReadErrors(t *testing.T) {
	const when = `the time must be a day (Mon, Tue, Wed, Thu, Fri, Sat or Sun) and a time, like "Mon 09:30", or a time after the start, like "+90m" or "+1h30m"`
	tests := []struct{ name, line, want string }{
		{"unknown event", "+1m zone-dwn zone=a", `there is no event "zone-dwn"; is zone-down meant?`},
		{"unknown event without a near one", "+1m earthquake", `there is no event "earthquake"`},
		{"event in capitals", "+1m Zone-down zone=a", `there is no event "Zone-down"; is zone-down meant?`},
		{"no event", "+1m # nothing", "no event follows the time"},
		{"no time", "poller-stops", when},
		{"no time, but a key", "zone-down zone=a", when},
		{"day without a time", "Mon poller-stops", when},
		{"day alone", "Mon", when},
		{"day in small letters", "mon 09:30 poller-stops", when},
		{"day in full", "Monday 09:30 poller-stops", when},
		{"day of another language", "Lun 09:30 poller-stops", when},
		{"hour of one digit", "Mon 9:30 poller-stops", when},
		{"no such time", "Mon 24:00 poller-stops", when},
		{"seconds", "Mon 09:30:00 poller-stops", when},
		{"before the start", "+-5m poller-stops", "+-5m is before the start"},
		{"two signs", "++5m poller-stops", when},
		{"number without a unit", "+5 poller-stops", when},
		{"sign alone", "+ poller-stops", when},
		{"too long a duration", "+9999999999h poller-stops", when},
		{"unknown key", "+1m zone-down zone=a zon=b", `zone-down: there is no key "zon"; is zone meant?`},
		{"key of another event", "+1m poller-stops zone=a", `poller-stops: there is no key "zone"`},
		{"key missing", "+1m zone-down for=1h", "zone-down: zone= is missing"},
		{"servers missing", "+1m bbb-stops answer=502", "bbb-stops: servers= is missing"},
		{"key twice", "+1m zone-down zone=a zone=a", "zone-down: zone= is there twice"},
		{"for twice", "+1m zone-down zone=a for=1h for=1h", "zone-down: for= is there twice"},
		{"unknown value", "+1m bbb-stops servers=1 answer=503", `bbb-stops: answer=: "503" must be hang, refuse or 502`},
		{"value that the check refuses", "+1m dns servers=1 to=x", `dns: to=: strconv.Atoi: parsing "x": invalid syntax`},
		{"values that do not fit the pool", "+1m dns servers=1 to=13", "dns: there is no server 13"},
		{"not KEY=VALUE", "+1m zone-down fr-par-1 zone=a", `zone-down: "fr-par-1" must be KEY=VALUE`},
		{"no value", "+1m zone-down zone= for=1h", "zone= has no value"},
		{"no key", "+1m poller-stops =a", `poller-stops: there is no key ""`},
		{"quote open", `+1m operator do="force 8`, "do: the closing quote is missing"},
		{"quote in a bare value", `+1m operator do=a"b"`, `do=a"b": a double quote must follow the "="; write KEY="VALUE"`},
		{"quoted word", `+1m "operator" do=a`, `"operator": a double quote must follow the "="; write KEY="VALUE"`},
		{"text after the quote", `+1m operator do="a"b`, "do: a blank must follow the closing quote"},
		{"unknown escape", `+1m operator do="a\n"`, `do: in quotes, \ must be followed by " or \`},
		{"escape at the end", `+1m operator do="a\`, `do: in quotes, \ must be followed by " or \`},
		{"for of an instant event", "+1m operator do=a for=1h", "operator: it takes no for=, because it is over at once"},
		{"for of 0", "+1m poller-stops for=0s", `poller-stops: for=: "0s" must be a duration above 0, like 40m or 1h30m`},
		{"negative for", "+1m poller-stops for=-1h", `poller-stops: for=: "-1h" must be a duration above 0, like 40m or 1h30m`},
		{"for without a unit", "+1m poller-stops for=40", `poller-stops: for=: "40" must be a duration above 0, like 40m or 1h30m`},
		{"not UTF-8", "+1m operator do=Pr\xfcfung", "the text is not UTF-8"},
		{"not UTF-8 in a comment", "+1m poller-stops # Pr\xfcfung", "the text is not UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := readTest("# first line\n"+test.line, testOptions())
			if want := "bad.txt:2: " + test.want; err == nil || err.Error() != want {
				t.Errorf("read %q: error\n%v\nwant\n%v", test.line, err, want)
			}
		})
	}
}

func TestReadReportsAllErrors(t *testing.T) {
	_, _, err := readTest(`mon 09:30 zone-dwn
+1m poller-stops
+1m bbb-stops servers=13 answer=ok answr=502 for=x
+1m operator do="a"b tag="x`, testOptions())
	want := []string{
		"bad.txt:1: the time must be a day",
		`bad.txt:1: there is no event "zone-dwn"; is zone-down meant?`,
		"bad.txt:3: bbb-stops: servers=: there is no server 13: the servers are 1 to 12",
		`bad.txt:3: bbb-stops: answer=: "ok" must be hang, refuse or 502`,
		`bad.txt:3: bbb-stops: there is no key "answr"; is answer meant?`,
		`bad.txt:3: bbb-stops: for=: "x" must be a duration above 0, like 40m or 1h30m`,
		"bad.txt:4: do: a blank must follow the closing quote",
		"bad.txt:4: tag: the closing quote is missing",
	}
	if err == nil {
		t.Fatal("no error")
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("errors:\n%v\nwant %d", err, len(want))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("error %q; want %q", got[i], want[i])
		}
	}
}

func TestReadChecksWithTheRun(t *testing.T) {
	options := testOptions()
	options.Check = func(e *Event) error {
		if e.Kind == "operator" && e.Values["do"] != "pause" || e.At.IsZero() {
			return errors.New("there is no such order")
		}
		return nil
	}
	_, _, err := readTest("+1m operator do=pause\n+2m operator do=pose\n+3m poller-stops\n+4m poller-stop", options)
	const want = "bad.txt:2: operator: there is no such order\n" + `bad.txt:4: there is no event "poller-stop"; is poller-stops meant?`
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%v", err, want)
	}
}

func TestReadWarnings(t *testing.T) {
	day := testOptions()
	day.Length = 24 * time.Hour
	tests := []struct {
		name, text string
		options    Options
		want       string
	}{
		{"after the end", "+1m poller-stops\nTue 06:01 poller-stops", day, "bad.txt:2: poller-stops does not happen: Tue 3 Mar 06:01 is after the end of the run, Tue 3 Mar 06:00"},
		{"at the end", "Tue 06:00 poller-stops", day, ""},
		{"ends after the end", "+23h poller-stops for=2h", day, ""},
		{"a run without an end", "+1000h poller-stops", testOptions(), ""},
		{"no events", "# to do\n", testOptions(), "bad.txt has no events"},
		{"empty", "", testOptions(), "bad.txt has no events"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, warnings, err := readTest(test.text, test.options)
			if err != nil || strings.Join(warnings, "\n") != test.want {
				t.Errorf("read %q: warnings %q, error %v; want %q", test.text, warnings, err, test.want)
			}
		})
	}
}

// errorPlace is how each line of an error begins.
var errorPlace = regexp.MustCompile(`^bad\.txt:[1-9][0-9]*: `)

// FuzzRead checks that no text makes Read panic, that errors name a line, and that an
// event is within the rules.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"Mon 09:30 zone-down zone=fr-par-1 for=2h # outage\n",
		"+1h30m bbb-stops servers=2,5-8 answer=502\r\n+5h operator do=\"force 8 \\\"x\\\\\"",
		"Sun 02:30 dns servers=random:3 to=2\nSat 00:00 bbb-stops servers=30%",
		"+1m bbb-stops servers=1-4294967296", "\xff", "\ufeff#",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		options := testOptions()
		s, _, err := readTest(text, options)
		if err != nil {
			// A quoted word has no line feeds: each line of the error is one problem.
			for problem := range strings.SplitSeq(err.Error(), "\n") {
				if !errorPlace.MatchString(problem) {
					t.Errorf("an error does not name a line: %q", problem)
				}
			}
			return
		}
		for i, e := range s.Events {
			if e.At.Before(options.Start) || e.For < 0 || e.For > 0 && e.kind.instant || i > 0 && e.Line <= s.Events[i-1].Line {
				t.Errorf("event %+v", e)
			}
			if servers := e.servers.resolve(options.Servers, []int{2, 5}, 1, e.Line); e.takesServers() && len(servers) == 0 {
				t.Errorf("%s selects no server", e.Text)
			}
		}
	})
}
