package scaling

import (
	"testing"
	"time"

	"divims/internal/pool"
)

// TestHowLongRefusalsAreRemembered: a definite refusal of a type in a zone for half an hour,
// an answer that is unclear, for the whole zone, for ten minutes.
func TestHowLongRefusalsAreRemembered(t *testing.T) {
	for name, test := range map[string]struct {
		refusal pool.Refusal
		until   time.Duration
	}{
		"out of stock": {pool.Refusal{Zone: "fr-par-1", Type: "PRO2-S"}, 30 * time.Minute},
		"a server error, which no other type would have avoided": {pool.Refusal{Zone: "fr-par-1"}, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			state := pool.State{Servers: map[int]*pool.ServerMemory{2: {}}}
			Settle(&state, noon, Config{Interval: 5 * time.Minute}, Plan{Actions: []Action{{Kind: Create, Server: 2}}}, []Outcome{{Result: Failed, Refusals: []pool.Refusal{test.refusal}}})
			until := noon.Add(test.until)
			if len(state.Refusals) != 1 || !state.Refusals[0].Until.Equal(until) {
				t.Errorf("remembered are %+v, want one until %s", state.Refusals, until)
			}
			memory := state.Memory(2)
			if !memory.NotBefore.Equal(until) || memory.Failures != 0 || memory.Zone != "fr-par-1" {
				t.Errorf("the server is remembered as %+v, want no failure, and no try before %s", memory, until)
			}
			if got := currentRefusals(until.Add(-time.Second), state.Refusals); len(got) != 1 {
				t.Errorf("a second before its end %d refusals hold", len(got))
			}
			if got := currentRefusals(until, state.Refusals); len(got) != 0 {
				t.Errorf("at its end %d refusals hold", len(got))
			}
		})
	}
}

// TestKnownRefusalKeepsItsEnd: a refusal that was skipped because it was known is not
// remembered anew.
func TestKnownRefusalKeepsItsEnd(t *testing.T) {
	known := []pool.Refusal{{Zone: "a", Type: "S", Until: noon.Add(time.Minute)}}
	got := withRefusals(known, noon, []pool.Refusal{{Zone: "a", Type: "S"}, {Zone: "a", Type: "M"}, {Zone: "b", Type: "S", Until: noon.Add(time.Hour)}})
	if len(got) != 2 || !got[0].Until.Equal(noon.Add(time.Minute)) || got[1].Type != "M" {
		t.Errorf("remembered are %+v, want the known one and that of type M", got)
	}
}

// TestZoneThatRefused: a refusal is about its zone, until its end.
func TestZoneThatRefused(t *testing.T) {
	d := &decision{now: noon, state: pool.State{Refusals: []pool.Refusal{{Zone: "a", Until: noon.Add(time.Minute)}, {Zone: "b", Until: noon}}}}
	for zone, want := range map[string]bool{"a": true, "b": false, "c": false} {
		if got := d.refusedIn(zone); got != want {
			t.Errorf("zone %s refused lately: %t, want %t", zone, got, want)
		}
	}
}
