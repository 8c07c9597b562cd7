package forecast

import (
	"math"
	"time"
)

// Today's level is learned from the samples of the last two hours. A sample that is 40
// minutes older counts half as much.
const (
	levelSpan     = 2 * time.Hour
	levelHalfLife = 40 * time.Minute
)

// minLevel and maxLevel bound the level. A rush has 2.2 times the usual load, and the
// start of a semester after the holidays 6 times.
const minLevel, maxLevel = 0.1, 10

// learnLevel compares the load of the last hours with what was usual then. One
// server's capacity is added to both, as if that much load had been as usual, so
// that a small load moves the level only a little. With 90 participants where 60 are
// usual, all the while, and servers for 250: the weights of two hours add up to
// 10.67, and the level is (10.67 × 90 + 250) / (10.67 × 60 + 250) = 1.36. With 1800
// where 1200 are usual it is 1.49. If the load now is only partly known, it can only
// raise the level.
func (m *model) learnLevel(capacity Pair) Pair {
	before, now := m.levelUntil(step, capacity), m.levelUntil(0, capacity)
	if m.partial {
		return before.combine(now, math.Max)
	}
	return now
}

// levelUntil returns the level without the samples that are younger than last.
func (m *model) levelUntil(last time.Duration, capacity Pair) Pair {
	seen, usual := capacity.scale(m.past.prior), capacity
	for back := last; back <= levelSpan; back += step {
		load, known := m.past.at(m.now.Add(-back))
		if back == 0 {
			load, known = m.actual, true
		}
		habit, _, ok := m.past.load(m.now.Add(-back))
		if !known || !ok {
			continue
		}
		weight := math.Exp2(-float64(back) / float64(levelHalfLife))
		seen, usual = seen.add(load.scale(weight)), usual.add(habit.scale(weight))
	}
	return seen.combine(usual, func(seen, usual float64) float64 {
		return min(max(seen/usual, minLevel), maxLevel)
	})
}
