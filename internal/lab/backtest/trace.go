package backtest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// Trace has the meetings that people want to hold, and how many people and meetings there
// would be in every minute if all of them started in time.
type Trace struct {
	Name     string
	Meetings []demand.Meeting
	// Begin is the midnight before the first meeting. End is the midnight after the last
	// meeting, or after its weekend if it ends on a Friday or later in the week. Both are
	// in the trace's time zone.
	Begin, End time.Time
	// demand has the demand at every full minute from Begin to End.
	demand []Demand
}

// Demand is how many people want to be in how many meetings at a moment.
type Demand struct{ Participants, Meetings int }

// maxTraceDays is the largest length of a trace in days.
const maxTraceDays = 10 * 366

// NewTrace returns a trace of the meetings, which must be sorted by start. It returns an
// error if there are none or if they last more than ten years.
func NewTrace(name string, meetings []demand.Meeting, zone *time.Location) (*Trace, error) {
	if len(meetings) == 0 {
		return nil, errors.New("there are no meetings in " + name)
	}
	last := slices.MaxFunc(meetings, func(a, b demand.Meeting) int { return a.End().Compare(b.End()) }).End()
	t := &Trace{Name: name, Meetings: meetings, Begin: midnight(meetings[0].Start.In(zone), 0)}
	t.End = wholeWeekend(midnight(last.In(zone), 1))
	if days := t.End.Sub(t.Begin).Hours() / 24; days > maxTraceDays {
		return nil, fmt.Errorf("%s has %.0f days, must be %d at most", name, days, maxTraceDays)
	}
	t.demand = t.count()
	return t, nil
}

// midnight returns the midnight at which the day of t begins, plus days.
func midnight(t time.Time, days int) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, t.Location())
}

// wholeWeekend moves an end on a weekend to the Monday after it, so that the last week of
// a trace without meetings on weekends has seven days.
func wholeWeekend(end time.Time) time.Time {
	switch end.Weekday() {
	case time.Saturday:
		return midnight(end, 2)
	case time.Sunday:
		return midnight(end, 1)
	}
	return end
}

// After returns the time d after the trace's begin. Whole days of d are calendar days of
// the trace's time zone, so six weeks after a Monday's midnight is a Monday's midnight
// even if daylight saving time began or ended.
func (t *Trace) After(d time.Duration) time.Time {
	const day = 24 * time.Hour
	return midnight(t.Begin, int(d/day)).Add(d % day)
}

// count returns the demand of every minute.
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

// minute returns the index of the first full minute at or after a moment.
func (t *Trace) minute(moment time.Time) int {
	return int((moment.Sub(t.Begin) + time.Minute - 1) / time.Minute)
}

// between returns the demand of every full minute later than after and not later than
// until.
func (t *Trace) between(after, until time.Time) []Demand {
	return t.demand[t.minute(after.Add(1)):t.minute(until.Add(1))]
}

// Samples returns the samples that evaluations would have recorded: one at from, and then
// one every period before to.
func (t *Trace) Samples(from, to time.Time, period time.Duration) []pool.Sample {
	samples := make([]pool.Sample, 0, to.Sub(from)/period+1)
	for at := from; at.Before(to); at = at.Add(period) {
		demand := t.demand[int(at.Sub(t.Begin)/time.Minute)]
		samples = append(samples, pool.Sample{At: at.UTC(), Participants: demand.Participants, Meetings: demand.Meetings})
	}
	return samples
}
