package scalewayapi

import (
	"slices"

	"divims/internal/pool"
)

// Equipment is what a machine has besides what the world knows of it.
type Equipment struct {
	// SecurityGroup is a name, Networks are the IDs of private networks.
	SecurityGroup string
	Networks      []string
	// The root volume's tags, size in bytes, and operations per second.
	VolumeTags []string
	VolumeSize int64
	VolumeIOPS int
}

// Equipment returns the equipment of a machine. ok is false if it does not exist any more. The
// caller must not hold the lock.
func (a *API) Equipment(machineID string) (equipment Equipment, ok bool) {
	a.api.Lock.Lock()
	defer a.api.Lock.Unlock()
	a.api.metadata.sync(a.api.World)
	machines := a.api.World.Machines()
	i := slices.IndexFunc(machines, func(m pool.Machine) bool { return m.ID == machineID })
	if i < 0 || len(machines[i].Volumes) == 0 {
		return Equipment{}, false
	}
	equipment.SecurityGroup = a.api.securityGroupOf(machines[i]).Name
	for _, nic := range a.api.metadata.machines[machineID].nics {
		equipment.Networks = append(equipment.Networks, nic.network)
	}
	volume := a.api.metadata.volumes[machines[i].Volumes[0].ID]
	equipment.VolumeTags, equipment.VolumeSize, equipment.VolumeIOPS = slices.Clone(volume.tags), volume.size, volume.iops
	return equipment, true
}
