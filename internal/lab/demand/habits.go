package demand

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// referencePeak is roughly the largest number of people at once that the habits below
// produce without scaling.
const referencePeak = 1500

// habits describe when the people of a profile meet, how many of them, and for how
// long. Counts of meetings are for an ordinary Tuesday.
type habits struct {
	// week has a factor for the number of meetings on each weekday, Sunday first.
	// holidays is the same factor for a day in the holidays.
	week     [7]float64
	holidays float64
	// freeAfternoon is a weekday without planned meetings from 13:00 on. Sunday, the
	// zero value, means that there is none.
	freeAfternoon time.Weekday

	// bells are the times at which planned meetings start. punctuality is the
	// difference between a meeting's start and its bell, in minutes.
	bells       []bell
	punctuality normal
	planned     gathering
	// spontaneousStarts is, by hour of the day, how many meetings start on average, at
	// random minutes of that hour.
	spontaneousStarts [24]float64
	spontaneous       gathering

	// join and leave are the longest times that the people of a meeting take to join
	// and to leave.
	join, leave time.Duration
	// recorded is the share of meetings with a recording.
	recorded float64
}

// bell is a time of the day, in minutes after midnight, and the number of meetings that
// start then.
type bell struct {
	minute   int
	meetings float64
}

// gathering is a kind of meeting.
type gathering struct {
	size lognormal
	// hallShare is the share of meetings that are large instead: see hall.
	hallShare float64
	// lengths are the planned durations. If there are none, durations are drawn from
	// an exponential distribution with the mean meanLength (minutes).
	lengths    []length
	meanLength float64
}

// length is a planned duration in minutes and the share of meetings with it.
type length struct {
	minutes, share float64
}

// length draws a duration in minutes.
func (g *gathering) length(random *rand.Rand) float64 {
	if len(g.lengths) == 0 {
		return g.meanLength * random.ExpFloat64()
	}
	left := random.Float64()
	for _, l := range g.lengths {
		if left -= l.share; left < 0 {
			return l.minutes * (1 + 0.04*random.NormFloat64())
		}
	}
	return g.lengths[0].minutes
}

// normal is a normal distribution.
type normal struct{ mean, deviation float64 }

func (n normal) draw(random *rand.Rand) float64 { return n.mean + n.deviation*random.NormFloat64() }

// lognormal is a log-normal distribution; sigma is the standard deviation of the
// logarithm.
type lognormal struct{ median, sigma float64 }

func (l lognormal) draw(random *rand.Rand) float64 {
	return l.median * math.Exp(l.sigma*random.NormFloat64())
}

// habitsOf returns the habits of a profile. The figures are rounded from published ones:
// a university with 8 people in an average meeting, big lectures aside, and the schools
// of a city with 3 meetings at 07:00, everybody at 08:00 and the peak before noon.
func habitsOf(profile Profile) (habits, error) {
	switch profile {
	case University:
		return universityHabits(), nil
	case School:
		return schoolHabits(), nil
	case Company:
		return companyHabits(), nil
	}
	return habits{}, fmt.Errorf("profile %q, must be one of %v", profile, Profiles())
}

// universityHabits: lectures begin on the hour or a quarter of an hour later. People
// come early.
func universityHabits() habits {
	h := habits{
		week:        [7]float64{0.03, 0.85, 1, 1, 0.95, 0.72, 0.12},
		holidays:    0.17,
		punctuality: normal{-2.5, 3},
		planned: gathering{
			size:      lognormal{11, 0.75},
			hallShare: 0.012,
			lengths:   []length{{92, 0.45}, {64, 0.30}, {122, 0.20}, {150, 0.05}},
		},
		spontaneousStarts: [24]float64{
			7: 1, 8: 5, 9: 8, 10: 11, 11: 13, 12: 16, 13: 14, 14: 14, 15: 12, 16: 11, 17: 10, 18: 7, 19: 5, 20: 3, 21: 1,
		},
		spontaneous: gathering{size: lognormal{2.8, 0.4}, meanLength: 24},
		join:        15 * time.Minute,
		leave:       5 * time.Minute,
		recorded:    1. / 3,
	}
	onTheHour := map[int]float64{8: 18, 9: 20, 10: 23, 11: 17, 13: 18, 14: 25, 15: 19, 16: 19, 17: 14, 18: 10, 19: 5}
	quarterPast := map[int]float64{8: 16, 9: 12, 10: 26, 11: 12, 13: 24, 14: 13, 15: 9, 16: 17}
	for hour := range 24 {
		h.bells = append(h.bells, bell{hour * 60, onTheHour[hour]}, bell{hour*60 + 15, quarterPast[hour]})
	}
	return h
}

