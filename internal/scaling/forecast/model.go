package forecast

import (
	"math"
	"time"
)

// model is what was learned about the load that is coming.
type model struct {
	now  time.Time
	past usualWeeks
	// future is the true load to come, which only the oracle of a backtest has.
	future history
	// actual is the load now, and usualNow the usual load now. If partial is set, the
	// load of at least one server is missing in actual.
	actual, usualNow Pair
	partial          bool
	// level is how busy today is, relative to what is usual.
	level Pair
	// clump is how many come and go together: the variance of a load relative to its
	// mean. It is 1 for single arrivals. For participants of meetings it is about
	// the number of people in the meeting of the average participant.
	clump Pair
}

// learn makes the model from the history.
func learn(in Input) model {
	maxDistance := in.Interval/2 + time.Minute
	m := model{
		now:    in.Now,
		past:   findUsualWeeks(history{in.History, in.Zone, maxDistance}, in.Now, in.ServerCapacity),
		future: history{in.Future, in.Zone, maxDistance},
		actual: in.Load, partial: in.Partial,
	}
	m.usualNow, _, _ = m.past.load(in.Now)
	m.level = m.learnLevel(in.ServerCapacity)
	m.clump = m.learnClump(in.ServerCapacity)
	return m
}

// surplusTime is the time in which a surplus over the usual load falls to 37 % (1/e). The
// meetings that cause it end about as fast.
const surplusTime = 40 * time.Minute

// expect returns the load that is expected at a moment, which must not be before now,
// and its standard deviation. With L today's level, u(t) what is usual and a the load
// now, it is for a moment h from now, with r = e^(-h/40 min):
//
//	load = L × u(t) + r × (a - L × u(now))
//	deviation = √(clump × load × (1 - r²))
//
// That is what is usual at today's level, and what is left of the present surplus: a
// first-order autoregression around what is usual. For now itself it is the load now.
// With 500 people where 450 are usual, a level of 1, and 900 usual in 20 minutes, r is
// 0.61 and the load 900 + 0.61 × 50 = 930, ± √(20 × 930 × 0.63) = 108.
func (m *model) expect(at time.Time) (load, deviation Pair) {
	if truth, known := m.future.at(at); known && at.After(m.now) {
		return truth, Pair{}
	}
	left := math.Exp(-float64(at.Sub(m.now)) / float64(surplusTime))
	load = m.actual // if no week has a sample then
	if usual, _, known := m.past.load(at); known {
		surplus := m.actual.add(m.level.multiply(m.usualNow).scale(-1))
		if m.partial {
			surplus = surplus.combine(Pair{}, math.Max)
		}
		load = m.level.multiply(usual).add(surplus.scale(left))
	}
	load = load.combine(Pair{}, math.Max)
	deviation = m.clump.multiply(load).scale(1-left*left).combine(Pair{}, func(variance, _ float64) float64 { return math.Sqrt(variance) })
	return load, deviation
}

// tomorrow returns a model of the next day: a holiday today says nothing about
// tomorrow. The usual weeks are chosen for tomorrow's noon, and today's surplus is gone.
func (m model) tomorrow(capacity Pair) model {
	year, month, day := m.now.In(m.past.zone).Date()
	past := findUsualWeeks(m.past.history, time.Date(year, month, day+1, 12, 0, 0, 0, m.past.zone), capacity)
	if len(past.weeks) == 0 {
		return m
	}
	m.past, m.level = past, Pair{past.prior, past.prior}
	m.actual = m.level.multiply(m.usualNow)
	return m
}
