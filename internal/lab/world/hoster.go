package world

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// The hoster's own times, as seen at Scaleway.
const (
	startingMin, startingMax = 5 * time.Second, 60 * time.Second
	stoppingMin, stoppingMax = 5 * time.Second, 40 * time.Second
)

// PowerOn starts a machine that is stopped, in place or not: starting for 5 to
// 60 s, then running; BBB answers BootMin to BootMax after the call.
// Errors, also of the other actions: ErrNotFound, ErrState.
func (w *World) PowerOn(id string) error {
	m, err := w.machineToAct(id, "power on", pool.Stopped, pool.StoppedInPlace)
	if err != nil {
		return err
	}
	w.boot(m)
	return nil
}

// PowerOff throws everybody out and stops a running machine in 5 to 40 s. Its
// disk stays.
func (w *World) PowerOff(id string) error {
	return w.stop(id, "power off", pool.Stopped, pool.Running, pool.StoppedInPlace)
}

// StopInPlace is PowerOff with the other final state.
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

// Reboot throws everybody out and starts a running machine again.
func (w *World) Reboot(id string) error {
	m, err := w.machineToAct(id, "reboot", pool.Running)
	if err != nil {
		return err
	}
	w.halt(m, "rebooting", func() { w.boot(m) })
	return nil
}

// Terminate throws everybody out and deletes a machine in 5 to 40 s, its local
// volume with it. A block volume stays behind, addresses become free. The machine
// must be running or stopped; bare metal gives ErrInvalid.
func (w *World) Terminate(id string) error {
	m, err := w.machineToDelete(id, "terminate", pool.Running, pool.Stopped, pool.StoppedInPlace)
	if err != nil {
		return err
	}
	w.halt(m, "terminating", func() {
		w.vanish(m)
		w.volumes = slices.DeleteFunc(w.volumes, func(v *volume) bool { return v == m.root && v.Kind == pool.LocalVolume })
	})
	w.noteDeletion(m)
	return nil
}

// Delete removes a stopped machine at once. Unlike Terminate it leaves the local
// volumes behind, too. Errors: ErrNotFound, ErrState, ErrInvalid for bare metal.
func (w *World) Delete(id string) error {
	m, err := w.machineToDelete(id, "delete", pool.Stopped)
	if err != nil {
		return err
	}
	w.noteDeletion(m)
	w.vanish(m)
	return nil
}

func (w *World) machineToDelete(id, action string, from ...pool.MachineState) (*machine, error) {
	m, err := w.machineToAct(id, action, from...)
	if err == nil && m.BareMetal {
		return nil, fmt.Errorf("%s bare metal machine %s: %w", action, id, ErrInvalid)
	}
	return m, err
}

// machineToAct finds a machine and makes sure that its state allows the action.
func (w *World) machineToAct(id, action string, from ...pool.MachineState) (*machine, error) {
	m := w.machineIDs[id]
	if m == nil {
		return nil, fmt.Errorf("%s machine %q: %w", action, id, ErrNotFound)
	}
	if !slices.Contains(from, m.State) {
		return nil, fmt.Errorf("%s machine %s, which is %s: %w", action, id, m.State, ErrState)
	}
	return m, nil
}

// Machines lists all machines in the order of their creation.
func (w *World) Machines() []pool.Machine {
	seen := make([]pool.Machine, len(w.machines))
	for i, m := range w.machines {
		seen[i] = m.seen()
	}
	return seen
}
