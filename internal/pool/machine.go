package pool

import (
	"net/netip"
	"time"
)

// MachineState is the hoster's state of a machine. The zero value is no state:
// a machine whose state is not one of these is left alone.
type MachineState string

// The states of a Scaleway Instance.
const (
	Running        MachineState = "running"
	Starting       MachineState = "starting"
	Stopping       MachineState = "stopping"
	Stopped        MachineState = "stopped"          // costs no compute
	StoppedInPlace MachineState = "stopped in place" // costs the full price
	Locked         MachineState = "locked"           // by the hoster; nobody can act on it
)

// Preparing is the Detail of a machine whose creation was broken off before it
// had its user data. It has never run, must not be started, and can be deleted.
const Preparing = "preparing"

// Machine is the Scaleway Instance or Elastic Metal host that is a server's
// hardware just now.
type Machine struct {
	ID string `json:"id"`
	// Zone is the availability zone, for example "fr-par-1".
	Zone      string       `json:"zone"`
	Name      string       `json:"name"`
	BareMetal bool         `json:"bare_metal,omitempty"`
	State     MachineState `json:"state"`
	// Detail is the hoster's own word on the state, for example "booting".
	Detail string `json:"detail,omitempty"`
	// Since is when the hoster last changed the machine: the best answer there
	// is to "in this state since when".
	Since   time.Time `json:"since"`
	Created time.Time `json:"created"`
	// Type is the commercial type, for example "POP2-HC-8C-16G".
	Type string `json:"type"`
	// ImageID is empty when the hoster does not say what image it was made from.
	ImageID      string               `json:"image_id,omitempty"`
	Tags         []string             `json:"tags,omitempty"`
	Addresses    []Address            `json:"addresses,omitempty"`
	Volumes      []Volume             `json:"volumes,omitempty"`
	Maintenances []PlannedMaintenance `json:"maintenances,omitempty"`
	// HourlyPrice is in euros.
	HourlyPrice Reading[float64] `json:"hourly_price"`
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
	// MachineID is the machine that holds it; empty for a free address.
	MachineID string `json:"machine_id,omitempty"`
	// Reverse is the reverse DNS name, without the final dot.
	Reverse string `json:"reverse,omitempty"`
}

// Family is a version of the Internet Protocol.
type Family string

// The families. A reserved IPv6 address is a whole network: its IP is the
// network's own, of which a machine bears the first, …::1.
const (
	IPv4 Family = "IPv4"
	IPv6 Family = "IPv6"
)

// Family tells which one an address is of.
func (a Address) Family() Family {
	if a.IP.Is4() {
		return IPv4
	}
	return IPv6
}

// VolumeKind says which of Scaleway's two volume services owns a volume.
type VolumeKind string

// Kinds of volumes. Deleting a machine deletes its local volumes; block
// volumes stay behind, detached and billed.
const (
	LocalVolume VolumeKind = "local"
	BlockVolume VolumeKind = "block"
)

// Volume is a disk of a machine, or one that a deleted machine left behind.
type Volume struct {
	ID   string     `json:"id"`
	Zone string     `json:"zone"`
	Kind VolumeKind `json:"kind"`
	Name string     `json:"name,omitempty"`
	Tags []string   `json:"tags,omitempty"`
	// Attached tells whether a machine holds it.
	Attached bool `json:"attached"`
}

// Image is what machines are built from.
type Image struct {
	ID      string    `json:"id"`
	Zone    string    `json:"zone"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
}

// MachineOrder says what machine to create.
type MachineOrder struct {
	Server Server
	// Zones and Types are tried in order, each type in each zone, until one is
	// neither out of stock nor over quota.
	Zones, Types []string
	// Refused are the pairs that had none lately and are not asked for again.
	Refused []Shortage
	// UserData is the cloud-init document; empty for none.
	UserData []byte
}
