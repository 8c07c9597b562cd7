package world

import (
	"fmt"

	"divims/internal/pool"
)

// The failures below belong to a machine. The machine that replaces it does not have
// them.

// PlanMaintenance adds a maintenance that the hoster announces for a machine. Errors:
// ErrNotFound.
func (w *World) PlanMaintenance(id string, maintenance pool.PlannedMaintenance) error {
	m := w.machineIDs[id]
	if m == nil {
		return fmt.Errorf("plan maintenance of machine %q: %w", id, ErrNotFound)
	}
	m.Maintenances = append(m.Maintenances, maintenance)
	return nil
}

// FailRecording makes the first recording of the backlog on the machine behind a domain
// fail. It is not processed any more and stays on the disk until somebody repairs it.
// Errors: ErrUnreachable if there is no machine, ErrNotFound if there is no recording.
func (w *World) FailRecording(domain string) error {
	m, err := w.machineBehind(domain)
	if err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	if len(m.backlog) == 0 {
		return fmt.Errorf("recording in work on %s: %w", domain, ErrNotFound)
	}
	w.fail(m, m.backlog[0])
	return nil
}

// failedByStage returns the number of failed recordings by the stage that they did not
// reach. Every stage is in it.
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
