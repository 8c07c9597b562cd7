package world

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

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

// defaultTypes are three of Scaleway's, with the prices of July 2026.
func defaultTypes() []Type {
	const gib = 1 << 30
	return []Type{
		{Name: "POP2-HC-8C-16G", CPUs: 8, Memory: 16 * gib, HourlyPrice: 0.213, RootVolume: pool.BlockVolume},
		{Name: "POP2-8C-32G", CPUs: 8, Memory: 32 * gib, HourlyPrice: 0.29, RootVolume: pool.BlockVolume},
		{Name: "GP1-S", CPUs: 8, Memory: 32 * gib, HourlyPrice: 0.191, RootVolume: pool.LocalVolume},
	}
}

// Order is what CreateMachine makes.
type Order struct {
	Name, Zone, Type, ImageID string
	Tags                      []string
	// AddressIDs are reserved addresses of the same zone that no machine holds.
	AddressIDs []string
}

// address is a reserved address. Its MachineID follows machine.
type address struct {
	pool.Address
	machine *machine
}

func (a *address) seen() pool.Address {
	seen := a.Address
	seen.Tags = slices.Clone(a.Tags)
	if a.machine != nil {
		seen.MachineID = a.machine.ID
	}
	return seen
}

// volume is a disk. The machine that holds it is nil once that is gone.
type volume struct {
	pool.Volume
	machine *machine
}

func (v *volume) seen() pool.Volume {
	seen := v.Volume
	seen.Tags = slices.Clone(v.Tags)
	seen.Attached = v.machine != nil
	return seen
}

// AddressTag marks the address that a server's domain points to.
func AddressTag(number int) string { return "divims-server-" + strconv.Itoa(number) }

// defaultAddresses are in 198.18.0.0/15, which RFC 2544 keeps for tests.
func defaultAddresses(servers []pool.Server, zone string, tags []string) []pool.Address {
	addresses := []pool.Address{}
	for _, s := range servers {
		if s.BareMetal {
			continue
		}
		addresses = append(addresses, pool.Address{
			ID:      fmt.Sprintf("00000000-0000-4000-9000-%012d", s.Number),
			Zone:    zone,
			IP:      netip.AddrFrom4([4]byte{198, 18, byte(s.Number >> 8), byte(s.Number)}),
			Tags:    append(slices.Clone(tags), AddressTag(s.Number)),
			Reverse: s.Domain,
		})
	}
	return addresses
}

func (w *World) reserveAddresses() {
	for _, a := range w.config.Addresses {
		a.MachineID = ""
		w.addresses = append(w.addresses, &address{Address: a})
	}
}

// CreateMachine makes a machine in state stopped, as Scaleway does. Names need
// not be unique. Errors: ErrInvalid for an unknown type or zone or an address of
// another zone, ErrNotFound for an unknown image or address, ErrState for an
// address that is held already, ErrOutOfStock.
func (w *World) CreateMachine(order Order) (pool.Machine, error) {
	kind, addresses, err := w.examine(order)
	if err != nil {
		return pool.Machine{}, fmt.Errorf("create machine %s: %w", order.Name, err)
	}
	m := w.addMachine(order, kind)
	w.equip(m, addresses)
	w.tally.MachinesCreated++
	return m.seen(), nil
}

// examine finds what an order speaks of, or says what is wrong with it.
func (w *World) examine(order Order) (Type, []*address, error) {
	if !slices.Contains(w.config.Zones, order.Zone) {
		return Type{}, nil, fmt.Errorf("zone %q: %w", order.Zone, ErrInvalid)
	}
	i := slices.IndexFunc(w.config.Types, func(t Type) bool { return t.Name == order.Type })
	if i < 0 {
		return Type{}, nil, fmt.Errorf("type %q: %w", order.Type, ErrInvalid)
	}
	if !slices.ContainsFunc(w.config.Images, func(image pool.Image) bool {
		return image.ID == order.ImageID && image.Zone == order.Zone
	}) {
		return Type{}, nil, fmt.Errorf("image %q in %s: %w", order.ImageID, order.Zone, ErrNotFound)
	}
	addresses, err := w.freeAddresses(order)
	if err != nil {
		return Type{}, nil, err
	}
	if !w.InStock(order.Type, order.Zone) {
		return Type{}, nil, fmt.Errorf("type %s in %s: %w", order.Type, order.Zone, ErrOutOfStock)
	}
	return w.config.Types[i], addresses, nil
}

// freeAddresses finds the addresses of an order.
func (w *World) freeAddresses(order Order) ([]*address, error) {
	var found []*address
	for _, id := range order.AddressIDs {
		i := slices.IndexFunc(w.addresses, func(a *address) bool { return a.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("address %q: %w", id, ErrNotFound)
		}
		a := w.addresses[i]
		if a.Zone != order.Zone {
			return nil, fmt.Errorf("address %s of zone %s: %w", id, a.Zone, ErrInvalid)
		}
		if a.machine != nil || slices.Contains(found, a) {
			return nil, fmt.Errorf("address %s is held already: %w", id, ErrState)
		}
		found = append(found, a)
	}
	return found, nil
}

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

// Volumes lists all volumes, the attached ones included.
func (w *World) Volumes() []pool.Volume {
	seen := make([]pool.Volume, len(w.volumes))
	for i, v := range w.volumes {
		seen[i] = v.seen()
	}
	return seen
}

// DeleteVolume deletes a detached volume: ErrNotFound, ErrState.
func (w *World) DeleteVolume(id string) error {
	i := slices.IndexFunc(w.volumes, func(v *volume) bool { return v.ID == id })
	if i < 0 {
		return fmt.Errorf("delete volume %q: %w", id, ErrNotFound)
	}
	if w.volumes[i].machine != nil {
		return fmt.Errorf("delete volume %s, which is attached: %w", id, ErrState)
	}
	w.volumes = slices.Delete(w.volumes, i, i+1)
	return nil
}

// Addresses lists the reserved addresses.
func (w *World) Addresses() []pool.Address {
	seen := make([]pool.Address, len(w.addresses))
	for i, a := range w.addresses {
		seen[i] = a.seen()
	}
	return seen
}

// Images lists what machines can be made of.
func (w *World) Images() []pool.Image { return slices.Clone(w.config.Images) }

// Types lists the commercial types.
func (w *World) Types() []Type { return slices.Clone(w.config.Types) }

// Zones lists the availability zones.
func (w *World) Zones() []string { return slices.Clone(w.config.Zones) }

// stock is a type in a zone.
type stock struct{ typeName, zone string }

// SetStock says whether machines of a type can be had in a zone.
func (w *World) SetStock(typeName, zone string, available bool) {
	w.soldOut[stock{typeName, zone}] = !available
}

// InStock tells whether machines of a type can be had in a zone.
func (w *World) InStock(typeName, zone string) bool { return !w.soldOut[stock{typeName, zone}] }

// The hoster's own times, as seen at Scaleway.
const (
	startingMin, startingMax = 5 * time.Second, 60 * time.Second
	stoppingMin, stoppingMax = 5 * time.Second, 40 * time.Second
)