// schoolHabits: most schools begin lessons on the hour, some ten minutes later, a few at
// half past. Wednesday afternoon is free.
func schoolHabits() habits {
	h := habits{
		week:          [7]float64{0.03, 0.88, 1, 1, 0.92, 0.92, 0.04},
		holidays:      0.04,
		freeAfternoon: time.Wednesday,
		punctuality:   normal{2, 2.8},
		planned: gathering{
			size:      lognormal{21.5, 0.32},
			hallShare: 0.003,
			lengths:   []length{{54, 0.83}, {109, 0.17}},
		},
		spontaneousStarts: [24]float64{
			7: 0.5, 8: 1, 9: 2, 10: 3, 11: 4, 12: 4, 13: 5, 14: 5, 15: 4, 16: 3, 17: 2, 18: 2, 19: 1, 20: 1,
		},
		spontaneous: gathering{size: lognormal{2.8, 0.4}, meanLength: 18},
		join:        7 * time.Minute,
		leave:       150 * time.Second,
		recorded:    0.37,
	}
	lessons := []bell{
		{8 * 60, 34}, {9 * 60, 38}, {10 * 60, 52}, {11 * 60, 63}, {13*60 + 30, 22}, {14*60 + 30, 19}, {15*60 + 30, 17}, {16*60 + 30, 7},
	}
	for _, lesson := range lessons {
		h.bells = append(h.bells,
			bell{lesson.minute, 0.6 * lesson.meetings},
			bell{lesson.minute + 10, 0.25 * lesson.meetings},
			bell{lesson.minute + 30, 0.15 * lesson.meetings},
		)
	}
	return h
}

// companyHabits: meetings begin on the hour and at half past, and few begin at lunch.
func companyHabits() habits {
	h := habits{
		week:        [7]float64{0.04, 0.9, 1, 0.97, 0.92, 0.7, 0.04},
		holidays:    0.75,
		punctuality: normal{0, 2},
		planned: gathering{
			size:      lognormal{4.6, 0.6},
			hallShare: 0.003,
			lengths:   []length{{31, 0.50}, {60, 0.40}, {15, 0.01}, {90, 0.06}, {125, 0.03}},
		},
		spontaneousStarts: [24]float64{
			7: 7, 8: 22, 9: 35, 10: 50, 11: 62, 12: 75, 13: 80, 14: 68, 15: 58, 16: 46, 17: 30, 18: 20, 19: 8,
		},
		spontaneous: gathering{size: lognormal{2.8, 0.4}, meanLength: 17},
		join:        5 * time.Minute,
		leave:       90 * time.Second,
		recorded:    1. / 3,
	}
	onTheHour := map[int]float64{8: 65, 9: 110, 10: 105, 11: 115, 12: 30, 13: 120, 14: 125, 15: 115, 16: 110, 17: 65}
	halfPast := map[int]float64{8: 52, 9: 90, 10: 90, 11: 92, 12: 32, 13: 92, 14: 85, 15: 88, 16: 85, 17: 45}
	for hour := range 24 {
		h.bells = append(h.bells, bell{hour * 60, onTheHour[hour]}, bell{hour*60 + 30, halfPast[hour]})
	}
	return h
}
