package report

import (
	"time"

	"divims/internal/pool"
)

// Cost is what the machines cost since a time, compared with a fixed pool in which
// every server's machine always runs. Only time covered by samples counts, for both.
type Cost struct {
	From time.Time `json:"from"`
	// Hours is the time covered by samples.
	Hours        float64 `json:"hours"`
	MachineHours float64 `json:"machine_hours"`
	// FixedHours are the machine-hours of the fixed pool.
	FixedHours float64 `json:"fixed_machine_hours"`
	// HourlyPrice is the mean price of a machine-hour in euros, over the samples with
	// a known price. It is unknown if there is none.
	HourlyPrice pool.Reading[float64] `json:"hourly_price"`
	// Euros and FixedEuros are the machine-hours times the hourly price.
	Euros      pool.Reading[float64] `json:"euros"`
	FixedEuros pool.Reading[float64] `json:"fixed_euros"`
}

// costOf adds up the samples between two times. Each is valid until the next one,
// at most for maxAge: 3 machines at 10:00 and 4 at 10:05 count as 3 until 10:05 and
// as 4 from then on.
func costOf(samples []pool.Sample, from, to time.Time, maxAge time.Duration, size int) Cost {
	cost := Cost{From: from}
	var priced, euros float64
	for i, s := range samples {
		end := s.At.Add(maxAge)
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

// overlap returns how long two spans of time overlap.
func overlap(begin, end, from, to time.Time) time.Duration {
	if begin.Before(from) {
		begin = from
	}
	if end.After(to) {
		end = to
	}
	return max(0, end.Sub(begin))
}

// Saved returns the share of the fixed pool's machine-hours that was not used. It is
// unknown without samples.
func (c Cost) Saved() pool.Reading[float64] {
	if c.FixedHours == 0 {
		return pool.Unknown[float64]("there are no samples yet")
	}
	return pool.Seen(1 - c.MachineHours/c.FixedHours)
}

// costView is a cost as the page shows it.
type costView struct {
	Label string
	Cost
	// Part is the used share of the fixed pool's machine-hours, as the width of a bar.
	Part string
}

// Costs returns the costs of today and of the month.
func (v view) Costs() []costView {
	list := []costView{{Label: v.T("Today"), Cost: v.Today}, {Label: v.T("This month"), Cost: v.Month}}
	for i, p := range list {
		list[i].Part = percentOf(int(min(p.MachineHours, p.FixedHours)*10), max(1, int(p.FixedHours*10)))
	}
	return list
}

// CostNote explains how the costs are estimated.
func (v view) CostNote() string {
	if price, ok := v.Month.HourlyPrice.Get(); ok {
		return v.T("Estimated from the evaluations' samples at this month's mean price of %s per machine-hour. Volumes, addresses and traffic are not included.", v.Euros(pool.Seen(price), 4))
	}
	return v.T("The price of a machine-hour is unknown: no evaluation this month got the price of every running machine.")
}
