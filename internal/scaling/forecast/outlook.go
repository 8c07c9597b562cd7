package forecast

import (
	"math"
	"time"
)

// Moment is what is expected at one moment in the future.
type Moment struct {
	At time.Time
	// Servers is how many servers carry the load, Participants the expected number,
	// and Upper the number that is exceeded only one time in forty.
	Servers, Participants, Upper int
}

// The outlook covers a day in steps of half an hour.
const (
	outlookSpan = 24 * time.Hour
	outlookStep = 30 * time.Minute
)

// upperDeviations is how many standard deviations Upper lies above the expected load.
// A normal distribution exceeds that one time in forty.
const upperDeviations = 2

// outlook returns what is expected of the coming day.
func (f *forecast) outlook() []Moment {
	moments := make([]Moment, 0, outlookSpan/outlookStep)
	year, month, day := f.in.Now.In(f.in.Zone).Date()
	midnight := time.Date(year, month, day+1, 0, 0, 0, 0, f.in.Zone)
	tomorrow := *f
	tomorrow.model = f.model.tomorrow(f.in.ServerCapacity)
	for ahead := outlookStep; ahead <= outlookSpan; ahead += outlookStep {
		at := f.in.Now.Add(ahead).Truncate(time.Minute)
		day := f
		if !at.Before(midnight) {
			day = &tomorrow
		}
		n := day.needAt(at)
		upper := n.expected.add(n.deviation.scale(upperDeviations))
		moments = append(moments, Moment{
			At: n.at, Servers: round(math.Ceil(n.servers)), Participants: round(n.expected.Participants), Upper: round(upper.Participants),
		})
	}
	return moments
}

// round rounds to a whole number. The bound keeps absurd loads from overflowing.
func round(x float64) int { return int(math.Round(math.Min(x, math.MaxInt32))) }
