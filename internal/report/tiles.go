package report

import "divims/internal/pool"

// tile is one large figure with notes on it.
type tile struct {
	Label, Figure string
	// Part is the filled width of a bar; empty for no bar.
	Part  string
	Notes []string
}

// Tiles returns the figures of the last evaluation, the cost of today and the outlook.
func (v view) Tiles() []tile {
	last := v.Last
	capacity, _ := v.Capacity.Get()
	return []tile{
		{v.T("participants"), v.Count(last.Participants), fraction(last.Participants, capacity),
			[]string{v.T("%s of the capacity (%s)", v.usage(), v.Maybe(v.Capacity)), v.T("in %s", v.N(last.Meetings, "meeting/meetings"))}},
		{v.T("servers enabled"), v.Count(last.Enabled), fraction(last.Enabled, v.Size),
			v.withCapacity([]string{v.T("%s required", v.Maybe(last.Required())), v.T("of %s in the pool", v.Count(v.Size))})},
		{v.T("machines running"), v.Count(last.Running), fraction(last.Running, v.Size),
			[]string{v.N(last.Draining, "draining/draining"), v.T("%s not running", v.Count(last.Idle()))}},
		{v.T("cost today"), v.Euros(v.Today.Euros, 2), fraction(int(v.Today.MachineHours*10), int(v.Today.FixedHours*10)),
			[]string{v.N(int(v.Today.MachineHours+0.5), "machine-hour/machine-hours"), v.T("%s saved", v.Share(v.Today.Saved()))}},
		v.outlookTile(),
	}
}

// withCapacity adds notes on how many of the enabled servers take meetings, and on what
// they count as, if load multipliers make that differ from their number.
func (v view) withCapacity(notes []string) []string {
	if v.Last.Room().Known() {
		notes = append([]string{v.T("%s serving", v.Count(v.Last.Serving))}, notes...)
	}
	if capacity, ok := v.Last.Capacity().Get(); ok && capacity != float64(v.Last.Enabled) {
		notes = append(notes, v.T("they count as %s (load multipliers)", v.Number(capacity, 1)))
	}
	return notes
}

// fraction returns a part of a whole as the width of a bar; empty if the whole is 0.
func fraction(part, whole int) string {
	if whole <= 0 {
		return ""
	}
	return percentOf(min(part, whole), whole)
}

// usage returns the used share of the capacity.
func (v view) usage() string {
	capacity, ok := v.Capacity.Get()
	if !ok || capacity == 0 {
		return "?"
	}
	return v.Share(pool.Seen(float64(v.Last.Participants) / float64(capacity)))
}
