package world

import (
	"fmt"
	"slices"

	"divims/internal/pool"
)

// What befalls a machine stays with it: its successor is well.

// PlanMaintenance lets the hoster announce a maintenance of a machine:
// ErrNotFound.
func (w *World) PlanMaintenance(id string, maintenance pool.PlannedMaintenance) error {
	m := w.machineIDs[id]
	if m == nil {
		return fmt.Errorf("plan a maintenance of machine %q: %w", id, ErrNotFound)
	}
	m.Maintenances = append(m.Maintenances, maintenance)
	return nil
}

// SetUnit lets a systemd unit fail on the machine behind a domain, or run again:
// ErrUnreachable without a machine. It is only a figure: BBB goes on answering.
func (w *World) SetUnit(domain, unit string, up bool) error {
	s := w.domains[domain]
	if s == nil || s.machine() == nil {
		return fmt.Errorf("unit %s of %s: %w", unit, domain, ErrUnreachable)
	}
	m := s.machine()
	m.unitsDown = slices.DeleteFunc(m.unitsDown, func(down string) bool { return down == unit })
	if !up {
		m.unitsDown = append(m.unitsDown, unit)
	}
	return nil
}

// FailRecording lets the first recording in work on the machine behind a domain
// fail: it is done with, and stays on the disk for a person. ErrUnreachable
// without a machine, ErrNotFound without a recording.
func (w *World) FailRecording(domain string) error {
	s := w.domains[domain]
	if s == nil || s.machine() == nil {
		return fmt.Errorf("recordings of %s: %w", domain, ErrUnreachable)
	}
	m := s.machine()
	if len(m.backlog) == 0 {
		return fmt.Errorf("recording in work on %s: %w", domain, ErrNotFound)
	}
	m.keepCount(w.now)
	m.failed = append(m.failed, m.backlog[0])
	m.backlog = m.backlog[1:]
	if m.bbbUp {
		w.work(m)
	}
	return nil
}

// failedByStage counts the recordings that failed, by the stage that they did not
// come to; every stage is there.
func (m *machine) failedByStage() map[string]int {
	counts := map[string]int{}
	for _, stage := range pool.FailureStages {
		counts[stage] = 0
	}
	for _, r := range m.failed {
		counts[stages[min(r.stage+1, published)].name]++
	}
	return counts
}
