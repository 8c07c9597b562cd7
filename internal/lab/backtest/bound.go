package backtest

import (
	"math"
	"time"
)

// leastPaid is what the lower bound pays for a server's start, and the longest
// gap between two needs that it bridges.
const leastPaid = 5 * time.Minute

// need is how many servers a demand needs if it is spread perfectly:
// max(1, ceil(participants / per server), ceil(meetings / per server)).
func need(d Demand, participants, meetings int) int {
	return max(1, ceilDiv(d.Participants, participants), ceilDiv(d.Meetings, meetings))
}

// ceilDiv divides and rounds up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }

// LowerBound is what no policy can do with less, in server-hours: a clairvoyant
// one that moves meetings at will. Each level k, one after the other, is paid
// for in the minutes with a need of k or more; between two of them it is kept for
// the gap or paid for as a new start, whichever is shorter of the gap and 5
// minutes; and 5 minutes for its first start. With a need of 1 for an hour in
// which 2 are needed for twice 10 minutes, 3 minutes apart:
//
//	level 1: 60 + 5 minutes; level 2: 10 + 3 + 10 + 5 minutes; together 93 minutes
func LowerBound(demand []Demand, participants, meetings int) (hours float64) {
	start := int(leastPaid / time.Minute)
	var last []int // by level, the index of the last minute that needed it
	minutes := 0
	for now, d := range demand {
		levels := need(d, participants, meetings)
		minutes += levels
		for k := range levels {
			if k == len(last) {
				last = append(last, now)
				minutes += start
				continue
			}
			minutes += min(now-last[k]-1, start)
			last[k] = now
		}
	}
	return math.Round(float64(minutes)/60*1e4) / 1e4
}

// roomy is the size of a pool that is large enough not to limit any policy, in
// multiples of what perfect spreading needs at the peak: the factor of the policy
// load while the load grows.
const roomy = 3

// Roomy is a size for the pool with which hardly any policy meets its limit.
func (t *Trace) Roomy(participants, meetings int) int {
	most := 1
	for _, d := range t.demand {
		most = max(most, need(d, participants, meetings))
	}
	return roomy * most
}
