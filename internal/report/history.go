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

// HistoryFrom is from when on a status needs samples: for the charts of 7 days
// and the costs of the month.
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

// midnight is when the day of a time began, in the time's own zone.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func firstOfMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}

// longestHold is for how long a sample stands for the pool when no other follows:
// for as long as an evaluation may be late.
func longestHold(interval time.Duration) time.Duration {
	return time.Duration(lateBy * float64(interval))
}

// since are the samples from a time on.
func since(samples []pool.Sample, from time.Time) []pool.Sample {
	first, _ := slices.BinarySearchFunc(samples, from, func(s pool.Sample, t time.Time) int { return s.At.Compare(t) })
	return samples[first:]
}

// thin makes one sample of all those of each step, dated at its first: the most
// of everything that there was in it.
func thin(samples []pool.Sample, step time.Duration) []pool.Sample {
	thinned := []pool.Sample{}
	for _, s := range samples {
		if n := len(thinned); n > 0 && thinned[n-1].At.Truncate(step).Equal(s.At.Truncate(step)) {
			thinned[n-1] = larger(thinned[n-1], s)
		} else {
			thinned = append(thinned, s)
		}
	}
	return thinned
}

// larger is the larger of each of two samples' figures. What one of them does not
// know, the other says.
func larger(a, b pool.Sample) pool.Sample {
	m := pool.Sample{
		At: a.At, Participants: max(a.Participants, b.Participants), Meetings: max(a.Meetings, b.Meetings),
		Required: greater(a.Required, b.Required), Enabled: max(a.Enabled, b.Enabled), Running: max(a.Running, b.Running),
		Draining: max(a.Draining, b.Draining), Idle: greater(a.Idle, b.Idle), Price: greater(a.Price, b.Price),
		Asked: map[string]int{},
	}
	m.Count(max(a.Counted(), b.Counted()))
	for _, asked := range []map[string]int{a.Asked, b.Asked} {
		for policy, servers := range asked {
			m.Asked[policy] = max(m.Asked[policy], servers)
		}
	}
	return m
}

func greater[T int | float64](a, b pool.Reading[T]) pool.Reading[T] {
	x, known := a.Get()
	y, other := b.Get()
	if !known || other && y > x {
		return b
	}
	return a
}
