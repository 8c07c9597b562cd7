package world

import "divims/internal/pool"

// Delete removes a stopped machine at once. Unlike Terminate it leaves local
// volumes behind as well as block volumes. Errors: ErrNotFound, ErrState.
func (w *World) Delete(id string) error {
	m, err := w.machineToAct(id, "delete", pool.Stopped)
	if err != nil {
		return err
	}
	w.noteDrain(m)
	w.tally.LostRecordings += len(m.backlog)
	w.tally.MachinesDeleted++
	w.vanish(m)
	if m.root.Kind == pool.LocalVolume {
		w.volumes = append(w.volumes, m.root)
	}
	return nil
}
