package world

import (
	"strconv"

	"divims/internal/pool"
)

// Type is a commercial type of machine.
type Type struct {
	Name string
	// CPUs and Memory (bytes) are what a machine of this type has.
	CPUs   int
	Memory int64
	// HourlyPrice is in euros.
	HourlyPrice float64
	// RootVolume says whether a deleted machine's disk goes with it (local) or
	// stays behind (block).
	RootVolume pool.VolumeKind
}

// Order is what CreateMachine makes.
type Order struct {
	Name, Zone, Type, ImageID string
	Tags                      []string
	// AddressIDs are reserved addresses of the same zone that no machine holds.
	AddressIDs []string
}

// AddressTag marks the address that a server's domain points to.
func AddressTag(number int) string { return "divims-server-" + strconv.Itoa(number) }

// CreateMachine makes a machine in state stopped, as Scaleway does. Names need
// not be unique. Errors: ErrInvalid for an unknown type or zone or an address of
// another zone, ErrNotFound for an unknown image or address, ErrState for an
// address that is held already, ErrOutOfStock.
func (w *World) CreateMachine(order Order) (pool.Machine, error) { return pool.Machine{}, ErrInvalid }

// PowerOn starts a machine that is stopped, in place or not: starting for 5 to
// 60 s, then running; BBB answers BootMin to BootMax after the call.
// Errors, also of the other actions: ErrNotFound, ErrState.
func (w *World) PowerOn(id string) error { return ErrNotFound }

// PowerOff throws everybody out and stops a running machine in 5 to 40 s. Its
// disk stays.
func (w *World) PowerOff(id string) error { return ErrNotFound }

// StopInPlace is PowerOff with the other final state.
func (w *World) StopInPlace(id string) error { return ErrNotFound }

// Reboot throws everybody out and starts a running machine again.
func (w *World) Reboot(id string) error { return ErrNotFound }

// Terminate throws everybody out and deletes a running machine in 5 to 40 s,
// its local volumes with it. Block volumes stay behind, addresses become free.
// ErrInvalid for bare metal.
func (w *World) Terminate(id string) error { return ErrNotFound }

// Machines lists all machines in the order of their creation.
func (w *World) Machines() []pool.Machine { return nil }

// Volumes lists all volumes, the attached ones included.
func (w *World) Volumes() []pool.Volume { return nil }

// DeleteVolume deletes a detached block volume: ErrNotFound, ErrState.
func (w *World) DeleteVolume(id string) error { return ErrNotFound }

// Addresses lists the reserved addresses.
func (w *World) Addresses() []pool.Address { return nil }

// Images lists what machines can be made of.
func (w *World) Images() []pool.Image { return nil }

// Types lists the commercial types.
func (w *World) Types() []Type { return nil }

// Zones lists the availability zones.
func (w *World) Zones() []string { return nil }

// SetStock says whether machines of a type can be had in a zone.
func (w *World) SetStock(typeName, zone string, available bool) {}

// InStock tells whether machines of a type can be had in a zone.
func (w *World) InStock(typeName, zone string) bool { return true }
