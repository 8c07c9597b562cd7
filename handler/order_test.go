package handler

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestMaintenanceExcludesOtherOrders checks that orders for a server in maintenance are
// refused, because evaluations would not act on them, and that maintenance cancels
// earlier orders.
func TestMaintenanceExcludesOtherOrders(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	server, by := pool.Servers(1, 0, "bbb-w{n}", "bbb-w{n}.example.com")[0], pool.Hold{Reason: "r", Author: "Ada"}
	recycle, end := Recycle(server, by), EndDrain(server, "bbb-w1", false, by)
	state := pool.State{Servers: map[int]*pool.ServerMemory{1: {MachineID: "m1", DrainingSince: now}}}
	for _, order := range []Order{recycle, end, StartMaintenance(server, by)} {
		if _, err := order.carryOut(now, &state); err != nil {
			t.Fatalf("%s: %v", order.change, err)
		}
	}
	if memory := state.Memory(1); memory.Recycle != nil || memory.EndDrain != nil || memory.Maintenance == nil {
		t.Errorf("in maintenance with the memory %+v", memory)
	}
	for _, order := range []Order{recycle, end} {
		if _, err := order.carryOut(now, &state); err == nil {
			t.Errorf("%s: accepted for a server in maintenance", order.change)
		}
	}
}

// TestEndOfNothingIsNotRecorded takes back orders that were not given: the state stays as
// it is, and no change is recorded.
func TestEndOfNothingIsNotRecorded(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	server, by := pool.Servers(1, 0, "bbb-w{n}", "bbb-w{n}.example.com")[0], pool.Hold{Author: "Ada"}
	over := pool.State{Forced: &pool.Forced{Servers: 3, Until: now}}
	for name, c := range map[string]struct {
		order Order
		state pool.State
		says  string
	}{
		"a pause":                    {Resume(by), pool.State{}, "the pool is not paused"},
		"a forced number":            {Unforce(by), pool.State{}, "no number of servers is forced"},
		"a forced number that ended": {Unforce(by), over, "no number of servers is forced"},
		"maintenance":                {EndMaintenance(server, by), pool.State{}, "server 1: it is not in maintenance"},
		"recycle":                    {Keep(server, by), pool.State{}, "server 1: it has no recycle or end-drain order"},
	} {
		done, err := c.order.carryOut(now, &c.state)
		if err != nil || !done.Unchanged || done.String() != c.says || len(c.state.Interventions) != 0 || c.state.Servers != nil {
			t.Errorf("%s: %v, %+v, state %+v; want %q and no change", name, err, done, c.state, c.says)
		}
	}
}

// TestCheckBy has who gives an order and why, with what is wrong with that.
func TestCheckBy(t *testing.T) {
	for _, c := range []struct{ reason, author, complete, short string }{
		{"new disk", "Ada", "", ""},
		{"", "", "a reason and an author are missing", ""},
		{" \u200b", "Ada", "a reason is missing", ""},
		{"new disk", "\u00a0", "an author is missing", ""},
		{"new\ndisk", "Ada", "without control characters", "without control characters"},
		{strings.Repeat("d", 998), "Ada", "at most 1000 bytes", "at most 1000 bytes"},
		{strings.Repeat("d", 997), "Ada", "", ""},
	} {
		for complete, want := range map[bool]string{true: c.complete, false: c.short} {
			text := ""
			if err := CheckBy(pool.Hold{Reason: c.reason, Author: c.author}, complete); err != nil {
				text = err.Error()
			}
			if (text == "") != (want == "") || !strings.Contains(text, want) {
				t.Errorf("%.20q by %q, complete %t: %q, want %q", c.reason, c.author, complete, text, want)
			}
		}
	}
}
