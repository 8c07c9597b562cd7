package world

import (
	"fmt"
	"slices"
)

// RenameMachine changes the name of a machine, for the hoster only: its domain stays.
// Like the other edits, it moves the machine's Since unless it changes nothing, as
// recorded at Scaleway. Errors: ErrNotFound.
func (w *World) RenameMachine(id, name string) error {
	m, err := w.machineByID(id)
	if err != nil || m.Name == name {
		return err
	}
	m.Name = name
	w.noteDuplicates()
	return w.TouchMachine(id)
}

// RetagMachine replaces the tags of a machine. Errors: ErrNotFound.
func (w *World) RetagMachine(id string, tags []string) error {
	m, err := w.machineByID(id)
	if err != nil || slices.Equal(m.Tags, tags) {
		return err
	}
	m.Tags = slices.Clone(tags)
	w.noteDuplicates()
	return w.TouchMachine(id)
}

// TouchMachine moves the Since of a machine, as an edit of something that the world does
// not have: the security group or the placement group. Errors: ErrNotFound.
func (w *World) TouchMachine(id string) error {
	m, err := w.machineByID(id)
	if err == nil {
		m.Since = w.now
	}
	return err
}

// machineByID returns the machine with the id, or ErrNotFound.
func (w *World) machineByID(id string) (*machine, error) {
	if m := w.machineIDs[id]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("machine %q: %w", id, ErrNotFound)
}
