package scaling

import (
	"slices"

	"divims/internal/fact"
	"divims/internal/pool"
)

// start plans to create or start the machine of a server. ok is false if that is not
// possible now; waits is set if doubt or a limit of the evaluation is why.
func (d *decision) start(s *server, reason fact.Text) (ok, waits bool) {
	switch {
	case s.hasNoMachine() && s.isOnline() && !d.twice(s.memory.Entry.UnavailableSince):
		s.leftAlone = fact.New("it has no machine of the pool, yet Scalelite says online: whose machine is that?")
		return false, false
	case s.hasNoMachine() && !s.memory.Gone.IsZero() && !d.twice(s.memory.Gone):
		s.leftAlone = fact.New("its machine is missing from the hoster's list for the first time: nothing is done unless the next evaluation sees the same")
		return false, true
	case s.machine != nil && s.machine.Detail == pool.Preparing:
		d.delete(s)
		return false, true
	case !d.mayStart():
		return false, true
	case s.machine == nil && !d.allow(Create, s):
		return false, true
	}
	kind := Create
	if s.machine != nil {
		kind = PowerOn
	}
	d.started++
	d.do(Action{Kind: kind, Server: s.Server.Number, Reason: reason})
	return true, false
}

// clearMarkedVolumes deletes the volumes that deleted machines left behind. A marked
// volume whose machine stays after all loses its mark, so that nobody who detaches it
// later, for example to save a recording, loses it.
func (d *decision) clearMarkedVolumes() {
	volumes, _ := d.seen.Leftovers.Get()
	if len(volumes) == 0 {
		return
	}
	for _, volume := range volumes {
		if _, unread := d.seen.UnreadZones[volume.Zone]; unread || volume.MachineID == "" {
			continue
		}
		switch machine := d.machineWithID(volume.MachineID); {
		case machine == nil && !volume.Attached && !d.attached(volume.ID):
			d.do(Action{Kind: DeleteVolume, Volume: &volume, Reason: fact.New("its machine is gone; detached volumes are billed")})
		case machine != nil && machine.State != pool.Stopping && !d.deletes(machine.ID):
			d.do(Action{Kind: UnmarkVolume, Volume: &volume, Reason: fact.New("its machine was to be deleted, but exists")})
		}
	}
}

// machineWithID returns a listed machine, or nil.
func (d *decision) machineWithID(id string) *pool.Machine {
	machines, _ := d.seen.Machines.Get()
	for i := range machines {
		if machines[i].ID == id {
			return &machines[i]
		}
	}
	return nil
}

// deletes reports whether the plan deletes a machine.
func (d *decision) deletes(machineID string) bool {
	return slices.ContainsFunc(d.plan.Actions, func(action Action) bool {
		return action.Kind == Delete && d.servers[action.Server-1].machine.ID == machineID
	})
}

// attached reports whether a listed machine has the volume after all.
func (d *decision) attached(volumeID string) bool {
	machines, _ := d.seen.Machines.Get()
	return slices.ContainsFunc(machines, func(machine pool.Machine) bool {
		return slices.ContainsFunc(machine.Volumes, func(volume pool.Volume) bool { return volume.ID == volumeID })
	})
}
