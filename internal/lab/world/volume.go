package world

import (
	"fmt"
	"slices"

	"divims/internal/pool"
)

// volume is a disk. machine is nil once its machine is deleted.
type volume struct {
	pool.Volume
	machine *machine
}

// seen returns the volume as the hoster lists it.
func (v *volume) seen() pool.Volume {
	seen := v.Volume
	seen.Tags = slices.Clone(v.Tags)
	seen.Attached = v.machine != nil
	return seen
}

// Volumes returns all volumes, attached ones included.
func (w *World) Volumes() []pool.Volume {
	seen := make([]pool.Volume, len(w.volumes))
	for i, v := range w.volumes {
		seen[i] = v.seen()
	}
	return seen
}

// DeleteVolume deletes a detached volume. Errors: ErrNotFound, ErrState.
func (w *World) DeleteVolume(id string) error {
	i := slices.IndexFunc(w.volumes, func(v *volume) bool { return v.ID == id })
	if i < 0 {
		return fmt.Errorf("delete volume %q: %w", id, ErrNotFound)
	}
	if w.volumes[i].machine != nil {
		return fmt.Errorf("delete volume %s, which is attached: %w", id, ErrState)
	}
	w.volumes = slices.Delete(w.volumes, i, i+1)
	return nil
}
