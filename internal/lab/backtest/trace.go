package backtest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// Trace is a demand, and what of it would be seen minute by minute if all
// meetings began in time.
type Trace struct {
	Name     string
	Meetings []demand.Meeting
	// Begin is the midnight before the first meeting, End the one after the last
	// has ended: in the zone's time, so that days and weeks are people's.
	Begin, End time.Time
	// demand is what there is at every full minute from Begin to End.
	demand []Demand
}

// Demand is what people want at a moment.
type Demand struct{ Participants, Meetings int }

// longestTrace is the longest that is counted minute by minute, in days.
const longestTrace = 10 * 366

// NewTrace reads days and minutes off the meetings, which are sorted by start.
// It refuses a demand without meetings, and one of more than ten years.
func NewTrace(name string, meetings []demand.Meeting, zone *time.Location) (*Trace, error) {
	if len(meetings) == 0 {
		return nil, errors.New("there is no meeting in " + name)
	}
	last := slices.MaxFunc(meetings, func(a, b demand.Meeting) int { return a.End().Compare(b.End()) }).End()
	t := &Trace{Name: name, Meetings: meetings, Begin: midnight(meetings[0].Start.In(zone), 0)}
	t.End = wholeWeekend(midnight(last.In(zone), 1))
	if days := t.End.Sub(t.Begin).Hours() / 24; days > longestTrace {
		return nil, fmt.Errorf("%s has %.0f days, must be %d at most", name, days, longestTrace)
	}
	t.demand = t.count()
	return t, nil
}

// midnight is the one that begins the day that is so many days after t's.
func midnight(t time.Time, days int) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, t.Location())
}

// wholeWeekend moves an end at the beginning of a weekend to the end of it: a
// school's last week has seven days, too.
func wholeWeekend(end time.Time) time.Time {
	switch end.Weekday() {
	case time.Saturday:
		return midnight(end, 2)
	case time.Sunday:
		return midnight(end, 1)
	}
	return end
}

// After is the moment so long after the trace's begin, in days of the trace's
// zone: six weeks after a Monday's midnight is one, whatever the clocks did.
func (t *Trace) After(d time.Duration) time.Time {
	const day = 24 * time.Hour
	return midnight(t.Begin, int(d/day)).Add(d % day)
}

// count goes through all meetings, and all who come and go.
func (t *Trace) count() []Demand {
	changes := make([]Demand, int(t.End.Sub(t.Begin)/time.Minute)+2)
	at := func(moment time.Time) *Demand { return &changes[min(t.minute(moment), len(changes)-1)] }
	for _, m := range t.Meetings {
		at(m.Start).Meetings++
		at(m.End()).Meetings--
		for n := range m.Participants {
			joins, leaves := m.JoinTime(n), m.LeaveTime(n)
			if leaves.Before(joins) {
				leaves = joins
			}
			at(joins).Participants++
			at(leaves).Participants--
		}
	}
	demand := changes[:len(changes)-1]
	for i := 1; i < len(demand); i++ {
		demand[i].Participants += demand[i-1].Participants
		demand[i].Meetings += demand[i-1].Meetings
	}
	return demand
}

// minute is the index of the first full minute that is not before a moment.
func (t *Trace) minute(moment time.Time) int {
	return int((moment.Sub(t.Begin) + time.Minute - 1) / time.Minute)
}

// between is the demand of the full minutes after one moment until another.
func (t *Trace) between(after, until time.Time) []Demand {
	return t.demand[t.minute(after.Add(1)):t.minute(until.Add(1))]
}

// Samples are the demand from one moment on and before another, as evaluations so
// far apart would have recorded it.
func (t *Trace) Samples(from, to time.Time, period time.Duration) []pool.Sample {
	samples := make([]pool.Sample, 0, to.Sub(from)/period+1)
	for at := from; at.Before(to); at = at.Add(period) {
		demand := t.demand[int(at.Sub(t.Begin)/time.Minute)]
		samples = append(samples, pool.Sample{At: at.UTC(), Participants: demand.Participants, Meetings: demand.Meetings})
	}
	return samples
}
