package scaling

import (
	"divims/internal/fact"
	"divims/internal/pool"
)

// rollOutWaits returns why machines with outdated images are not replaced now, or no text. The
// reason is the hour, the number of them that already drain, or an unhealthy machine of
// the newest image, which suggests that the image is bad.
func (d *decision) rollOutWaits() fact.Text {
	bad := d.badNewMachine()
	switch {
	case !d.config.RollOutHours.Contain(d.now.In(d.config.zone())):
		return fact.New("its image is outdated; machines are replaced for that %s", d.config.RollOutHours.text())
	case d.drainingForImage() >= d.config.RollOutParallel:
		return fact.New("its image is outdated, but no more than %d may drain for that at once", d.config.RollOutParallel)
	case bad != nil:
		return fact.New("its image is outdated, but server %d, whose machine was made from the newest, is %s", bad.Server.Number, bad.health)
	}
	return fact.Text{}
}

// drainingForImage counts the machines with outdated images, in all groups, that drain
// or will drain by this plan.
func (d *decision) drainingForImage() (draining int) {
	for _, s := range d.servers {
		if d.outdated(s) && s.entry != nil && s.intended != pool.Enabled {
			draining++
		}
	}
	return draining
}

// rollOut describes when machines with outdated images are replaced.
func (c Config) rollOut() fact.Text {
	if c.RollOutParallel == 0 {
		return fact.New("they are not replaced for that: DIVIMS_ROLL_OUT_PARALLEL is 0")
	}
	return fact.New("they are replaced %s, %d at once", c.RollOutHours.text(), c.RollOutParallel)
}

// badNewMachine returns an unresponsive or malfunctioning server whose machine was made
// from the newest image, or nil. Servers in maintenance count, because an operator may be
// looking at the fault.
func (d *decision) badNewMachine() *server {
	for _, s := range d.servers {
		if s.newest != nil && s.machine.ImageID == s.newest.ID && (s.health == Unresponsive || s.health == Malfunctioning) {
			return s
		}
	}
	return nil
}
