package scalewayapi

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
)

// memory is what Scaleway knows of the world's things and the world does not.
type memory struct {
	machines map[string]*machineMemory
	volumes  map[string]*volumeMemory
	// addresses are changes to addresses, by id.
	addresses map[string]*addressMemory
}

type machineMemory struct {
	// tags are nil until they are updated.
	tags     []string
	userData map[string][]byte
	// dynamicAddress tells that the machine wants any address while it runs.
	dynamicAddress bool
}

type volumeMemory struct {
	name             string
	tags             []string
	created          time.Time
	detached         time.Time // zero while a machine holds it
	machineID, image string
}

type addressMemory struct {
	// reverse is nil until it is updated.
	reverse *string
}

func newMemory() memory {
	return memory{
		machines:  map[string]*machineMemory{},
		volumes:   map[string]*volumeMemory{},
		addresses: map[string]*addressMemory{},
	}
}

// catchUp takes note of what appeared in the world, and forgets what is gone.
func (m *memory) catchUp(w World) {
	machines := map[string]bool{}
	attached := map[string]bool{}
	for _, machine := range w.Machines() {
		machines[machine.ID] = true
		if m.machines[machine.ID] == nil {
			m.machines[machine.ID] = &machineMemory{userData: map[string][]byte{}}
		}
		for i, volume := range machine.Volumes {
			attached[volume.ID] = true
			if m.volumes[volume.ID] == nil {
				m.volumes[volume.ID] = newVolumeMemory(machine, i, w.Images())
			}
		}
	}
	maps.DeleteFunc(m.machines, func(id string, _ *machineMemory) bool { return !machines[id] })
	m.noteVolumes(w, attached)
}

// newVolumeMemory names a volume after the image, as recorded. It has no tags,
// whatever tags its machine has.
func newVolumeMemory(machine pool.Machine, index int, images []pool.Image) *volumeMemory {
	note := &volumeMemory{created: machine.Created, machineID: machine.ID, image: machine.ImageID}
	if i := slices.IndexFunc(images, func(image pool.Image) bool { return image.ID == machine.ImageID }); i >= 0 {
		note.name = images[i].Name
	}
	if machine.Volumes[index].Kind == pool.BlockVolume {
		note.name += fmt.Sprintf("_sbs_volume_%d", index)
	}
	return note
}

// noteVolumes dates the end of attachments: to when it is first seen.
func (m *memory) noteVolumes(w World, attached map[string]bool) {
	exist := maps.Clone(attached)
	for _, volume := range w.Volumes() {
		exist[volume.ID] = true
		if m.volumes[volume.ID] == nil {
			m.volumes[volume.ID] = &volumeMemory{name: volume.Name, created: w.Now()}
		}
		if note := m.volumes[volume.ID]; !attached[volume.ID] && note.detached.IsZero() {
			note.detached = w.Now()
		}
	}
	maps.DeleteFunc(m.volumes, func(id string, _ *volumeMemory) bool { return !exist[id] })
}

// ofAddress gives the memory of an address, to be changed.
func (m *memory) ofAddress(id string) *addressMemory {
	if m.addresses[id] == nil {
		m.addresses[id] = &addressMemory{}
	}
	return m.addresses[id]
}

// allAddresses are the world's addresses, with what was changed of them.
func (m *memory) allAddresses(w World) []pool.Address {
	all := w.Addresses()
	for i, address := range all {
		if change := m.addresses[address.ID]; change != nil && change.reverse != nil {
			all[i].Reverse = *change.reverse
		}
	}
	return all
}
