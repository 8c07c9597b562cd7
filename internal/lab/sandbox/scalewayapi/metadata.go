package scalewayapi

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// metadata is what Scaleway stores about resources and the world does not.
type metadata struct {
	machines map[string]*machineMetadata
	volumes  map[string]*volumeMetadata
	// addresses has the addresses that were changed, by id.
	addresses map[string]*addressMetadata
}

type machineMetadata struct {
	userData map[string][]byte
	// securityGroup and placementGroup are ids. They are empty until they are set: the
	// machine is in the project's default security group and in no placement group.
	securityGroup, placementGroup string
	nics                          []nicMetadata
	// dynamicAddress makes Scaleway assign an address while the machine runs.
	dynamicAddress bool
}

type volumeMetadata struct {
	name             string
	tags             []string
	created          time.Time
	detached         time.Time // zero while it is attached
	machineID, image string
	size             int64 // bytes
	iops, formerIOPS int   // of a block volume
	// updated is when the last change of iops takes effect.
	updated time.Time
}

type addressMetadata struct {
	// reverse is nil until it is updated.
	reverse *string
}

func newMetadata() metadata {
	return metadata{
		machines:  map[string]*machineMetadata{},
		volumes:   map[string]*volumeMetadata{},
		addresses: map[string]*addressMetadata{},
	}
}

// sync adds metadata for new machines and volumes and removes the metadata of deleted ones.
func (m *metadata) sync(w *world.World) {
	machines := map[string]bool{}
	attached := map[string]bool{}
	for _, machine := range w.Machines() {
		machines[machine.ID] = true
		if m.machines[machine.ID] == nil {
			m.machines[machine.ID] = &machineMetadata{userData: map[string][]byte{}}
		}
		for i, volume := range machine.Volumes {
			attached[volume.ID] = true
			if m.volumes[volume.ID] == nil {
				m.volumes[volume.ID] = newVolumeMetadata(machine, i, w.Images())
			}
		}
	}
	maps.DeleteFunc(m.machines, func(id string, _ *machineMetadata) bool { return !machines[id] })
	m.syncVolumes(w, attached)
}

// newVolumeMetadata names a volume after the image, as recorded. It does not inherit
// the machine's tags.
func newVolumeMetadata(machine pool.Machine, index int, images []pool.Image) *volumeMetadata {
	note := &volumeMetadata{created: machine.Created, machineID: machine.ID, image: machine.ImageID, size: volumeSize, iops: defaultIOPS}
	if i := slices.IndexFunc(images, func(image pool.Image) bool { return image.ID == machine.ImageID }); i >= 0 {
		note.name = images[i].Name
	}
	if machine.Volumes[index].Kind == pool.BlockVolume {
		note.name += fmt.Sprintf("_sbs_volume_%d", index)
	}
	return note
}

// syncVolumes records when each volume was first seen detached, and removes the metadata of
// deleted volumes.
func (m *metadata) syncVolumes(w *world.World, attached map[string]bool) {
	exist := maps.Clone(attached)
	for _, volume := range w.Volumes() {
		exist[volume.ID] = true
		if m.volumes[volume.ID] == nil {
			m.volumes[volume.ID] = &volumeMetadata{name: volume.Name, created: w.Now(), size: volumeSize, iops: defaultIOPS}
		}
		switch note := m.volumes[volume.ID]; {
		case attached[volume.ID]:
			note.detached = time.Time{}
		case note.detached.IsZero():
			note.detached = w.Now()
		}
	}
	maps.DeleteFunc(m.volumes, func(id string, _ *volumeMetadata) bool { return !exist[id] })
}

// ofAddress returns the metadata of an address. If there is none, it adds an empty one.
func (m *metadata) ofAddress(id string) *addressMetadata {
	if m.addresses[id] == nil {
		m.addresses[id] = &addressMetadata{}
	}
	return m.addresses[id]
}

// allAddresses returns the world's addresses with the changes in the metadata.
func (m *metadata) allAddresses(w *world.World) []pool.Address {
	all := w.Addresses()
	for i, address := range all {
		if change := m.addresses[address.ID]; change != nil && change.reverse != nil {
			all[i].Reverse = *change.reverse
		}
	}
	return all
}
