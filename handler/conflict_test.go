package handler

import (
	"testing"
	"time"

	"divims/internal/cycle"
)

// TestConflictsAreCounted: evaluations in a row that find the lease held are counted until
// one has recorded that, and many at once count as one.
func TestConflictsAreCounted(t *testing.T) {
	start := time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)
	var c conflicts
	add := func(minutes float64) cycle.Conflict {
		return c.add(start.Add(time.Duration(minutes*float64(time.Minute))), "other", 150*time.Second)
	}
	for range 200 {
		if got := add(0); got.Evaluations != 1 {
			t.Fatalf("evaluations that start at once are counted as %d", got.Evaluations)
		}
	}
	add(5)
	if got := add(10); got.Evaluations != 3 || !got.Since.Equal(start) || got.Holder != "other" {
		t.Errorf("got %+v, want three since %s", got, start)
	}
	running := c.present()
	add(15)
	if c.end(running); c.present().Evaluations != 4 {
		t.Error("what came while an evaluation ran is forgotten although nobody recorded it")
	}
	c.end(c.present())
	if got := add(20); got.Evaluations != 1 || got.Since.Equal(start) {
		t.Errorf("after it was recorded: got %+v, want a new count", got)
	}
}
