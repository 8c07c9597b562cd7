package world

import (
	"fmt"
	"slices"

	"divims/internal/pool"
)

// Order describes the machine that CreateMachine creates.
type Order struct {
	Name, Zone, Type, ImageID string
	Tags                      []string
	// AddressIDs are reserved addresses of the same zone that no machine has.
	AddressIDs []string
}

// CreateMachine creates a stopped machine, as Scaleway does. Names need not be unique.
// Errors: ErrInvalid for an unknown type or zone or an address of another zone,
// ErrNotFound for an unknown image or address, ErrState for an address that a machine
// has already, ErrQuota, ErrOutOfStock, a *RefusedError during an outage of the zone.
func (w *World) CreateMachine(order Order) (pool.Machine, error) {
	kind, addresses, err := w.validate(order)
	if err != nil {
		return pool.Machine{}, fmt.Errorf("create machine %s: %w", order.Name, err)
	}
	m := w.addMachine(order, kind)
	w.equip(m, addresses)
	w.tally.MachinesCreated++
	w.noteDuplicates()
	return m.seen(), nil
}

// validate returns the type and the addresses of an order, or an error if it is invalid.
func (w *World) validate(order Order) (Type, []*address, error) {
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
	if err := w.available(order); err != nil {
		return Type{}, nil, fmt.Errorf("type %s in %s: %w", order.Type, order.Zone, err)
	}
	return w.config.Types[i], addresses, nil
}

// available returns an error if a valid order cannot be met now.
func (w *World) available(order Order) error {
	if err := w.outage(order.Zone); err != nil {
		return err
	}
	switch {
	case !w.WithinQuota(order.Type, order.Zone):
		return ErrQuota
	case !w.InStock(order.Type, order.Zone):
		return ErrOutOfStock
	}
	return nil
}

// freeAddresses returns the addresses of an order if all of them are free.
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
			return nil, fmt.Errorf("address %s belongs to a machine already: %w", id, ErrState)
		}
		found = append(found, a)
	}
	return found, nil
}
