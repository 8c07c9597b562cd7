package forecast_test

import (
	"fmt"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling/forecast"
)

// It is Monday, 7:45. In the six weeks before, 900 people came at 8:00. With two
// servers enabled for 50 people, the machines for the lectures must be created now.
func ExamplePredict() {
	now := time.Date(2026, 3, 16, 7, 45, 0, 0, time.UTC)
	var history []pool.Sample
	for at := now.AddDate(0, 0, -6*7); at.Before(now); at = at.Add(5 * time.Minute) {
		sample := pool.Sample{At: at, Participants: 50, Meetings: 4}
		if at.Hour() >= 8 && at.Hour() < 18 {
			sample.Participants, sample.Meetings = 900, 60
		}
		history = append(history, sample)
	}

	answer, err := forecast.Predict(forecast.Input{
		Now: now, Zone: time.UTC, History: history,
		Load: forecast.Pair{Participants: 50, Meetings: 4}, Enabled: 2,
		ServerCapacity: forecast.Pair{Participants: 250, Meetings: 15},
		Room: forecast.Room{
			Uncertainty: forecast.Pair{Participants: 1.4, Meetings: 1.4},
			Unevenness:  forecast.Pair{Participants: 0.6, Meetings: 0.65},
		},
		Interval: 5 * time.Minute, LeadTime: 12 * time.Minute, MaxCreations: 10, Size: 20,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("servers:", answer.Servers)
	for _, reason := range answer.Why {
		fmt.Println(" ", reason)
	}
	// Output:
	// servers: 6
	//   usual is the mean of the Mondays in the weeks 1, 2, 3, 4, 5 and 6 before this one
	//   now 50 participants in 4 meetings, usual are 50 in 4; the last two hours were 1.00 times as busy as usual by participants, 1.00 times by meetings
	//   a server's share is 209 of 250 participants, who come and go 22 at a time, and 12.7 of 15 meetings
	//   at 08:05 max((900 + 1.4 × 112 - 0 draining) / 209, (60.0 + 1.4 × 6.2 - 0.0 draining) / 12.7) = 5.41 servers
}
