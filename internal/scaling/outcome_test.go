package scaling

import (
	"slices"
	"testing"

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
