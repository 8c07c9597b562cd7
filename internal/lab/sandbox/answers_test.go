package sandbox_test

import (
	"slices"
	"testing"
	"time"

	"divims/internal/lab/sandbox/faults"
	"divims/internal/pool"
)

// What counts is the last answer that a client got to the calls for entries and machines.
func TestAnswering(t *testing.T) {
	f := newFixture(t, nil)
	expect := func(when string, wantScalelite, wantScaleway bool) {
		t.Helper()
		if scalelite, scaleway := f.Answering(); scalelite != wantScalelite || scaleway != wantScaleway {
			t.Errorf("%s: Scalelite answers %t, Scaleway %t; want %t, %t", when, scalelite, scaleway, wantScalelite, wantScaleway)
		}
	}
	look := func() {
		_, _ = f.scalelite().Entries(t.Context())
		_, _ = f.scaleway().Machines(t.Context(), nil)
	}
	expect("before any call", true, true)
	look()
	expect("both answer", true, true)
	fail := func(service, call string, kind faults.Kind) {
		t.Helper()
		if err := f.Faults().Set(faults.Rule{Service: service, Call: call, Kind: kind}); err != nil {
			t.Fatal(err)
		}
	}
	fail("scalelite", "getServers", faults.Refused)
	look()
	expect("Scalelite resets connections", false, true)
	fail("scaleway", "GET servers", faults.Forbidden)
	look()
	expect("Scaleway refuses", true, false)
	fail("scaleway", "GET images", faults.Forbidden)
	look()
	expect("Scaleway refuses to list images", true, true)
}

// Holds are read from the state that evaluations and orders wrote.
func TestHolds(t *testing.T) {
	f := newFixture(t, nil)
	if holds, err := f.Holds(); err != nil || holds.Paused || len(holds.Maintenance) > 0 {
		t.Errorf("without a state: %+v, %v", holds, err)
	}
	if _, err := f.store().Acquire(t.Context(), "me", start, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	hold := pool.Hold{Reason: "a test", Author: "me", Since: start}
	f.AdvanceTo(start.Add(time.Hour))
	store := f.store()
	if _, err := store.Acquire(t.Context(), "me too", start.Add(time.Hour), start.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(t.Context(), "me too", pool.State{Paused: &hold, Servers: map[int]*pool.ServerMemory{3: {Maintenance: &hold}, 2: {EndDrain: &pool.EndDrain{Hold: hold}}, 1: {Maintenance: &hold}}}); err != nil {
		t.Fatal(err)
	}
	holds, err := f.Holds()
	if err != nil || !holds.Paused || !slices.Equal(holds.Maintenance, []int{1, 3}) || !slices.Equal(holds.EndDrain, []int{2}) {
		t.Errorf("got %+v, %v; want a pause, maintenance of 1 and 3, and the end of 2's drain", holds, err)
	}
}
