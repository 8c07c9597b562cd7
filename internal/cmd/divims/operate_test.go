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
func TestEventCheck(t *testing.T) {
	event := func(kind, key, value string) *scenario.Event {
		return &scenario.Event{Kind: kind, Values: map[string]string{key: value}}
	}
	check := eventCheck(config.Examples())
	for _, right := range []*scenario.Event{
		event("operator", "do", "force 8 --for 4h"),
		event("setting", "set", "TIMEOUT=2m"),
		event("setting", "set", "CALL_TIMEOUT=90s"),
		event("machine-dies", "servers", "1"),
	} {
		if err := check(right); err != nil {
			t.Errorf("%v: %v", right.Values, err)
		}
	}
	check = eventCheck(config.Examples())
	for _, wrong := range []struct {
		event *scenario.Event
		want  string
	}{
		{event("operator", "do", "farce 8 --for 4h"), "not an order"},
		{event("setting", "set", "MAX_CREATION=50"), "DIVIMS_MAX_CREATIONS meant"},
		{event("setting", "set", "MAX_CREATIONS=many"), "MAX_CREATIONS"},
		{event("setting", "set", "TIMEOUT=20s"), ""},
		{event("setting", "set", "CALL_TIMEOUT=30s"), "TIMEOUT"},
	} {
		err := check(wrong.event)
		if (err == nil) != (wrong.want == "") || err != nil && !strings.Contains(err.Error(), wrong.want) {
			t.Errorf("%v: got %v, want an error with %q", wrong.event.Values, err, wrong.want)
		}
	}
}
