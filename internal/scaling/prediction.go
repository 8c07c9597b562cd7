package scaling

import (
	"math"
	"time"
)

// step is between the moments that the forecast looks at.
const step = 5 * time.Minute

// prediction is what is coming, as far as the past tells.
type prediction struct {
	now time.Time
	habits
	// future is the truth, which only a backtest's oracle has.
	future history
	// actual is the load of now, usualNow that of the past weeks. partial tells that
	// somebody's load is missing in it: it is at least so much.
	actual, usualNow Pair
	partial          bool
	// level is how busy today is, in multiples of what is usual.
	level Pair
	// clump is how many come and go together: the variance of a load in multiples
	// of its mean. It is 1 for single arrivals, and for people who meet in rooms
	// about the size of the room of the average participant.
	clump Pair
}

// predict learns from the history. one is what one server carries.
func predict(now time.Time, h, future history, actual Pair, partial bool, one Pair) prediction {
	p := prediction{now: now, habits: habitsAt(h, now, one), future: future, actual: actual, partial: partial}
	p.usualNow, _, _ = p.usual(now)
	p.level = p.learnLevel(one)
	p.clump = p.learnClump(one)
	return p
}

// Today's level is learned over levelTime; what lies half of it back counts a
// third of what is now.
const (
	levelTime    = 2 * time.Hour
	levelHalving = 40 * time.Minute
)

// The level's bounds. A rush has 2.2 times the usual, and a semester that begins
// after the holidays 6 times.
const leastLevel, mostLevel = 0.1, 10

// learnLevel compares the load of the last hours with what was usual then. One
// server's load is added to both, as if it had been as usual: so little evidence
// moves the level little. With 90 participants where 60 are usual, all the while,
// and servers for 250: the weights of two hours add up to 10.67, and the level is
// (10.67 × 90 + 250) / (10.67 × 60 + 250) = 1.36. With 1800 where 1200 are usual it
// is 1.49. A part of the load of now can only raise the level.
func (p prediction) learnLevel(one Pair) Pair {
	before, now := p.levelUntil(step, one), p.levelUntil(0, one)
	if p.partial {
		return before.each(now, math.Max)
	}
	return now
}

// levelUntil is the level that what is longer ago than that tells.
func (p prediction) levelUntil(last time.Duration, one Pair) Pair {
	seen, usual := one.times(p.prior), one
	for back := last; back <= levelTime; back += step {
		load, known := p.at(p.now.Add(-back))
		if back == 0 {
			load, known = p.actual, true
		}
		habit, _, ok := p.usual(p.now.Add(-back))
		if !known || !ok {
			continue
		}
		weight := math.Exp2(-float64(back) / float64(levelHalving))
		seen, usual = seen.plus(load.times(weight)), usual.plus(habit.times(weight))
	}
	return seen.each(usual, func(seen, usual float64) float64 {
		return min(max(seen/usual, leastLevel), mostLevel)
	})
}

// The clump of participants is at least so many times the mean meeting (for
// sizes that are spread as those of meetings are, the room of the average
// participant is larger than the average room), and at most a third of a server.
const clumpOfMean = 1.5

// usualClump is assumed before there is evidence, which is weighed like so much load.
var usualClump, clumpEvidence = Pair{20, 1}, Pair{100, 10}

// learnClump pools the variance between the weeks over an hour before and after now.
// With weeks of 80, 100 and 120 people, all the while, the variance is 400 and the
// clump 4, which 25 moments of 100 people outweigh what is assumed with:
// (20 × 100 + 25 × 400) / (100 + 25 × 100) = 4.6.
func (p prediction) learnClump(one Pair) Pair {
	variance, mean := usualClump.by(clumpEvidence), clumpEvidence
	var load Pair
	for at := p.now.Add(-time.Hour); !at.After(p.now.Add(time.Hour)); at = at.Add(step) {
		if usual, apart, known := p.usual(at); known && len(p.weeks) > 1 {
			variance, mean, load = variance.plus(apart), mean.plus(usual), load.plus(usual)
		}
	}
	clump := variance.each(mean, func(variance, mean float64) float64 { return variance / mean })
	if load.Meetings > 0 {
		clump.Participants = max(clump.Participants, clumpOfMean*load.Participants/load.Meetings)
	}
	return clump.each(one, func(clump, one float64) float64 { return min(max(clump, 1), max(one/3, 1)) })
}

// persistence is how long a surplus over what is usual lasts: e^-1 of it is left
// then, about as much as of the meetings that are its cause.
const persistence = 40 * time.Minute

// expect is the load that is expected of a moment that is not before now, and how
// far off the truth may well be: the standard deviation. With L today's level,
// u(t) what is usual and a what is there now, it is for a moment h from now, with
// r = e^(-h/40 min):
//
//	L × u(t) + r × (a - L × u(now))  ±  √(clump × that × (1 - r²))
//
// that is what is usual at today's level, and what is left of the surplus of now:
// so for now itself it is exactly what is there (a first-order autoregression
// around the habit). With 500 people where 450 are usual at the level 1, and 900
// usual in 20 minutes, r is 0.61: 900 + 0.61 × 50 = 930, ± √(20 × 930 × 0.63) = 108.
func (p prediction) expect(at time.Time) (load, deviation Pair) {
	if truth, known := p.future.at(at); known && at.After(p.now) {
		return truth, Pair{}
	}
	left := math.Exp(-float64(at.Sub(p.now)) / float64(persistence))
	load = p.actual // what a gap in all weeks leaves to expect
	if usual, _, known := p.usual(at); known {
		surplus := p.actual.plus(p.level.by(p.usualNow).times(-1))
		if p.partial {
			surplus = surplus.each(Pair{}, math.Max)
		}
		load = p.level.by(usual).plus(surplus.times(left))
	}
	load = load.each(Pair{}, math.Max)
	deviation = p.clump.by(load).times(1-left*left).each(Pair{}, func(variance, _ float64) float64 { return math.Sqrt(variance) })
	return load, deviation
}
