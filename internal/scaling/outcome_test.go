package scaling

import (
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestShortageMovesToAnotherServer: a server that got no machine is replaced by another
// server, whose address may be in a zone that has machines. While a zone has no machines,
// it is unknown whether the servers suffice.
func TestShortageMovesToAnotherServer(t *testing.T) {
	s := newStory(t, 4)
	for _, number := range []int{2, 3, 4} {
		s.withoutMachine(number)
		s.entry(number).State = pool.Disabled
	}
	s.meeting(1, 200)
	s.evaluate()
	s.want("create 2, enable 2", "two servers are required")
	outcomes := []Outcome{{Result: Failed, Refusals: []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Reason: "out of stock"}}}, {Result: Skipped}}
	Settle(&s.state, s.now, s.config, s.plan, outcomes)
	s.evaluate()
	s.want("create 3, enable 3", "server 2 is not tried again yet")
	if !slices.Contains(s.plan.Open, "pool size") {
		t.Errorf("open subjects %q, want \"pool size\" among them", s.plan.Open)
	}
}

// TestRefusedUntilACreationComesThrough: creations count as refused from the first refusal
// on, until one succeeds, even beside refusals; a reason that only a person can remove is
// kept before a shortage.
func TestRefusedUntilACreationComesThrough(t *testing.T) {
	stock := Outcome{Result: Failed, Refusals: []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Reason: "out of stock", Stock: true}}}
	mixed := Outcome{Result: Failed, Refusals: []pool.Refusal{stock.Refusals[0], {Zone: "fr-par-2", Type: "PRO2-S", Reason: "403"}}}
	done := Outcome{Result: Done}
	plan := Plan{Actions: []Action{{Kind: Create, Server: 1}, {Kind: Create, Server: 2}}}
	run := &pool.Refused{Since: noon.Add(-time.Hour), Reason: "403"}
	for name, test := range map[string]struct {
		before   *pool.Refused
		outcomes []Outcome
		want     *pool.Refused
	}{
		"the first refusals":             {nil, []Outcome{stock, stock}, &pool.Refused{Since: noon, Reason: "out of stock", Stock: true}},
		"not only shortages":             {nil, []Outcome{mixed, mixed}, &pool.Refused{Since: noon, Reason: "403"}},
		"a run goes on":                  {run, []Outcome{stock, stock}, &pool.Refused{Since: run.Since, Reason: "out of stock", Stock: true}},
		"nothing is tried":               {run, nil, run},
		"another one came through":       {run, []Outcome{done, stock}, nil},
		"another one came through too":   {run, []Outcome{stock, done}, nil},
		"an unclear failure ends no run": {run, []Outcome{{Result: Failed}, {Result: Skipped}}, run},
	} {
		t.Run(name, func(t *testing.T) {
			next := pool.State{Refused: test.before, Servers: map[int]*pool.ServerMemory{1: {}, 2: {}}}
			Settle(&next, noon, Config{Interval: 5 * time.Minute}, plan, test.outcomes)
			if (next.Refused == nil) != (test.want == nil) || test.want != nil && *next.Refused != *test.want {
				t.Errorf("got %+v, want %+v", next.Refused, test.want)
			}
		})
	}
}
