package forecast

import (
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
)

// usualWeeks are the past weeks that show what is usual at this time of the week.
type usualWeeks struct {
	history
	// weeks are the usual weeks, and unusual those that were left out, each as a
	// number of weeks before this one.
	weeks, unusual []int
	// prior is how busy today is expected to be before it has begun, relative to the
	// mean of the usual weeks.
	prior float64
}

// A past week is unusual if it was less than half, or more than 1.7 times, as busy
// around this time of the week as expected. That leaves out a public holiday, a week
// of holidays and a rush. After the first week of a semester it leaves out all weeks
// before the semester. Both bounds were tuned in backtests.
const (
	minUsual = 0.5
	maxUsual = 1.7
)

// nightLoad is a number of participants that is added to both loads before they are
// compared, so that a night with 1 participant instead of 3 is not unusual.
const nightLoad = 5

// findUsualWeeks returns the weeks that show what is usual at a moment. The expected load
// is the median of the past weeks, times how much busier than usual the last days were.
// With fewer than three weeks none is left out.
func findUsualWeeks(h history, moment time.Time, capacity Pair) usualWeeks {
	found := usualWeeks{history: h, prior: h.recentRatio(moment, capacity)}
	busy := map[int]float64{}
	for back := 1; back <= pool.HistoryWeeks; back++ {
		if load, known := h.around(h.weeksAgo(moment, back)); known {
			busy[back] = load.Participants + nightLoad
			found.weeks = append(found.weeks, back)
		}
	}
	if len(found.weeks) < 3 {
		return found
	}
	typical := median(slices.Collect(maps.Values(busy)))
	if !found.keepNear(busy, typical*found.prior) {
		found.keepNear(busy, typical)
	}
	if found.prior == 1 {
		return found
	}
	// The ratio was relative to the median; prior is relative to the mean of the
	// weeks that are left: 2 times a median of 100 is 1.6 times a mean of 125.
	sum := 0.
	for _, back := range found.weeks {
		sum += busy[back]
	}
	found.prior *= typical * float64(len(found.weeks)) / sum
	return found
}

// keepNear leaves out the weeks that are unusual compared with the expected load. It
// changes nothing and returns false if that would leave none.
func (u *usualWeeks) keepNear(busy map[int]float64, expected float64) bool {
	usual := func(back int) bool { return busy[back] >= minUsual*expected && busy[back] <= maxUsual*expected }
	if !slices.ContainsFunc(u.weeks, usual) {
		return false
	}
	u.weeks = slices.DeleteFunc(u.weeks, func(back int) bool {
		if !usual(back) {
			u.unusual = append(u.unusual, back)
		}
		return !usual(back)
	})
	return true
}

// load returns the mean load of the usual weeks at the same time of the week, and the
// variance between them. It is unknown if none of them has a sample then.
func (u usualWeeks) load(moment time.Time) (mean, variance Pair, known bool) {
	var sum, squares Pair
	count := 0.
	for _, back := range u.weeks {
		if load, ok := u.at(u.weeksAgo(moment, back)); ok {
			sum, squares = sum.add(load), squares.add(load.multiply(load))
			count++
		}
	}
	if count == 0 {
		return Pair{}, Pair{}, false
	}
	mean = sum.scale(1 / count)
	if count > 1 {
		variance = squares.add(mean.multiply(mean).scale(-count)).scale(1 / (count - 1))
	}
	return mean, variance, true
}

// median returns the middle number, or the mean of the middle two. It sorts numbers.
func median(numbers []float64) float64 {
	slices.Sort(numbers)
	return (numbers[(len(numbers)-1)/2] + numbers[len(numbers)/2]) / 2
}
