package report

import (
	"slices"
	"time"

	"divims/internal/pool"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// HistoryFrom returns the time since which a status needs samples: 7 days ago for
// the charts or the first of the month for the costs, whichever is earlier.
func (a About) HistoryFrom(at time.Time) time.Time {
	month := at
	if a.Zone != nil {
		month = at.In(a.Zone)
	}
	if from := at.Add(-week); from.Before(firstOfMonth(month)) {
		return from
	}
	return firstOfMonth(month)
}

// midnight returns the start of a time's day, in the time's own zone.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func firstOfMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}

// maxSampleAge returns how long a sample is valid if no other follows: until the
// next evaluation is overdue.
func maxSampleAge(interval time.Duration) time.Duration {
	return time.Duration(overdueIntervals * float64(interval))
}

// since returns the samples at or after a time.
func since(samples []pool.Sample, from time.Time) []pool.Sample {
	first, _ := slices.BinarySearchFunc(samples, from, func(s pool.Sample, t time.Time) int { return s.At.Compare(t) })
	return samples[first:]
}

// downsample merges the samples of each step into one with their highest values
// and the time of the first.
func downsample(samples []pool.Sample, step time.Duration) []pool.Sample {
	merged := []pool.Sample{}
	for _, s := range samples {
		if n := len(merged); n > 0 && merged[n-1].At.Truncate(step).Equal(s.At.Truncate(step)) {
			merged[n-1] = maxSample(merged[n-1], s)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// maxSample returns the higher of each of two samples' values. A value that is
// unknown in one of them is taken from the other.
func maxSample(a, b pool.Sample) pool.Sample {
	m := pool.Sample{
		At: a.At, Participants: max(a.Participants, b.Participants), Meetings: max(a.Meetings, b.Meetings),
		Required: maxReading(a.Required, b.Required), Enabled: max(a.Enabled, b.Enabled), Running: max(a.Running, b.Running),
		Serving: maxReading(a.Serving, b.Serving), Draining: max(a.Draining, b.Draining), Idle: maxReading(a.Idle, b.Idle), Price: maxReading(a.Price, b.Price),
		Asked: map[string]int{},
	}
	m.SetCapacity(max(a.WeightedEnabled(), b.WeightedEnabled()))
	for _, asked := range []map[string]int{a.Asked, b.Asked} {
		for policy, servers := range asked {
			m.Asked[policy] = max(m.Asked[policy], servers)
		}
	}
	return m
}

func maxReading[T int | float64](a, b pool.Reading[T]) pool.Reading[T] {
	x, known := a.Get()
	y, other := b.Get()
	if !known || other && y > x {
		return b
	}
	return a
}
