package forecast

import "time"

// minClumpOfMeeting is the least clump of participants, in multiples of the mean meeting
// size. The meeting of the average participant is larger than the average meeting,
// because more participants are in the large meetings.
const minClumpOfMeeting = 1.5

// priorClump is the clump that is assumed before anything is learned. In the average with
// what is learned it weighs as much as a load of priorWeight.
var priorClump, priorWeight = Pair{20, 1}, Pair{100, 10}

// learnClump returns how many people come and go together: the variance of the load
// between the weeks, relative to its mean, over an hour before and after now. With
// weeks of 80, 100 and 120 people, all the while, the variance is 400. With 25
// moments of 100 people the clump is (20 × 100 + 25 × 400) / (100 + 25 × 100) = 4.6.
// It is at most a third of a server, and at least 1.
func (m *model) learnClump(capacity Pair) Pair {
	variance, mean := priorClump.multiply(priorWeight), priorWeight
	var load Pair
	for at := m.now.Add(-time.Hour); !at.After(m.now.Add(time.Hour)); at = at.Add(step) {
		if usual, between, known := m.past.load(at); known && len(m.past.weeks) > 1 {
			variance, mean, load = variance.add(between), mean.add(usual), load.add(usual)
		}
	}
	clump := variance.combine(mean, func(variance, mean float64) float64 { return variance / mean })
	if load.Meetings > 0 {
		clump.Participants = max(clump.Participants, minClumpOfMeeting*load.Participants/load.Meetings)
	}
	return clump.combine(capacity, func(clump, capacity float64) float64 { return min(max(clump, 1), max(capacity/3, 1)) })
}
