package handler_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// A pool whose machine runs gets settings for its machines. That machine stays as it is. New
// machines have everything, and so have those that replace others: for the operator's order,
// and for a newer image.
func TestNewAndReplacedMachinesHaveWhatTheSettingsGive(t *testing.T) {
	s := newStage(t)
	s.with(append(s.sandbox.MachineSettings(), "DIVIMS_ROLL_OUT_HOURS=00:00-23:59", "DIVIMS_GRACE=6m")...)
	older := s.machines()[0]
	s.evaluateAt(5)
	if machines := s.machines(); len(machines) < 2 || len(s.sandbox.Missing(older)) == 0 {
		t.Fatalf("machines are %v, want a new one beside one that lacks everything", machines)
	}
	s.wantEquipped(older.ID)

	if response := s.call("PUT", "/servers/1/recycle", `{"reason":"settings","author":"Ada"}`, nil); response.Code != http.StatusOK {
		t.Fatalf("status %d %q", response.Code, response.Body)
	}
	at := s.evaluateUntil(5, "the recycled machine is gone", func(machines []pool.Machine) bool {
		return len(machines) > 0 && !slices.ContainsFunc(machines, func(m pool.Machine) bool { return m.ID == older.ID })
	})
	s.wantEquipped()

	const newer = "00000000-0000-4000-8000-0000000000f1"
	s.sandbox.With(func(w *world.World) {
		w.AddImage(pool.Image{ID: newer, Zone: "fr-par-1", Name: "bbb-newer", Created: w.Now()})
	})
	s.evaluateUntil(at, "all machines have the newer image", func(machines []pool.Machine) bool {
		return len(machines) > 0 && !slices.ContainsFunc(machines, func(m pool.Machine) bool { return m.ImageID != newer })
	})
	s.wantEquipped()
}

func (s *stage) machines() (machines []pool.Machine) {
	s.sandbox.With(func(w *world.World) { machines = w.Machines() })
	return machines
}

// evaluateUntil evaluates every 5 minutes after a minute, for 4 hours at most, until the
// machines are as wanted. It returns the minute of the last evaluation.
func (s *stage) evaluateUntil(minute int, what string, done func([]pool.Machine) bool) int {
	s.t.Helper()
	for end := minute + 240; !done(s.machines()); {
		if minute += 5; minute > end {
			s.t.Fatalf("not within 4 hours: %s; the machines are %+v", what, s.machines())
		}
		s.evaluateAt(minute)
	}
	return minute
}

// wantEquipped checks that all machines but some have what the settings give them.
func (s *stage) wantEquipped(but ...string) {
	s.t.Helper()
	for _, machine := range s.machines() {
		if missing := s.sandbox.Missing(machine); len(missing) > 0 && !slices.Contains(but, machine.ID) {
			s.t.Errorf("%s, made %s after the start, lacks %v", machine.Name, machine.Created.Sub(monday).Round(time.Minute), missing)
		}
	}
}
