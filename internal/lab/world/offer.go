package world

import (
	"slices"

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
	// RootVolume is the kind of disk. Terminate deletes a local volume and leaves a block
	// volume behind.
	RootVolume pool.VolumeKind
	// Arch is the processor architecture; empty for x86_64.
	Arch string
}

// DefaultTypes returns three of Scaleway's types with the prices of July 2026.
func DefaultTypes() []Type {
	const gib = 1 << 30
	return []Type{
		{Name: "POP2-HC-8C-16G", CPUs: 8, Memory: 16 * gib, HourlyPrice: 0.213, RootVolume: pool.BlockVolume},
		{Name: "POP2-8C-32G", CPUs: 8, Memory: 32 * gib, HourlyPrice: 0.29, RootVolume: pool.BlockVolume},
		{Name: "GP1-S", CPUs: 8, Memory: 32 * gib, HourlyPrice: 0.191, RootVolume: pool.LocalVolume},
	}
}

// Types returns the commercial types.
func (w *World) Types() []Type { return slices.Clone(w.config.Types) }

// Zones returns the availability zones.
func (w *World) Zones() []string { return slices.Clone(w.config.Zones) }

// Offer selects types of machines in zones. An empty Zone or Type selects all.
type Offer struct{ Zone, Type string }

// includes returns a function that reports whether an offer includes a type in a zone.
func includes(typeName, zone string) func(Offer) bool {
	return func(o Offer) bool {
		return (o.Zone == "" || o.Zone == zone) && (o.Type == "" || o.Type == typeName)
	}
}

// SellOut makes the machines of an offer out of stock until restock is called.
func (w *World) SellOut(o Offer) (restock func()) { return w.soldOut.add(o) }

// InStock reports whether machines of a type are available in a zone.
func (w *World) InStock(typeName, zone string) bool {
	return w.soldOut.last(includes(typeName, zone)) == nil
}

// ExhaustQuota makes creations of an offer exceed the project's quota until raise is
// called.
func (w *World) ExhaustQuota(o Offer) (raise func()) { return w.exhausted.add(o) }

// WithinQuota reports whether the quota allows another machine of a type in a zone.
func (w *World) WithinQuota(typeName, zone string) bool {
	return w.exhausted.last(includes(typeName, zone)) == nil
}
