package pool

import "time"

// NetworkRates are bytes per second.
type NetworkRates struct {
	Received float64 `json:"received"`
	Sent     float64 `json:"sent"`
}

// Rate returns the mean rate between two readings of a machine's counters. It is unknown
// if no time has passed, or if a counter went back, as it does at a boot.
func Rate(previous, current NetworkCounters, elapsed time.Duration) Reading[NetworkRates] {
	if elapsed <= 0 {
		return Unknown[NetworkRates]("no time passed between the two samples")
	}
	if current.Received < previous.Received || current.Sent < previous.Sent {
		return Unknown[NetworkRates]("the counters started again")
	}
	return Seen(NetworkRates{
		Received: (current.Received - previous.Received) / elapsed.Seconds(),
		Sent:     (current.Sent - previous.Sent) / elapsed.Seconds(),
	})
}
