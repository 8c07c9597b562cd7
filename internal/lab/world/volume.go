package world

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// volume is a disk.
type volume struct {
	pool.Volume
	// machine is nil once the volume is detached, by the deletion of its machine or by
	// hand. detached is when that was, and detachedBy who did it.
	machine    *machine
	detached   time.Time
	detachedBy Cause
	// unfinished is how many recordings would be lost with a disk that a person detached.
	// Those of a deleted machine count as lost with the machine.
	unfinished int
}

// leftoverAge is how long after the deletion of a machine its volume may stay.
const leftoverAge = 15 * time.Minute

// isLeftover reports whether DiViMS should have deleted the volume.
func (v *volume) isLeftover(now time.Time) bool {
	return v.machine == nil && v.detachedBy == DiViMS && now.Sub(v.detached) > leftoverAge
}

// detach takes a volume off its machine.
func (w *World) detach(v *volume, by Cause) {
	v.unfinished = 0
	if by == Person {
		v.unfinished = v.machine.unfinished()
	}
	v.machine, v.detached, v.detachedBy = nil, w.now, by
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
	if w.volumes[i].detachedBy == Person && w.caller == DiViMS {
		w.tally.DeletedByHandVolumes++
	}
	w.noteLost(w.volumes[i].unfinished, w.caller)
	w.volumes = slices.Delete(w.volumes, i, i+1)
	return nil
}
