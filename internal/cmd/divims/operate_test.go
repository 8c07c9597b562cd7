package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"divims/internal/config"
	"divims/internal/lab/scenario"
)

// A scenario gives orders in the process of the sandbox, whose environment has no
// settings of the pool.
func TestOperateGivesAnOrder(t *testing.T) {
	_, environ := startSandbox(t, nil)
	settings, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := operate(t.Context(), settings, "force 3 --for 4h --json", &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"author":"scenario"`, `"reason":"scenario"`, "forced to 3", "09:00:00Z"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the order does not say %s: %s", want, out.String())
		}
	}
	out.Reset()
	if err := operate(t.Context(), settings, `maintenance start 2 --reason "new disk" --author=ann --json`, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "ann") || !strings.Contains(out.String(), "new disk") {
		t.Errorf("the order does not keep its own reason and author: %s", out.String())
	}
	if err := operate(t.Context(), settings, "maintenance start 9", io.Discard); err == nil {
		t.Error("the pool has a server 9")
	}
}

func TestParseOrder(t *testing.T) {
	for name, test := range map[string]struct {
		order string
		want  []string // nil for an error
	}{
		"reason and author are added":   {"force 8 --for 4h", []string{"force", "8", "--for", "4h", "--reason", "scenario", "--author", "scenario"}},
		"given ones are kept":           {"pause --reason 'a b' --author=x", []string{"pause", "--reason", "a b", "--author=x"}},
		"commands with parts":           {"maintenance end 3", []string{"maintenance", "end", "3", "--reason", "scenario", "--author", "scenario"}},
		"a missing argument":            {"force --for 4h", nil},
		"a missing flag":                {"force 8", nil},
		"a wrong duration":              {"force 8 --for long", nil},
		"a wrong number":                {"recycle three", nil},
		"an unknown flag":               {"unforce --now", nil},
		"a command that is no order":    {"sandbox", nil},
		"an unknown command":            {"panic 3", nil},
		"nothing":                       {" ", nil},
		"a quote that does not end":     {"pause --reason 'a b", nil},
		"a group of commands by itself": {"maintenance", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseOrder(test.order)
			if !slices.Equal(got, test.want) && (err == nil || test.want != nil) || (err != nil) != (test.want == nil) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// Orders and settings are checked before the run, each setting together with those
// before it.
func TestCheckScenarioNamesTheLine(t *testing.T) {
	event := func(line int, kind, key, value string) scenario.Event {
		return scenario.Event{Line: line, Kind: kind, Values: map[string]string{key: value}}
	}
	environ := config.Examples()
	if err := checkScenario("day.txt", []scenario.Event{
		event(1, "operator", "do", "force 8 --for 4h"),
		event(2, "setting", "set", "TIMEOUT=2m"),
		event(3, "setting", "set", "CALL_TIMEOUT=90s"),
		event(4, "machine-dies", "servers", "1"),
	}, environ); err != nil {
		t.Errorf("a right scenario: %v", err)
	}
	err := checkScenario("day.txt", []scenario.Event{
		event(3, "operator", "do", "farce 8 --for 4h"),
		event(5, "setting", "set", "MAX_CREATION=50"),
		event(8, "setting", "set", "MAX_CREATIONS=many"),
		event(9, "setting", "set", "TIMEOUT=20s"),
		event(10, "setting", "set", "CALL_TIMEOUT=30s"),
	}, environ)
	if err == nil {
		t.Fatal("no error for a wrong scenario")
	}
	for _, want := range []string{"day.txt:3: operator:", "day.txt:5: setting:", "DIVIMS_MAX_CREATIONS meant", "day.txt:8: setting:", "day.txt:10: setting:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}
