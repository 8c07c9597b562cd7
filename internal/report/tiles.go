package report

import "divims/internal/pool"

// tile is a figure of this moment with what it means.
type tile struct {
	Label, Figure string
	// Part is how much of a bar is filled; empty for no bar.
	Part  string
	Notes []string
}

// Tiles are the figures of this moment, and what is coming.
func (v view) Tiles() []tile {
	last := v.Last
	room, _ := v.Capacity.Get()
	return []tile{
		{v.T("people"), v.Count(last.Participants), fraction(last.Participants, room),
			[]string{v.T("%s of the room for %s", v.taken(), v.Maybe(v.Capacity)), v.T("in %s", v.N(last.Meetings, "meeting/meetings"))}},
		{v.T("servers enabled"), v.Count(last.Enabled), fraction(last.Enabled, v.Size),
			v.counted([]string{v.T("%s required", v.Maybe(last.Required())), v.T("of %s in the pool", v.Count(v.Size))})},
		{v.T("machines running"), v.Count(last.Running), fraction(last.Running, v.Size),
			[]string{v.N(last.Draining, "draining/draining"), v.T("%s not running", v.Count(last.Idle()))}},
		{v.T("cost today"), v.Euros(v.Today.Euros, 2), fraction(int(v.Today.MachineHours*10), int(v.Today.FixedHours*10)),
			[]string{v.N(int(v.Today.MachineHours+0.5), "machine-hour/machine-hours"), v.T("%s saved", v.Share(v.Today.Saved()))}},
		v.coming(),
	}
}

// counted adds what the enabled servers count as, where load multipliers make that
// other than their number.
func (v view) counted(notes []string) []string {
	if capacity, ok := v.Last.Capacity().Get(); ok && capacity != float64(v.Last.Enabled) {
		notes = append(notes, v.T("they count as %s", v.Number(capacity, 1)))
	}
	return notes
}

// fraction is a part of a whole as the width of a bar; none of nothing.
func fraction(part, whole int) string {
	if whole <= 0 {
		return ""
	}
	return percentOf(min(part, whole), whole)
}

// taken is the share of the enabled room that is taken.
func (v view) taken() string {
	room, ok := v.Capacity.Get()
	if !ok || room == 0 {
		return "?"
	}
	return v.Share(pool.Seen(float64(v.Last.Participants) / float64(room)))
}
