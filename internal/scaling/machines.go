package scaling

import (
	"slices"

	"divims/internal/fact"
	"divims/internal/pool"
)

// provideMachines creates or starts the machines that enabled servers lack. It deletes
// machines whose creation was broken off.
func (d *decision) provideMachines() {
	for _, s := range d.servers {
		if !s.mayTouch() || s.intended != pool.Enabled {
			continue
		}
		switch s.machineState() {
		case "":
			d.create(s)
		case pool.Stopped, pool.StoppedInPlace:
			if s.machine.Detail == pool.Preparing {
				d.delete(s)
				continue
			}
			d.do(Action{Kind: PowerOn, Server: s.Server.Number, Reason: fact.New("it is enabled and its machine is %s", s.machine.State)})
		}
	}
}

// create plans a machine for a server, or records why it gets none now.
func (d *decision) create(s *server) {
	switch {
	case s.Server.BareMetal:
		s.leftAlone = fact.New("bare metal cannot be created, and its machine is not in the hoster's list")
	case s.entry.Online:
		s.leftAlone = fact.New("it has no machine of the pool, yet Scalelite says online: whose machine is that?")
	case s.waits && s.memory.Failures == 0:
		s.leftAlone = fact.New("no machine could be had for it; it is tried again after %s", s.memory.NotBefore)
	case s.waits:
		s.leftAlone = fact.New("the creation failed %s; it is tried again after %s",
			fact.Count(s.memory.Failures, "time"), s.memory.NotBefore)
	case d.allow(Create, d.config.MaxCreations, s):
		d.do(Action{Kind: Create, Server: s.Server.Number, Reason: fact.New("it is enabled and has no machine")})
	}
}

// clearMarkedVolumes deletes the volumes that deleted machines left behind. A marked
// volume whose machine stays after all loses its mark, so that nobody who detaches it
// later, for example to save a recording, loses it.
func (d *decision) clearMarkedVolumes() {
	volumes, _ := d.seen.Leftovers.Get()
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
