package backtest

import (
	"math"
	"time"
)

// startCost is what a server's start costs in the lower bound: as much as 5 minutes of
// running.
const startCost = 5 * time.Minute

// need returns how many servers a demand needs if it is spread perfectly:
// max(1, ceil(participants / participants per server), ceil(meetings / meetings per server)).
func need(d Demand, participants, meetings int) int {
	return max(1, ceilDiv(d.Participants, participants), ceilDiv(d.Meetings, meetings))
}

// ceilDiv returns a / b, rounded up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }

// LowerBound returns the least server-hours that any policy needs: a policy that knows the
// future and can move meetings needs exactly as many. demand has one element per minute.
//
// The kth server is paid for in every minute with a need of k or more, plus 5 minutes
// for its first start. In a gap between two such minutes it either keeps running or is
// started again, so a gap costs its length, but at most 5 minutes. Example: for one
// hour 1 server is needed, and 2 servers for two times 10 minutes with 3 minutes between
// them:
//
//	server 1: 60 + 5 minutes; server 2: 10 + 3 + 10 + 5 minutes; together 93 minutes
func LowerBound(demand []Demand, participants, meetings int) (hours float64) {
	start := int(startCost / time.Minute)
	var last []int // for each server, the index of the last minute that needed it
	minutes := 0
	for now, d := range demand {
		servers := need(d, participants, meetings)
		minutes += servers
		for k := range servers {
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

// ampleFactor is the size of a pool that hardly limits any policy, as a multiple of the
// need at the peak.
const ampleFactor = 3

// AmpleSize returns a pool size that hardly limits any policy: three times the need at
// the peak of the trace.
func (t *Trace) AmpleSize(participants, meetings int) int {
	most := 1
	for _, d := range t.demand {
		most = max(most, need(d, participants, meetings))
	}
	return ampleFactor * most
}
