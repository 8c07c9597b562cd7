package forecast

import (
	"testing"
	"time"

	"divims/internal/pool"
)

var paris = mustZone("Europe/Paris")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// sampled returns the samples that evaluations every 5 minutes take of a demand. 15
// people are in a meeting.
func sampled(from, to time.Time, people func(local time.Time) int) []pool.Sample {
	var samples []pool.Sample
	for at := from; at.Before(to); at = at.Add(5 * time.Minute) {
		n := people(at.In(paris))
		samples = append(samples, pool.Sample{At: at.UTC(), Participants: n, Meetings: (n + 14) / 15})
	}
	return samples
}

// lectures is a demand of 1000 people from 8:00 to 18:00 on working days, and 50 at
// all other times.
func lectures(local time.Time) int {
	if hour := local.Hour(); hour < 8 || hour >= 18 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		return 50
	}
	return 1000
}

// parisTime parses a local time of Paris.
func parisTime(t testing.TB, local string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", local, paris)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// weeks returns the samples of so many weeks before now.
func weeks(n int, now time.Time, people func(local time.Time) int) []pool.Sample {
	return sampled(now.In(paris).AddDate(0, 0, -7*n), now, people)
}

// input returns the input of a pool of 20 servers for 250 people and 15 meetings each,
// 2 of them enabled, with the balanced margin.
func input(now time.Time, people int, history []pool.Sample) Input {
	return Input{
		Now: now, Zone: paris, History: history,
		Load: Pair{float64(people), float64((people + 14) / 15)}, Enabled: 2,
		ServerCapacity: Pair{250, 15}, Room: Room{Pair{1.4, 1.4}, Pair{0.6, 0.65}},
		Interval: 5 * time.Minute, LeadTime: 12 * time.Minute, MaxCreations: 10, Size: 20,
	}
}
