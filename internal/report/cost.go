package report

import (
	"time"

	"divims/internal/pool"
)

// Cost is what machines came to from a time on, beside a pool of fixed size: one
// in which every server's machine always runs. It is the cost of the time that
// samples tell of; gaps cost nothing in either.
type Cost struct {
	From time.Time `json:"from"`
	// Hours is how much time the samples tell of.
	Hours        float64 `json:"hours"`
	MachineHours float64 `json:"machine_hours"`
	// FixedHours are the machine-hours of the pool of fixed size.
	FixedHours float64 `json:"fixed_machine_hours"`
	// HourlyPrice is what a machine-hour cost, in euros: the mean over the samples
	// that know the price of every running machine. Unknown without any.
	HourlyPrice pool.Reading[float64] `json:"hourly_price"`
	// Euros and FixedEuros are the machine-hours at that price.
	Euros      pool.Reading[float64] `json:"euros"`
	FixedEuros pool.Reading[float64] `json:"fixed_euros"`
}

// costOf adds up the samples between two times. Each stands for the pool until
// the next, at most for hold: 3 machines at 10:00 and 4 at 10:05 are 3 × 5
// minutes and 4 from then on.
func costOf(samples []pool.Sample, from, to time.Time, hold time.Duration, size int) Cost {
	cost := Cost{From: from}
	var priced, euros float64
	for i, s := range samples {
		end := s.At.Add(hold)
		if i+1 < len(samples) && samples[i+1].At.Before(end) {
			end = samples[i+1].At
		}
		hours := overlap(s.At, end, from, to).Hours()
		cost.Hours += hours
		cost.MachineHours += hours * float64(s.Running)
		if price, ok := s.Price.Get(); ok {
			priced += hours * float64(s.Running)
			euros += hours * price
		}
	}
	cost.FixedHours = cost.Hours * float64(size)
	if priced > 0 {
		cost.HourlyPrice = pool.Seen(euros / priced)
		cost.Euros = pool.Seen(cost.MachineHours * euros / priced)
		cost.FixedEuros = pool.Seen(cost.FixedHours * euros / priced)
	}
	return cost
}

// overlap is how long two spans of time have in common.
func overlap(begin, end, from, to time.Time) time.Duration {
	if begin.Before(from) {
		begin = from
	}
	if end.After(to) {
		end = to
	}
	return max(0, end.Sub(begin))
}

// Saved is the share of the fixed pool's machine-hours that were not needed;
// unknown before there are any.
func (c Cost) Saved() pool.Reading[float64] {
	if c.FixedHours == 0 {
		return pool.Unknown[float64]("nothing is counted yet")
	}
	return pool.Seen(1 - c.MachineHours/c.FixedHours)
}

// paid is a cost under its heading.
type paid struct {
	Label string
	Cost
	// Part is how much of the fixed pool's machine-hours were used.
	Part string
}

// Costs are those of today and of the month.
func (v view) Costs() []paid {
	list := []paid{{Label: v.T("Today"), Cost: v.Today}, {Label: v.T("This month"), Cost: v.Month}}
	for i, p := range list {
		list[i].Part = percentOf(int(min(p.MachineHours, p.FixedHours)*10), max(1, int(p.FixedHours*10)))
	}
	return list
}

// CostNote says what the costs are counted from.
func (v view) CostNote() string {
	if price, ok := v.Month.HourlyPrice.Get(); ok {
		return v.T("Counted from the samples of evaluations, at the mean price of a machine-hour this month, %s. Volumes, addresses and traffic are not in it.", v.Euros(pool.Seen(price), 4))
	}
	return v.T("Counted from the samples of evaluations. What a machine-hour costs is not known: the hoster told no price, or not of every machine.")
}
