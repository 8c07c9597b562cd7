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

// Types lists the commercial types.
func (w *World) Types() []Type { return slices.Clone(w.config.Types) }

// Zones lists the availability zones.
func (w *World) Zones() []string { return slices.Clone(w.config.Zones) }

// Images lists what machines can be made of.
func (w *World) Images() []pool.Image { return slices.Clone(w.config.Images) }

// AddImage adds what machines can be made of from now on.
func (w *World) AddImage(image pool.Image) { w.config.Images = append(w.config.Images, image) }

// stock is a type in a zone.
type stock struct{ typeName, zone string }

// SetStock says whether machines of a type can be had in a zone.
func (w *World) SetStock(typeName, zone string, available bool) {
	w.soldOut[stock{typeName, zone}] = !available
}

// InStock tells whether machines of a type can be had in a zone.
func (w *World) InStock(typeName, zone string) bool { return !w.soldOut[stock{typeName, zone}] }
