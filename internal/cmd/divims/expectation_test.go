package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// daysGolden says what the runs of the project's scenarios are expected to show.
const daysGolden = "testdata/days.txt"

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
# known   a known failure: the figure is above that limit today, and has to come down.
# is      what the day costs. It has no limit, but a change must be looked at.
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
		switch problem := want.problem(value); {
		case !ok && *update:
			e.lines[at] = firstExpectation(day, figure, value)
		case !ok:
			t.Errorf("%s is %s, and %s has no line for it; -update adds one", figure, value, daysGolden)
		case problem == "":
		case *update && !want.breaks(value):
			e.lines[at] = want.updated(value)
		default:
			t.Error(problem)
		}
	}
}

// breaks reports whether a value breaks a promise.
func (e expectation) breaks(value string) bool { return e.mark == promise && !e.keeps(value) }

// problem returns what is wrong with a figure, or "" if it is as expected.
func (e expectation) problem(value string) string {
	switch {
	case e.breaks(value):
		return fmt.Sprintf("a promise is broken: %s is %s, and must be at most %d", e.figure, value, e.limit)
	case e.mark == failure && e.keeps(value):
		return fmt.Sprintf("a known failure is fixed: %s is %s instead of %s, and at most %d; -update turns the line into a promise", e.figure, value, e.value, e.limit)
	case e.value != value:
		return fmt.Sprintf("%s is %s; %s says %q %s. If the change is right, -update writes it", e.figure, value, daysGolden, e.mark, e.value)
	}
	return ""
}

// updated returns the line with a new value. A known failure that keeps the limit now
// becomes a promise.
func (e expectation) updated(value string) expectation {
	if e.value = value; e.mark == failure && e.keeps(value) {
		e.mark = promise
	}
	return e
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

func TestExpectation(t *testing.T) {
	line := func(mark, value string, limit int) expectation {
		return expectation{"a-day", mark, "a_figure", value, limit}
	}
	for _, test := range []struct {
		name      string
		line      expectation
		value     string
		problem   string // its beginning
		breaks    bool
		isUpdated string
	}{
		{"a promise that is kept", line(promise, "0", 0), "0", "", false, "must 0"},
		{"a promise that is broken", line(promise, "0", 0), "3", "a promise is broken: a_figure is 3", true, ""},
		{"a promise with a limit, and another figure within it", line(promise, "0", 5), "5", `a_figure is 5; testdata/days.txt says "must" 0.`, false, "must 5"},
		{"a known failure", line(failure, "45", 5), "45", "", false, "known 45"},
		{"a known failure that is worse", line(failure, "45", 5), "60", `a_figure is 60; testdata/days.txt says "known" 45.`, false, "known 60"},
		{"a known failure that is fixed", line(failure, "45", 5), "5", "a known failure is fixed: a_figure is 5 instead of 45", false, "must 5"},
		{"a cost that changes", line(neutral, "16.5", 0), "17.0", `a_figure is 17.0; testdata/days.txt says "is" 16.5.`, false, "is 17.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			problem := test.line.problem(test.value)
			if !strings.HasPrefix(problem, test.problem) || (problem == "") != (test.problem == "") || test.line.breaks(test.value) != test.breaks {
				t.Errorf("%q, breaks a promise: %t", problem, test.line.breaks(test.value))
			}
			if updated := test.line.updated(test.value); !test.breaks && updated.mark+" "+updated.value != test.isUpdated {
				t.Errorf("updated to %s", updated)
			}
			if found := expectationForm.FindStringSubmatch(test.line.String()); found == nil || found[2] != test.line.mark {
				t.Errorf("the line %q cannot be read", test.line)
			}
		})
	}
}
