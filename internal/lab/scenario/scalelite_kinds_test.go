package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// scaleliteEvent begins an event of Scalelite about the first two servers of a run and
// returns what ends it.
func scaleliteEvent(t *testing.T, run *fakeRun, name string, values map[string]string) (end func()) {
	t.Helper()
	i := slices.IndexFunc(scaleliteKinds, func(k kind) bool { return k.name == name })
	h := &happening{Event: &Event{Kind: name, Values: values}, Run: run, Servers: []int{1, 2}}
	if err := scaleliteKinds[i].begin(h); err != nil {
		t.Fatal(err)
	}
	return func() {
		for _, undo := range slices.Backward(h.ends) {
			undo()
		}
	}
}

// entriesAre returns the states, multipliers and flags of all entries in one text.
func entriesAre(s *sandbox.Sandbox) string {
	var list []string
	s.With(func(w *world.World) {
		for _, e := range w.Entries() {
			flag := "offline"
			if e.Online {
				flag = "online"
			}
			list = append(list, fmt.Sprintf("%s %g %s", e.State, e.LoadMultiplier, flag))
		}
	})
	return strings.Join(list, ", ")
}

const atFirst = "enabled 1 online, disabled 1 offline"

// TestScaleliteKinds lets each event happen to a pool of two servers, of which the first
// runs, and looks at the entries after ten minutes of it and ten minutes after its end.
func TestScaleliteKinds(t *testing.T) {
	for _, test := range []struct {
		name         string
		values       map[string]string
		during, then string
	}{
		{"scalelite-down", nil, atFirst, atFirst},
		{"redis-empty", nil, "", atFirst},
		{"scalelite-new", nil, "disabled 1 online, disabled 1 offline", "disabled 1 online, disabled 1 offline"},
		{"poller-stops", nil, atFirst, atFirst},
		{"poller", map[string]string{"threads": "5", "every": "15s"}, atFirst, atFirst},
		{"hand-cordon", nil, "disabled 1 online, cordoned 1 offline", atFirst}, // it has no load
		{"hand-disable", nil, "disabled 1 online, disabled 1 offline", atFirst},
		{"hand-enable", nil, "enabled 1 online, enabled 1 offline", atFirst},
		{"hand-delete-entry", nil, "", "disabled 1 offline, enabled 1 online"}, // added in another order
		{"hand-duplicate-entry", nil, atFirst + ", disabled 1 online, disabled 1 offline", atFirst},
		{"hand-multiplier", map[string]string{"value": "-1"}, "enabled -1 online, disabled -1 offline", atFirst},
		{"hand-multiplier", map[string]string{"value": "NaN"}, "enabled NaN online, disabled NaN offline", atFirst},
		{"predecessor", nil, atFirst, atFirst},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := newFakeRun(t)
			end := scaleliteEvent(t, run, test.name, test.values)
			run.sandbox.AdvanceTo(run.sandbox.Now().Add(10 * time.Minute))
			if got := entriesAre(run.sandbox); got != test.during {
				t.Errorf("entries: %s; want %s", got, test.during)
			}
			end()
			run.sandbox.AdvanceTo(run.sandbox.Now().Add(10 * time.Minute))
			if got := entriesAre(run.sandbox); got != test.then {
				t.Errorf("entries after the end: %s; want %s", got, test.then)
			}
		})
	}
}

// TestPollerEvents has a BBB fail. The poller notices it in time unless it has stopped, or
// waits for more failed polls.
func TestPollerEvents(t *testing.T) {
	for _, test := range []struct {
		name   string
		values map[string]string
		online bool
	}{
		{"poller-stops", nil, true},
		{"poller", map[string]string{"unhealthy": "8"}, true},
		{"poller", map[string]string{"unhealthy": "8", "every": "15s"}, false},
	} {
		run := newFakeRun(t)
		end := scaleliteEvent(t, run, test.name, test.values)
		run.sandbox.With(func(w *world.World) {
			w.Break(1, world.BBBStopped{Contact: world.Fails})
		})
		run.sandbox.AdvanceTo(run.sandbox.Now().Add(5 * time.Minute))
		if got := strings.Contains(entriesAre(run.sandbox), "online"); got != test.online {
			t.Errorf("%s %v: online %t, want %t", test.name, test.values, got, test.online)
		}
		end()
		run.sandbox.AdvanceTo(run.sandbox.Now().Add(5 * time.Minute))
		if strings.Contains(entriesAre(run.sandbox), "online") {
			t.Errorf("%s %v: the server is online after the end", test.name, test.values)
		}
	}
}

// TestPredecessorUndoesWhatDiViMSDoes disables the only server that runs.
func TestPredecessorUndoesWhatDiViMSDoes(t *testing.T) {
	run := newFakeRun(t)
	end := scaleliteEvent(t, run, "predecessor", nil)
	disable := func() {
		run.sandbox.With(func(w *world.World) { _ = w.SetState(w.Entries()[0].ID, pool.Disabled) })
		run.sandbox.AdvanceTo(run.sandbox.Now().Add(6 * time.Minute))
	}
	disable()
	if got := entriesAre(run.sandbox); got != atFirst {
		t.Errorf("entries: %s; want %s", got, atFirst)
	}
	end()
	disable()
	if got, want := entriesAre(run.sandbox), "disabled 1 online, disabled 1 offline"; got != want {
		t.Errorf("entries after the end: %s; want %s", got, want)
	}
}

func TestScaleliteValues(t *testing.T) {
	for value, ok := range map[string]bool{"-1": true, "NaN": true, "1.5": true, "0": false, "Inf": false, "abc": false, "": false} {
		if err := checkMultiplier(value); (err == nil) != ok {
			t.Errorf("multiplier %q: %v", value, err)
		}
	}
	for value, ok := range map[string]bool{"5s": true, "0s": false, "-5s": false, "5": false} {
		if err := checkPositive(value); (err == nil) != ok {
			t.Errorf("time-out %q: %v", value, err)
		}
	}
	for value, ok := range map[string]bool{"2": true, "1": false, "two": false, "2.5": false, "1000000": false} {
		if err := checkWholeFrom(2)(value); (err == nil) != ok {
			t.Errorf("threads %q: %v", value, err)
		}
	}
	if checkInterval("999ms") == nil || checkInterval("1s") != nil {
		t.Error("an interval may be 1s or more")
	}
	if checkPoller(&Event{}, 5) == nil || checkPoller(&Event{Values: map[string]string{"wait": "20s"}}, 5) != nil {
		t.Error("the poller needs a setting")
	}
}
