package pool

import (
	"net/netip"
	"time"
)

// MachineState is the hoster's state of a machine. A machine in any other state than
// these is left alone.
type MachineState string

// The states of a Scaleway Instance.
const (
	Running        MachineState = "running"
	Starting       MachineState = "starting"
	Stopping       MachineState = "stopping"
	Stopped        MachineState = "stopped"          // costs no compute
	StoppedInPlace MachineState = "stopped in place" // costs the full price
	Locked         MachineState = "locked"           // by the hoster; it cannot be changed
)

// Preparing is the Detail of a machine whose creation was interrupted before it had all that
// it must have, such as its user data. It has never run and must not be started; it can be
// deleted.
const Preparing = "preparing"

// Machine is the Scaleway Instance or Elastic Metal host that currently is a server's
// hardware.
type Machine struct {
	ID string `json:"id"`
	// Zone is the availability zone, for example "fr-par-1".
	Zone      string       `json:"zone"`
	Name      string       `json:"name"`
	BareMetal bool         `json:"bare_metal,omitempty"`
	State     MachineState `json:"state"`
	// Detail is the hoster's detailed state, for example "booting".
	Detail string `json:"detail,omitempty"`
	// Since is when the hoster last modified the machine. It moves with every change of
	// the state, but also with every edit of the tags, the name or the groups. So it is
	// the start of the current state only if nobody has edited the machine since:
	// ServerMemory.StateSince counts wherever there is one.
	Since   time.Time `json:"since"`
	Created time.Time `json:"created"`
	// Type is the commercial type, for example "POP2-HC-8C-16G".
	Type string `json:"type"`
	// ImageID is empty if the hoster does not return the machine's image.
	ImageID      string               `json:"image_id,omitempty"`
	Tags         []string             `json:"tags,omitempty"`
	Addresses    []Address            `json:"addresses,omitempty"`
	Volumes      []Volume             `json:"volumes,omitempty"`
	Maintenances []PlannedMaintenance `json:"maintenances,omitempty"`
	// SecurityGroup and Networks are IDs: of its security group, and of the private networks
	// in which it has an interface.
	SecurityGroup string   `json:"-"`
	Networks      []string `json:"-"`
	// HourlyPrice is in euros.
	HourlyPrice Reading[float64] `json:"hourly_price"`
}

// MayAnswer reports whether something may answer on the machine. It is false without a
// machine, and for one that is known to be off or on its way there or back.
func (m *Machine) MayAnswer() bool {
	if m == nil {
		return false
	}
	switch m.State {
	case Stopped, StoppedInPlace, Starting, Stopping:
		return false
	}
	return true
}

// PlannedMaintenance is a maintenance that the hoster announced for a machine.
type PlannedMaintenance struct {
	Reason string    `json:"reason"`
	Start  time.Time `json:"start"`
}

// Address is a public address of the pool's project.
type Address struct {
	ID   string     `json:"id"`
	Zone string     `json:"zone"`
	IP   netip.Addr `json:"ip"`
	Tags []string   `json:"tags,omitempty"`
	// MachineID is the machine that uses it; empty for a free address.
	MachineID string `json:"machine_id,omitempty"`
	// Reverse is the reverse DNS name, without the final dot.
	Reverse string `json:"reverse,omitempty"`
}

// Family is an IP version.
type Family string

// The IP versions. A reserved IPv6 address is a whole network: IP is its network
// address, and the machine has the first address in it, …::1.
const (
	IPv4 Family = "IPv4"
	IPv6 Family = "IPv6"
)

// Family returns the address's IP version.
func (a Address) Family() Family {
	if a.IP.Is4() {
		return IPv4
	}
	return IPv6
}

// VolumeKind is the Scaleway service that a volume belongs to.
type VolumeKind string

// The kinds of volumes. Local volumes are deleted with their machine. Block volumes
// stay, detached and billed.
const (
	LocalVolume VolumeKind = "local"
	BlockVolume VolumeKind = "block"
)

// Volume is a disk of a machine, or one that is left of a deleted machine.
type Volume struct {
	ID   string     `json:"id"`
	Zone string     `json:"zone"`
	Kind VolumeKind `json:"kind"`
	Name string     `json:"name,omitempty"`
	Tags []string   `json:"tags,omitempty"`
	// Attached is true if a machine uses it.
	Attached bool `json:"attached"`
	// MachineID is the machine whose deletion left the volume, by its mark. It is empty if
	// the mark names none.
	MachineID string `json:"machine_id,omitempty"`
}

// Image is a disk image that machines are created from.
type Image struct {
	ID      string    `json:"id"`
	Zone    string    `json:"zone"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Arch is the processor architecture, "x86_64" or "arm64"; empty if unknown.
	Arch string `json:"arch,omitempty"`
	// LocalSize is the size of its local volumes in bytes. HasBlock is set if it has block
	// volumes.
	LocalSize int64 `json:"local_size,omitempty"`
	HasBlock  bool  `json:"has_block,omitempty"`
}

// MachineType is what the hoster says about a commercial type, as far as an image has to
// fit it.
type MachineType struct {
	// Arch is the processor architecture as in Image; empty if unknown.
	Arch string
	// LocalStorage is the most that its local volumes may have together, in bytes: 0 for a
	// type without local storage. NoBlock is set if it cannot have block volumes.
	LocalStorage int64
	NoBlock      bool
	// Ended is set if the hoster no longer offers it.
	Ended bool
}

// MachineOrder describes a machine to create.
type MachineOrder struct {
	Server Server
	// Zones and Types are tried in order, each type in each zone, until one is
	// neither out of stock nor over quota.
	Zones, Types []string
	// Refused are the types and zones to skip, because they were refused lately.
	Refused []Refusal
	// Images are the images to use instead of the newest, by zone.
	Images map[string]string
	// UserData is the cloud-init document; empty for none.
	UserData []byte
}
