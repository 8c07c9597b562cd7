package cycle

import (
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// shortageLasts is for how long a type that a zone refused is not asked for
// again: stocks change within the hour, and every try costs a call.
const shortageLasts = 30 * time.Minute

// longestBackOff bounds the time between two tries to create a machine.
const longestBackOff = time.Hour

// settle adds to the next memory what the actions came to.
func settle(next *pool.State, now time.Time, interval time.Duration, plan scaling.Plan, outcomes []Outcome) {
	for i, outcome := range outcomes {
		action := plan.Actions[i]
		memory, known := next.Servers[action.Server]
		switch {
		case action.Kind == scaling.Reboot && outcome.Result == Done:
			memory.Rebooted = now
		case action.Kind == scaling.Repair && outcome.Result == Done:
			memory.Repaired = now
		case action.Kind == scaling.Create && outcome.Result == Done:
			memory.Failures, memory.NotBefore = 0, time.Time{}
		case action.Kind == scaling.Create && outcome.Result == Failed && len(outcome.shortages) > 0:
			// Another server would fare no better: what is short is remembered instead.
			memory.Failures++
			next.Shortages = append(next.Shortages, shortages(now, outcome)...)
		case action.Kind == scaling.Create && outcome.Result == Failed:
			memory.Failures++
			memory.NotBefore = now.Add(backOff(interval, memory.Failures))
		}
		if known {
			next.Servers[action.Server] = memory
		}
	}
}

// backOff doubles from a little less than one interval, so that the first try
// after a failure is the next evaluation: 4m, 9m, 19m, 39m, 1h with 5 minutes.
func backOff(interval time.Duration, failures int) time.Duration {
	wait := interval << min(failures-1, 16)
	return min(wait-interval/5, longestBackOff)
}

// shortages are the new ones; those that were refused lately run out as before.
func shortages(now time.Time, outcome Outcome) []pool.Shortage {
	var list []pool.Shortage
	for _, shortage := range outcome.shortages {
		if shortage.Until.IsZero() {
			shortage.Until = now.Add(shortageLasts)
			list = append(list, shortage)
		}
	}
	return list
}
