package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"divims/internal/lab/long"
)

var table = flag.String("table", "", "write the figures of the project's scenarios as a Markdown table to this `FILE`")

// daysFolder has the project's scenarios, and daysGolden what their runs are expected to
// show.
const (
	daysFolder = "../../lab/scenario/days"
	daysGolden = "testdata/days.txt"
)

// usualDays are the scenarios that a plain `go test` runs. A full run has all of them.
var usualDays = []string{"storage-down", "zone-down", "redis-empty", "hand-rename"}

// promised are the figures that no bad day should raise above a limit. The others,
// spent, are what the day costs.
var (
	promised = []string{
		"interrupted_participants", "lost_recordings", "split_meetings", "duplicate_machines",
		"entries_doubled", "deleted_by_hand_volumes", "leftover_volumes", "longest_freeze_minutes",
	}
	spent = []string{
		"failed_evaluations", "refused_meetings", "unserved_participant_minutes", "minutes_below_required",
		"reboots", "machines_created", "peak_machines", "server_hours",
	}
)

// maxFreeze is the longest freeze of a good day, in minutes: one evaluation may fail.
const maxFreeze = 5

// A figure's mark is the first word after the scenario's name in the golden file.
const (
	promise = "must"  // the figure keeps its limit, and has to
	failure = "known" // the figure breaks its limit today
	neutral = "is"    // the figure has no limit
)

// expectation is a line of the golden file.
type expectation struct {
	day, mark, figure, value string
	// limit is the most that the figure may be; without one it is 0.
	limit int
}

// keeps reports whether a value is within the limit.
func (e expectation) keeps(value string) bool {
	number, err := strconv.ParseFloat(value, 64)
	return err == nil && number <= float64(e.limit)
}

func (e expectation) String() string {
	line := fmt.Sprintf("%-33s %-5s %-28s %6s", e.day, e.mark, e.figure, e.value)
	if e.limit > 0 {
		line += fmt.Sprintf("  at most %d", e.limit)
	}
	return line
}

// expectationForm matches a line of the golden file.
var expectationForm = regexp.MustCompile(`^(\S+) +(must|known|is) +([a-z_]+) +([0-9.]+)(?: +at most ([0-9]+))?$`)

// daysHead begins the golden file.
const daysHead = `# What each scenario of the project does to the pool, with the decision as it is. Columns: scenario, mark, figure, value.
# must    a promise that is kept: the figure is at most 0, or the limit at the end of the line.
# known   a known failure: the figure is above that limit today. Who mends it turns the line into "must".
# is      what the day costs. It has no limit, but a change has to be seen.
# DIVIMS_TEST=full go test -run TestBadDays ./internal/cmd/divims -update writes the values, and turns "known" into
# "must" where the limit is kept. It never turns "must" into "known". Marks and limits may be edited.
`

// expectations are the lines of the golden file by scenario and figure.
type expectations struct {
	lock  sync.Mutex
	lines map[[2]string]expectation
}

// readExpectations reads the golden file. Without a file there are none.
func readExpectations(t *testing.T) *expectations {
	t.Helper()
	e := &expectations{lines: map[[2]string]expectation{}}
	text, err := os.ReadFile(daysGolden)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		found := expectationForm.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("%s: the line %q has another form than %q", daysGolden, line, expectationForm)
		}
		limit, _ := strconv.Atoi(found[5])
		e.lines[[2]string{found[1], found[3]}] = expectation{found[1], found[2], found[3], found[4], limit}
	}
	return e
}

