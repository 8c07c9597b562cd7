package forecast

import "math"

// shareOf returns the load that a server of the given capacity is planned to carry.
// Scalelite places a meeting without knowing how large it will grow, so a server
// that should get x gets x ± √(clump × x). The share is the x at which the server
// still carries what it gets at that many standard deviations more:
//
//	x + unevenness × √(clump × x) = capacity
//
// This is square-root staffing (Halfin and Whitt, Heavy-Traffic Limits for Queues
// with Many Exponential Servers, 1981), solved for the load. With a capacity of 250
// participants who come 20 at a time, and 0.6 deviations, the share is 211: 211 +
// 0.6 × √(20 × 211) = 250. With 15 meetings that come one by one, and 0.65
// deviations, it is 12.7.
func shareOf(capacity, clump, unevenness float64) float64 {
	half := unevenness * math.Sqrt(clump) / 2
	root := math.Sqrt(half*half+capacity) - half
	return root * root
}
