package world

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// Bounds of the hoster's own times, as observed at Scaleway.
const (
	minStarting, maxStarting = 5 * time.Second, 60 * time.Second
	minStopping, maxStopping = 5 * time.Second, 40 * time.Second
)

// PowerOn starts a machine that is stopped or stopped in place. It is starting for 5 to
// 60 s and then running. BBB answers BootMin to BootMax after the call. Errors, also of
// the other actions: ErrNotFound, ErrState. PowerOn also returns a *RefusedError.
func (w *World) PowerOn(id string) error {
	m, err := w.machineToAct(id, "power on", pool.Stopped, pool.StoppedInPlace)
	if err == nil && m.root == nil && !m.BareMetal {
		err = fmt.Errorf("power on machine %s, which has no volume: %w", id, ErrState)
	}
	if err == nil {
		err = w.startRefused(m)
	}
	if err != nil {
		return err
	}
	w.boot(m)
	return nil
}

// PowerOff interrupts all meetings on a running machine and stops it within 5 to 40 s.
// It also accepts a machine that is stopped in place. The disk stays.
func (w *World) PowerOff(id string) error {
	return w.stop(id, "power off", pool.Stopped, pool.Running, pool.StoppedInPlace)
}

// StopInPlace is like PowerOff, but the machine ends up stopped in place.
func (w *World) StopInPlace(id string) error {
	return w.stop(id, "stop in place", pool.StoppedInPlace, pool.Running)
}

func (w *World) stop(id, action string, final pool.MachineState, from ...pool.MachineState) error {
	m, err := w.machineToAct(id, action, from...)
	if err != nil {
		return err
	}
	w.noteDrain(m)
	w.halt(m, "stopping", func() { w.change(m, final, "") })
	return nil
}

// Reboot interrupts all meetings on a running machine and starts it again.
func (w *World) Reboot(id string) error {
	m, err := w.machineToAct(id, "reboot", pool.Running)
	if err != nil {
		return err
	}
	if w.caller == DiViMS {
		w.tally.Reboots++
	}
	w.halt(m, "rebooting", func() { w.boot(m) })
	return nil
}

// Terminate interrupts all meetings on a machine and deletes it within 5 to 40 s,
// together with its local volume. A block volume is left behind, and addresses become
// free. The machine must be running, stopped or stopped in place. Errors also:
// ErrInvalid for bare metal.
func (w *World) Terminate(id string) error {
	m, err := w.machineToDelete(id, "terminate", pool.Running, pool.Stopped, pool.StoppedInPlace)
	if err != nil {
		return err
	}
	by := w.caller
	w.halt(m, "terminating", func() {
		w.remove(m, by)
		w.volumes = slices.DeleteFunc(w.volumes, func(v *volume) bool { return v == m.root && v.Kind == pool.LocalVolume })
	})
	w.noteDeletion(m)
	return nil
}

// Delete deletes a stopped machine at once. Unlike Terminate, it also leaves a local
// volume behind. Errors: ErrNotFound, ErrState, ErrInvalid for bare metal.
func (w *World) Delete(id string) error {
	m, err := w.machineToDelete(id, "delete", pool.Stopped)
	if err != nil {
		return err
	}
	w.noteDeletion(m)
	w.remove(m, w.caller)
	return nil
}

func (w *World) machineToDelete(id, action string, from ...pool.MachineState) (*machine, error) {
	m, err := w.machineToAct(id, action, from...)
	if err == nil && m.BareMetal {
		return nil, fmt.Errorf("%s bare metal machine %s: %w", action, id, ErrInvalid)
	}
	return m, err
}

// machineToAct returns the machine with the id if its state is one of from.
func (w *World) machineToAct(id, action string, from ...pool.MachineState) (*machine, error) {
	m, err := w.machineByID(id)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	if !slices.Contains(from, m.State) {
		return nil, fmt.Errorf("%s machine %s, which is %s: %w", action, id, m.State, ErrState)
	}
	return m, nil
}

// Machines returns all machines in the order of their creation.
func (w *World) Machines() []pool.Machine {
	seen := make([]pool.Machine, len(w.machines))
	for i, m := range w.machines {
		seen[i] = m.seen()
	}
	return seen
}

// ReportState makes the hoster report a state for the machine of a server until end is
// called. The machine itself does not change. Without a machine nothing happens, and end is nil.
func (w *World) ReportState(number int, state pool.MachineState) (end func()) {
	m := w.machineOf(number)
	if m == nil {
		return nil
	}
	return m.reported.add(state)
}

// ReportedState returns the state that the hoster reports for a machine: the last one
// that ReportState set, or the real one, which Machines returns.
func (w *World) ReportedState(machine pool.Machine) pool.MachineState {
	if m := w.machineIDs[machine.ID]; m != nil {
		if state := m.reported.newest(); state != nil {
			return *state
		}
	}
	return machine.State
}
