package world

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// The methods below are what a person does to the machine of a server in the hoster's
// console. Each returns a function that reverts the change as far as that is still
// possible, or nil if nothing could be done.

// StopByHand stops a server's machine.
func (w *World) StopByHand(number int) (undo func()) {
	m := w.machineOf(number)
	if m == nil || !slices.Contains([]pool.MachineState{pool.Running, pool.Starting, pool.StoppedInPlace}, m.State) {
		return nil
	}
	w.stopByHand(m)
	return func() { w.startByHand(m) }
}

// StartByHand starts a server's machine.
func (w *World) StartByHand(number int) (undo func()) {
	m := w.machineOf(number)
	if m == nil || !slices.Contains([]pool.MachineState{pool.Stopped, pool.Stopping, pool.StoppedInPlace}, m.State) {
		return nil
	}
	w.startByHand(m)
	return func() { w.stopByHand(m) }
}

// RenameByHand gives a server's machine another name. Its domain still leads to it.
func (w *World) RenameByHand(number int, name string) (undo func()) {
	m := w.machineOf(number)
	if m == nil || m.Name == name {
		return nil
	}
	before := m.Name
	_ = w.RenameMachine(m.ID, name) // the machine exists
	return func() {
		if m.Name == name {
			_ = w.RenameMachine(m.ID, before) // it may be gone
		}
	}
}

// TagByHand adds a tag to a server's machine. The others stay.
func (w *World) TagByHand(number int, tag string) (undo func()) {
	m := w.machineOf(number)
	if m == nil || slices.Contains(m.Tags, tag) {
		return nil
	}
	_ = w.RetagMachine(m.ID, append(slices.Clone(m.Tags), tag)) // the machine exists
	return func() {
		left := slices.DeleteFunc(slices.Clone(m.Tags), func(other string) bool { return other == tag })
		_ = w.RetagMachine(m.ID, left) // it may be gone
	}
}

// DetachVolumeByHand stops a server's machine and then detaches its volume.
func (w *World) DetachVolumeByHand(number int) (undo func()) {
	m := w.machineOf(number)
	if m == nil || m.root == nil {
		return nil
	}
	root, ran := m.root, m.State != pool.Stopped
	w.stopByHand(m)
	w.onceSettled(m, func() {
		if m.State == pool.Stopped && m.root == root {
			w.detach(root, Person)
			m.root = nil
		}
	})
	return func() { w.attachByHand(m, root, ran) }
}

// attachByHand attaches a volume to its machine again, and starts the machine if it ran.
func (w *World) attachByHand(m *machine, root *volume, ran bool) {
	w.onceSettled(m, func() {
		if m.root == nil && slices.Contains(w.volumes, root) {
			root.machine, m.root = m, root
		}
		if ran {
			w.startByHand(m)
		}
	})
}

// stopByHand stops a machine that runs, or that is starting.
func (w *World) stopByHand(m *machine) {
	w.onceSettled(m, func() {
		w.As(Person, func() { _ = w.PowerOff(m.ID) }) // it may be stopped already
	})
}

// startByHand starts a machine that is stopped, or that is stopping.
func (w *World) startByHand(m *machine) {
	w.onceSettled(m, func() {
		w.As(Person, func() { _ = w.PowerOn(m.ID) }) // it may run already, or be refused
	})
}

// onceSettled calls do once a machine is neither starting nor stopping, unless it is gone
// by then.
func (w *World) onceSettled(m *machine, do func()) {
	switch {
	case w.machineIDs[m.ID] != m:
	case m.State == pool.Starting || m.State == pool.Stopping:
		w.once(w.now.Add(time.Second), byHoster, func() { w.onceSettled(m, do) })
	default:
		do()
	}
}
