package world

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// Images returns the images that machines can be created from.
func (w *World) Images() []pool.Image { return slices.Clone(w.config.Images) }

// AddImage adds an image.
func (w *World) AddImage(image pool.Image) { w.config.Images = append(w.config.Images, image) }

// Defect is what is wrong with an image, and so with all machines created from it.
type Defect struct {
	// NeverUp keeps the system from coming up. The machine runs for the hoster only.
	NeverUp bool
	// UnitDown is a systemd unit that fails at every boot; empty for none.
	UnitDown string
	// Boot is the time from power-on until BBB answers; 0 for the usual time.
	Boot time.Duration
}

// AddBadImage adds an image with a defect to each zone, until withdraw is called. It is
// newer than all others, and its name begins with the name of the zone's first image.
func (w *World) AddBadImage(defect Defect) (withdraw func()) {
	added := map[string]bool{}
	for _, zone := range w.config.Zones {
		first := slices.IndexFunc(w.config.Images, func(image pool.Image) bool { return image.Zone == zone })
		if first < 0 {
			continue
		}
		image := pool.Image{
			ID:      w.newID("image", zone),
			Zone:    zone,
			Name:    w.config.Images[first].Name + w.now.Format("-20060102-1504"),
			Created: w.now,
		}
		w.AddImage(image)
		w.defects[image.ID] = defect
		added[image.ID] = true
	}
	return func() {
		w.config.Images = slices.DeleteFunc(w.config.Images, func(image pool.Image) bool { return added[image.ID] })
	}
}

// SlowBoots makes machines that are created before end is called take that long from each
// power-on until BBB answers. Of several times, the longest counts.
func (w *World) SlowBoots(take time.Duration) (end func()) { return w.slowBoots.add(take) }

// longestBoot returns the time that a machine created now takes to boot; 0 for the usual
// time.
func (w *World) longestBoot(defect Defect) time.Duration {
	longest := defect.Boot
	for _, take := range w.slowBoots.items {
		longest = max(longest, *take)
	}
	return longest
}

// bootBounds returns the bounds of the time from a machine's power-on until BBB answers.
func (w *World) bootBounds(m *machine) (least, most time.Duration) {
	if m.bootTakes > 0 {
		return m.bootTakes, m.bootTakes
	}
	return w.config.BootMin, w.config.BootMax
}
