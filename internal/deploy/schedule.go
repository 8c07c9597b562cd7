package deploy

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"
)

// schedule sets when the crons of pools call, in UTC. A pool without DIVIMS_CRON_MINUTE
// gets a minute by its name, or the next one that is free, so that pools do not call
// Scaleway at once. Another pool moves it only by taking its minute.
func schedule(pools []Pool) Problems {
	var found Problems
	taken := map[int]int{} // how many pools have a minute, of an interval's minutes
	for i := range pools {
		p := &pools[i]
		every := int(p.Settings.Interval / time.Minute)
		if time.Duration(every)*time.Minute != p.Settings.Interval || 60%every != 0 {
			found = append(found, fmt.Sprintf("%s: DIVIMS_INTERVAL must be minutes that divide an hour, for example 5m, because the cron trigger calls at fixed minutes", p.Path))
			continue
		}
		if p.Settings.Evaluation.Timeout >= p.Settings.FunctionTimeout || p.Settings.FunctionTimeout > time.Hour {
			found = append(found, fmt.Sprintf("%s: DIVIMS_TIMEOUT must be at most 59m, because a call of a function ends after an hour", p.Path))
		}
		if minute, err := strconv.Atoi(p.Settings.CronMinute); err == nil {
			p.Schedule = cron(minute%every, every)
			taken[minute%every]++
		}
	}
	for i := range pools {
		p := &pools[i]
		every := int(p.Settings.Interval / time.Minute)
		if p.Schedule != "" || every < 1 || 60%every != 0 {
			continue
		}
		minute := freeMinute(p.Name, every, taken)
		p.Schedule = cron(minute, every)
		taken[minute]++
	}
	return found
}

// freeMinute returns the first minute of an interval that the fewest pools have, from one
// that the name gives.
func freeMinute(name string, every int, taken map[int]int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	first := int(h.Sum32() % uint32(every))
	best := first
	for i := range every {
		if minute := (first + i) % every; taken[minute] < taken[best] {
			best = minute
		}
	}
	return best
}

// cron returns the schedule that calls every so many minutes, from a minute below that.
func cron(minute, every int) string {
	switch {
	case every == 60:
		return fmt.Sprintf("%d * * * *", minute)
	case minute == 0:
		return fmt.Sprintf("*/%d * * * *", every)
	}
	return fmt.Sprintf("%d-59/%d * * * *", minute, every)
}