// write writes the golden file, with the lines of these scenarios only.
func (e *expectations) write(t *testing.T, days []badDay) {
	t.Helper()
	var text strings.Builder
	text.WriteString(daysHead)
	for _, d := range days {
		text.WriteString("\n")
		for _, figure := range slices.Concat(promised, spent) {
			if line, ok := e.lines[[2]string{d.name, figure}]; ok {
				text.WriteString(line.String() + "\n")
			}
		}
	}
	if err := os.WriteFile(daysGolden, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// check compares the figures of a scenario with the golden file. With -update it takes
// over what breaks no promise.
func (e *expectations) check(t *testing.T, day string, got map[string]string) {
	t.Helper()
	e.lock.Lock()
	defer e.lock.Unlock()
	for _, figure := range slices.Concat(promised, spent) {
		at, value := [2]string{day, figure}, got[figure]
		want, ok := e.lines[at]
		switch {
		case !ok && *update:
			e.lines[at] = firstExpectation(day, figure, value)
		case !ok:
			t.Errorf("%s is %s, and %s has no line for it; -update adds one", figure, value, daysGolden)
		case want.mark == promise && !want.keeps(value):
			t.Errorf("a promise is broken: %s is %s, and must be at most %d", figure, value, want.limit)
		case want.value == value && (want.mark != failure || !want.keeps(value)):
		case *update:
			if want.value = value; want.mark == failure && want.keeps(value) {
				want.mark = promise
			}
			e.lines[at] = want
		case want.mark == failure && want.keeps(value):
			t.Errorf("a known failure is mended: %s is %s instead of %s; -update turns the line into a promise", figure, value, want.value)
		default:
			t.Errorf("%s is %s; %s says %q. If the change is right, -update writes it", figure, value, daysGolden, strings.Join(strings.Fields(want.String())[1:], " "))
		}
	}
}

// firstExpectation returns the line for a figure that has none yet.
func firstExpectation(day, figure, value string) expectation {
	e := expectation{day: day, mark: neutral, figure: figure, value: value}
	if slices.Contains(promised, figure) {
		e.mark = promise
		if figure == "longest_freeze_minutes" {
			e.limit = maxFreeze
		}
		if !e.keeps(value) {
			e.mark = failure
		}
	}
	return e
}

// badDay is a scenario of the project.
type badDay struct {
	name string
	// shows is the first line of its file: what it shows.
	shows string
	// flags are those of its run, from its second line: "#! --for 4h --servers 8".
	flags     []string
	flagsText string
}

// file returns the scenario's file, relative to this package.
func (d badDay) file() string { return filepath.Join(daysFolder, d.name+".txt") }

// readDays returns the project's scenarios by name.
func readDays(t *testing.T) []badDay {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(daysFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var days []badDay
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, isText := strings.CutSuffix(filepath.Base(file), ".txt")
		lines := strings.SplitN(string(text), "\n", 3)
		shows, hasShows := strings.CutPrefix(lines[0], "# ")
		flags, hasFlags := "", false
		if len(lines) > 1 {
			flags, hasFlags = strings.CutPrefix(lines[1], "#! ")
		}
		if !isText || !hasShows || !hasFlags || !strings.HasSuffix(shows, ".") {
			t.Fatalf(`%s: a scenario's name ends in .txt, its first line is "# A sentence.", and its second "#! --for 4h --servers 8"`, file)
		}
		words, err := splitWords(flags)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		days = append(days, badDay{name, shows, words, flags})
	}
	slices.SortFunc(days, func(a, b badDay) int { return cmp.Compare(a.name, b.name) })
	return days
}

// run runs the scenario and returns the JSON of its figures and its progress.
func (d badDay) run(t *testing.T) (figures, progress string) {
	t.Helper()
	arguments := append([]string{"sandbox", "--scenario", d.file(), "--speed", "0", "--listen", "127.0.0.1:0", "--json"}, d.flags...)
	status, out, progress := divims(t.Context(), arguments...)
	if status != 0 {
		t.Fatalf("status %d: %s%s", status, out, progress)
	}
	return lastLine(out), progress
}

// choose returns the figures that are compared, as text.
func choose(t *testing.T, text string) map[string]string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	chosen := map[string]string{}
	for _, figure := range slices.Concat(promised, spent) {
		number, err := strconv.ParseFloat(string(all[figure]), 64)
		if err != nil {
			t.Fatalf("%s: %v", figure, err)
		}
		chosen[figure] = fmt.Sprint(number)
		if figure == "server_hours" {
			chosen[figure] = fmt.Sprintf("%.1f", number)
		}
	}
	return chosen
}

// inVain matches the progress line of an event that did not do what it should.
var inVain = regexp.MustCompile(`(?m)^(warning: .*|.* >> .*: (nothing happens|failed|server \d+ has no).*)$`)

// TestBadDays runs the project's scenarios and compares their figures with the golden
// file, which says what is promised and what fails today.
func TestBadDays(t *testing.T) {
	days, expected := readDays(t), readExpectations(t)
	rows := make([]string, len(days))
	t.Cleanup(func() { // after the parallel subtests
		if *update {
			expected.write(t, days)
		}
		if *table != "" {
			writeTable(t, rows)
		}
	})
	for i, d := range days {
		t.Run(d.name, func(t *testing.T) {
			if !slices.Contains(usualDays, d.name) {
				long.Only(t)
			}
			t.Parallel()
			text, progress := d.run(t)
			if lines := inVain.FindAllString(progress, -1); lines != nil {
				t.Errorf("the day is not what its file says:\n%s", strings.Join(lines, "\n"))
			}
			figures := choose(t, text)
			rows[i] = tableRow(d.name, figures)
			expected.check(t, d.name, figures)
		})
	}
}

// The list of the project's scenarios in the documents.
const (
	daysDocument  = "../../../docs/scenarios.md"
	daysListBegin = "<!-- BEGIN scenarios, generated by: go test -run TestListOfBadDays ./internal/cmd/divims -update -->\n"
	daysListEnd   = "<!-- END scenarios -->"
)

// TestListOfBadDays checks that docs/scenarios.md lists the project's scenarios with the
// first line of each.
func TestListOfBadDays(t *testing.T) {
	var list strings.Builder
	list.WriteString("\n| file | what it shows | flags |\n| --- | --- | --- |\n")
	for _, d := range readDays(t) {
		fmt.Fprintf(&list, "| [%s](../internal/lab/scenario/days/%s.txt) | %s | `%s` |\n", d.name, d.name, d.shows, d.flagsText)
	}
	list.WriteString("\n")
	text, err := os.ReadFile(daysDocument)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), daysListBegin)
	got, after, found2 := strings.Cut(rest, daysListEnd)
	switch {
	case !found || !found2:
		t.Fatalf("%s has no %q or no %q", daysDocument, daysListBegin, daysListEnd)
	case got == list.String():
	case !*update:
		t.Errorf("the list of scenarios in %s is out of date: go test -run %s ./internal/cmd/divims -update", daysDocument, t.Name())
	default:
		if err := os.WriteFile(daysDocument, []byte(before+daysListBegin+list.String()+daysListEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// reproducedDay is the scenario that is run again and again. It has hangs, calls side by
// side, kills and cuts.
const reproducedDay = "all-at-once"

// TestBadDayIsReproducible runs a bad day again and again while the machine is busy, and
// compares all figures to the digit.
func TestBadDayIsReproducible(t *testing.T) {
	days := readDays(t)
	i := slices.IndexFunc(days, func(d badDay) bool { return d.name == reproducedDay })
	if i < 0 {
		t.Fatalf("there is no scenario %s", reproducedDay)
	}
	defer keepBusy()()
	first, _ := days[i].run(t)
	for range long.Pick(1, 9) {
		if again, _ := days[i].run(t); again != first {
			t.Fatalf("two runs with the same seed differ:\n%s\n%s", first, again)
		}
	}
}

// keepBusy keeps more goroutines busy than there are processors, until stop is called. In
// turn they do more and less, so that no two runs find the machine alike.
func keepBusy() (stop func()) {
	done := make(chan struct{})
	var busy sync.WaitGroup
	for i := range 2 * runtime.GOMAXPROCS(0) {
		busy.Go(func() {
			for n := i; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				for range 1000 * (n%97 + 1) {
					runtime.KeepAlive(n)
				}
				runtime.Gosched()
			}
		})
	}
	return func() { close(done); busy.Wait() }
}

// tableFigures are the columns of the table, with their headings.
var tableFigures = [][2]string{
	{"interrupted_participants", "interrupted"}, {"lost_recordings", "lost"}, {"unserved_participant_minutes", "unserved"},
	{"minutes_below_required", "below required"}, {"longest_freeze_minutes", "freeze"}, {"refused_meetings", "refused"},
	{"split_meetings", "split"}, {"reboots", "reboots"}, {"duplicate_machines", "duplicate"}, {"machines_created", "created"}, {"peak_machines", "peak machines"},
	{"server_hours", "server hours"}, {"failed_evaluations", "failed evaluations"},
}

// tableRow returns the row of a scenario.
func tableRow(name string, figures map[string]string) string {
	row := "| " + name + " |"
	for _, column := range tableFigures {
		row += " " + figures[column[0]] + " |"
	}
	return row + "\n"
}

// writeTable writes the table of the scenarios that were run.
func writeTable(t *testing.T, rows []string) {
	t.Helper()
	head, rule := "| scenario |", "| --- |"
	for _, column := range tableFigures {
		head, rule = head+" "+column[1]+" |", rule+" ---: |"
	}
	text := head + "\n" + rule + "\n" + strings.Join(rows, "")
	if err := os.WriteFile(*table, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}
