package forecast

import (
	"math"
	"time"
)

// drainTime is the time in which the load on draining servers falls to 37 % (1/e). It was
// tuned in backtests.
const drainTime = 30 * time.Minute

// need is the load that enabled servers are expected to carry at a moment.
type need struct {
	at time.Time
	// expected is the whole load, deviation its standard deviation, and draining
	// the part of it that draining servers still carry.
	expected, deviation, draining Pair
	// servers is how many servers carry it: a fraction.
	servers float64
}

// needAt returns the need at a moment. For participants and for meetings it is
//
//	(expected + uncertainty × deviation - draining) / share
//
// and the larger of the two counts. With 930 ± 108 participants expected in 20
// minutes, 100 on draining servers now, of which e^(-20/30) = 51 % are still there
// then, an uncertainty of 1.4 and a share of 211 it is (930 + 1.4 × 108 - 51) / 211 =
// 4.9 servers.
func (f *forecast) needAt(at time.Time) need {
	n := need{at: at, draining: f.in.Draining.scale(math.Exp(-float64(at.Sub(f.in.Now)) / float64(drainTime)))}
	n.expected, n.deviation = f.model.expect(at)
	load := n.expected.add(n.deviation.multiply(f.in.Room.Uncertainty)).add(n.draining.scale(-1))
	servers := load.combine(f.share, func(load, share float64) float64 { return max(load, 0) / share })
	n.servers = max(servers.Participants, servers.Meetings)
	return n
}

// largestNeed returns the largest need between two times from now.
func (f *forecast) largestNeed(from, to time.Duration) need {
	largest := f.needAt(f.in.Now.Add(from))
	for ahead := from + step; ahead <= to; ahead += step {
		if n := f.needAt(f.in.Now.Add(ahead)); n.servers > largest.servers {
			largest = n
		}
	}
	return largest
}

// MaxAhead is how far ahead the forecast looks for a rise that needs more machines than
// the evaluations until then create. The policy schedule looks as far.
const MaxAhead = 3 * time.Hour

// createEarly returns how many servers this evaluation must require early, because one
// evaluation creates only MaxCreations machines. For each later evaluation it takes the
// need at the time when the machines of that evaluation take meetings, minus the machines
// that the evaluations after this one, up to that one, can create. The largest result
// counts. If 300 servers are needed when the machines created at 8:00 take meetings, and
// 10 can be created every 5 minutes, it is 300 - 6 × 10 = 240 at 7:30. decisive is the
// need that led to the answer.
func (f *forecast) createEarly(lead time.Duration) (servers float64, decisive need) {
	for later := f.in.Interval; later <= MaxAhead; later += f.in.Interval {
		created := float64(f.in.MaxCreations) * float64(later/f.in.Interval)
		if created >= float64(f.in.Size) {
			break
		}
		if n := f.needAt(f.in.Now.Add(lead + later)); math.Ceil(n.servers)-created > servers {
			servers, decisive = math.Ceil(n.servers)-created, n
		}
	}
	return servers, decisive
}
