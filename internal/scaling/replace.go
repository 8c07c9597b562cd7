package scaling

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// replaceOne picks the sickest enabled server. It is cordoned when the others that
// are online suffice; until then its capacity does not count, so that a healthy
// one is started in its place.
func (g *group) replaceOne() {
	sick := g.members.choose(func(s *server) bool {
		return s.mayTouch() && s.counts() && s.machineState() == pool.Running && (s.health == Malfunctioning || s.health == ToRecycle)
	}, func(a, b *server) int {
		return cmp.Compare(g.d.urgency(a), g.d.urgency(b))
	})
	sick = slices.DeleteFunc(sick, func(s *server) bool {
		if g.d.urgency(s) == whenQuiet {
			s.leftAlone = g.d.rollOutWaits()
		}
		return s.leftAlone != ""
	})
	if len(sick) == 0 {
		return
	}
	s := sick[0]
	others := g.members.capacity(func(o *server) bool { return o != s && o.online() })
	if others >= float64(max(1, g.required()))-almost {
		g.d.cordon(s, fmt.Sprintf("%s: %s; %s online without it, which suffices", s.health, s.why, pool.Count(others, "server")))
	} else {
		g.replaced = s
		s.leftAlone = fmt.Sprintf("%s, but only %s online without it, and %d required: its replacement comes first",
			s.health, pool.Count(others, "server"), g.required())
	}
	for _, other := range sick[1:] {
		other.leftAlone = fmt.Sprintf("%s, but one server is replaced at a time, and %d is first", other.health, s.Server.Number)
	}
}

// urgency is the order in which servers are replaced.
type urgency int

const (
	atOnce    urgency = iota // it malfunctions
	soon                     // it is to be recycled
	whenQuiet                // only its image is outdated: a roll-out
)

func (d *decision) urgency(s *server) urgency {
	switch {
	case s.health == Malfunctioning:
		return atOnce
	case s.outdated() && toRecycle(d.now, d.config, s) == "":
		return whenQuiet
	}
	return soon
}

// rollOutWaits says why no machine is given up just now because its image is
// outdated, or "": the hour, those that drain for it already, or a new machine that
// is not well, which is what a bad image looks like.
func (d *decision) rollOutWaits() string {
	bad := d.badNewMachine()
	switch {
	case !d.config.RollOutHours.Contain(d.now.In(d.config.zone())):
		return "its image is outdated; machines are replaced for that " + d.config.RollOutHours.String()
	case d.givenUpForImage() >= d.config.RollOutParallel:
		return fmt.Sprintf("its image is outdated, but no more than %d may drain for that at once", d.config.RollOutParallel)
	case bad != nil:
		return fmt.Sprintf("its image is outdated, but server %d, whose machine was made from the newest, is %s", bad.Server.Number, bad.health)
	}
	return ""
}

// givenUpForImage counts the machines of outdated images that drain, or will by this
// plan, in all groups.
func (d *decision) givenUpForImage() (draining int) {
	for _, s := range d.servers {
		if s.outdated() && s.entry != nil && s.intended != pool.Enabled {
			draining++
		}
	}
	return draining
}

// rollOut says when machines are replaced for their image.
func (c Config) rollOut() string {
	if c.RollOutParallel == 0 {
		return "they are not replaced for that: DIVIMS_ROLL_OUT_PARALLEL is 0"
	}
	return fmt.Sprintf("they are replaced %s, %d at once", c.RollOutHours, c.RollOutParallel)
}

// badNewMachine is a server that is not well on a machine of the newest image; nil
// if there is none. One that an operator has taken in hand to look at it counts, too.
func (d *decision) badNewMachine() *server {
	for _, s := range d.servers {
		if s.newest != nil && s.machine.ImageID == s.newest.ID && (s.health == Unresponsive || s.health == Malfunctioning) {
			return s
		}
	}
	return nil
}

// Hours are a part of the day, from a time after midnight on and before another,
// over midnight if From is later than To; all day if they are the same.
type Hours struct{ From, To time.Duration }

// Contain tells whether a local time of day is in the hours.
func (h Hours) Contain(local time.Time) bool {
	at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	switch {
	case h.From == h.To:
		return true
	case h.From < h.To:
		return h.From <= at && at < h.To
	}
	return at >= h.From || at < h.To
}

// String is the hours as the settings have them: "from 19:00 to 06:00".
func (h Hours) String() string {
	if h.From == h.To {
		return "at any hour"
	}
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
	return "from " + clock(h.From) + " to " + clock(h.To)
}

// startReplacement enables a healthy server beside the one that is replaced. A
// sick one would have to be replaced in turn, for ever.
func (g *group) startReplacement() {
	replaced := g.replaced
	if replaced == nil {
		return
	}
	for _, s := range g.growthCandidates() {
		if s.health == Healthy && !s.waits && (s.machine == nil || len(s.machine.Maintenances) == 0) {
			g.d.enable(s, fmt.Sprintf("it replaces server %d; %s", replaced.Server.Number, s.describe()))
			return
		}
	}
	replaced.leftAlone = "no healthy server is free to replace it: " + replaced.leftAlone
	since := replaced.memory.HealthSince
	if replaced.health == ToRecycle && !since.IsZero() && g.d.now.Sub(since) >= replacementPatience {
		g.d.alertOf(replaced, Warning, fmt.Sprintf("replacement of server %d", replaced.Server.Number), adviceReplacement,
			"it is to be replaced since %s (%s), and no healthy server is free to take its place",
			since.UTC().Format(time.RFC3339), replaced.why)
	}
}

// replacementPatience is how long a server may wait for a free one: a night has
// come and gone, in which most of them are.
const replacementPatience = 24 * time.Hour
