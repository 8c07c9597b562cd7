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

// weeksBefore is the same hour of the same weekday so many weeks earlier, by the
// pool's clocks: 8:00 stays 8:00 when summer time begins in between.
func (h history) weeksBefore(moment time.Time, weeks int) time.Time {
	return h.daysBefore(moment, 7*weeks)
}

func (h history) daysBefore(moment time.Time, days int) time.Time {
	local := moment.In(h.zone)
	year, month, day := local.Date()
	hour, minute, second := local.Clock()
	return time.Date(year, month, day-days, hour, minute, second, 0, h.zone)
}

// around is how busy the pool was around a moment: the mean load of the hours
// before and after it. Unknown when more than half of that is missing.
func (h history) around(moment time.Time) (load Pair, known bool) {
	const hours, every = 3, 30 * time.Minute
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

// habits are the past weeks that tell what is usual at this time of the week.
type habits struct {
	history
	// weeks are how many weeks back they lie, unusual are those left out.
	weeks, unusual []int
}

// A past week is unusual around a time of the week if it was less than half, or
// more than 1.7 times, as busy then as the median of the weeks: a public holiday,
// a week of holidays, a rush. With fewer than three weeks nobody can tell.
// Both bounds are what did well in backtests.
const (
	leastUsual = 0.5
	mostUsual  = 1.7
	fewWeeks   = 3
)

// nightly is added to both before two loads are compared, so that a night with 1
// participant instead of 3 is not unusual.
const nightly = 5

// habitsAt finds out which weeks tell what is usual at a moment.
func habitsAt(h history, moment time.Time) habits {
	found := habits{history: h}
	busy := h.busyWeeks(moment)
	for back := range busy {
		found.weeks = append(found.weeks, back)
	}
	slices.Sort(found.weeks)
	usual := medianOf(busy)
	if newest, known := busy[1]; known && newest > mostUsual*usual && h.newHabit(moment) {
		usual = newest
	}
	left := slices.DeleteFunc(slices.Clone(found.weeks), func(back int) bool { return isUnusual(busy[back], usual) })
	if len(found.weeks) < fewWeeks || len(left) == 0 {
		return found // nobody can tell, or no two weeks are alike
	}
	for _, back := range found.weeks {
		if !slices.Contains(left, back) {
			found.unusual = append(found.unusual, back)
		}
	}
	found.weeks = left
	return found
}

// busyWeeks is how busy the past weeks were around the same time of the week, by
// how many weeks back they lie; weeks without samples are not in it.
func (h history) busyWeeks(moment time.Time) map[int]float64 {
	busy := map[int]float64{}
	for back := 1; back <= pool.HistoryWeeks; back++ {
		if load, known := h.around(h.weeksBefore(moment, back)); known {
			busy[back] = load.Participants + nightly
		}
	}
	return busy
}

// newHabit tells a semester that begins from a day of rush: a week ago was busy
// beyond what is usual, and so were at least two of the six days since, each beside
// its own past weeks. What is less than usual is never taken for a new habit: after
// holidays as before them the usual is planned for, and too much of it costs little.
func (h history) newHabit(moment time.Time) bool {
	days := 0
	for back := 1; back <= 6; back++ {
		day := h.daysBefore(moment, back)
		load, known := h.around(day)
		past := h.busyWeeks(day)
		if known && len(past) > 0 && load.Participants+nightly > mostUsual*medianOf(past) {
			days++
		}
	}
	return days >= 2
}

func isUnusual(busy, usual float64) bool { return busy < leastUsual*usual || busy > mostUsual*usual }

// medianOf is the middle one of the values, or the mean of the two in the middle.
func medianOf(busy map[int]float64) float64 {
	sorted := slices.Sorted(maps.Values(busy))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// usual is the mean load of the usual weeks at the same time of the week, and how
// far they lie apart: the variance. Unknown when none of them was sampled then.
func (h habits) usual(moment time.Time) (mean, variance Pair, known bool) {
	var sum, squares Pair
	count := 0.
	for _, back := range h.weeks {
		if load, ok := h.at(h.weeksBefore(moment, back)); ok {
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
