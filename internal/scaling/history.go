package scaling

import (
	"maps"
	"slices"
	"sort"
	"time"

	"divims/internal/pool"
)

// history are samples of a pool, oldest first, to be looked up by time.
type history struct {
	samples []pool.Sample
	// zone is the one whose weekdays and hours the pool keeps.
	zone *time.Location
	// near is how far a sample may be from the moment that it stands for.
	near time.Duration
}

// at is the load of the servers without a tag that was sampled nearest to a
// moment; unknown in a gap.
func (h history) at(moment time.Time) (load Pair, known bool) {
	next := sort.Search(len(h.samples), func(i int) bool { return !h.samples[i].At.Before(moment) })
	nearest := h.near + 1
	for _, sample := range h.samples[max(0, next-1):min(next+1, len(h.samples))] {
		if distance := sample.At.Sub(moment).Abs(); distance < nearest {
			nearest, known = distance, true
			load = Pair{
				float64(max(sample.Participants-sample.TaggedParticipants, 0)),
				float64(max(sample.Meetings-sample.TaggedMeetings, 0)),
			}
		}
	}
	return load, known
}

// daysAgo is the same hour so many days earlier, by the pool's clocks: 8:00 stays
// 8:00 when summer time begins in between.
func (h history) daysAgo(moment time.Time, days int) time.Time {
	local := moment.In(h.zone)
	year, month, day := local.Date()
	hour, minute, second := local.Clock()
	return time.Date(year, month, day-days, hour, minute, second, 0, h.zone)
}

func (h history) weeksAgo(moment time.Time, weeks int) time.Time { return h.daysAgo(moment, 7*weeks) }

// around is how busy the pool was around a moment: the mean load of the hours
// before and after it. Unknown when more than half of that is missing.
func (h history) around(moment time.Time) (load Pair, known bool) {
	const hours, every = 3, time.Hour
	count, asked := 0., 0.
	for at := moment.Add(-hours * time.Hour); !at.After(moment.Add(hours * time.Hour)); at = at.Add(every) {
		asked++
		if sampled, ok := h.at(at); ok {
			load = load.plus(sampled)
			count++
		}
	}
	if count < asked/2 {
		return Pair{}, false
	}
	return load.times(1 / count), true
}

// lately is how busy the last days were around this time of the day, in multiples
// of what the weeks before them had on their weekdays: the larger of the last two of
// which there is something to say. So a semester that has begun counts from its
// second day on, and a rush costs a little too much on the next two mornings. Less
// than muchBusier counts as 1: days differ, and after a holiday everybody is back at
// once. With 300 and 240 people on the last two days, and 100 on such days before, it
// is (300 + 5) / (100 + 5) = 2.9.
func (h history) lately(now time.Time, one Pair) float64 {
	var ratios []float64
	for back := 1; back < 7 && len(ratios) < 2; back++ {
		day := h.daysAgo(now, back)
		load, known := h.around(day)
		var before []float64
		for week := 1; week <= pool.HistoryWeeks; week++ {
			if load, ok := h.around(h.weeksAgo(day, week)); ok {
				before = append(before, load.Participants)
			}
		}
		if !known || len(before) == 0 || max(load.Participants, median(before)) < one.Participants*busyDay {
			continue
		}
		ratios = append(ratios, (load.Participants+nightly)/(median(before)+nightly))
	}
	if len(ratios) == 0 || slices.Max(ratios) < muchBusier {
		return 1
	}
	return min(slices.Max(ratios), mostLevel)
}

// muchBusier is more than days differ by chance.
const muchBusier = 1.3

// busyDay is how much of a server's load makes a day tell something.
const busyDay = 0.2

// habits are the past weeks that tell what is usual at this time of the week.
type habits struct {
	history
	// weeks are how many weeks back they lie, unusual are those left out.
	weeks, unusual []int
	// prior is how busy today should be, in multiples of what those weeks had,
	// before it has begun.
	prior float64
}

// A past week is unusual around a time of the week if it was less than half, or
// more than 1.7 times, as busy then as should be expected: a public holiday, a week
// of holidays, a rush; or all weeks before the semester, once one of the semester
// is there. Both bounds are what did well in backtests.
const (
	leastUsual = 0.5
	mostUsual  = 1.7
)

// nightly is added to both before two loads are compared, so that a night with 1
// participant instead of 3 is not unusual.
const nightly = 5

// habitsAt finds out which weeks tell what is usual at a moment. To be expected is
// their median, times how much busier than usual the last days were; with fewer
// than three weeks nobody can tell.
func habitsAt(h history, moment time.Time, one Pair) habits {
	found := habits{history: h, prior: h.lately(moment, one)}
	busy := map[int]float64{}
	for back := 1; back <= pool.HistoryWeeks; back++ {
		if load, known := h.around(h.weeksAgo(moment, back)); known {
			busy[back] = load.Participants + nightly
			found.weeks = append(found.weeks, back)
		}
	}
	if len(found.weeks) < 3 {
		return found
	}
	typical := median(slices.Collect(maps.Values(busy)))
	if !found.keep(busy, typical*found.prior) {
		found.keep(busy, typical)
	}
	if found.prior == 1 {
		return found
	}
	// The prior is in multiples of the median, and usual is the mean of what is left:
	// 2 times a median of 100 is 1.6 times a mean of 125.
	sum := 0.
	for _, back := range found.weeks {
		sum += busy[back]
	}
	found.prior *= typical * float64(len(found.weeks)) / sum
	return found
}

// keep leaves out the weeks that are unusual beside what should be expected,
// unless that would leave none.
func (h *habits) keep(busy map[int]float64, expected float64) bool {
	usual := func(back int) bool { return busy[back] >= leastUsual*expected && busy[back] <= mostUsual*expected }
	if !slices.ContainsFunc(h.weeks, usual) {
		return false
	}
	h.weeks = slices.DeleteFunc(h.weeks, func(back int) bool {
		if !usual(back) {
			h.unusual = append(h.unusual, back)
		}
		return !usual(back)
	})
	return true
}

// median is the middle one of the numbers, or between the middle two.
func median(numbers []float64) float64 {
	slices.Sort(numbers)
	return (numbers[(len(numbers)-1)/2] + numbers[len(numbers)/2]) / 2
}

// usual is the mean load of the usual weeks at the same time of the week, and how
// far they lie apart: the variance. Unknown when none of them was sampled then.
func (h habits) usual(moment time.Time) (mean, variance Pair, known bool) {
	var sum, squares Pair
	count := 0.
	for _, back := range h.weeks {
		if load, ok := h.at(h.weeksAgo(moment, back)); ok {
			sum, squares = sum.plus(load), squares.plus(load.by(load))
			count++
		}
	}
	if count == 0 {
		return Pair{}, Pair{}, false
	}
	mean = sum.times(1 / count)
	if count > 1 {
		variance = squares.plus(mean.by(mean).times(-count)).times(1 / (count - 1))
	}
	return mean, variance, true
}
