package scaling

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// Result says what an action came to.
type Result string

// Results of actions.
const (
	Done Result = "done"
	// Held: a last look found a reason not to do it.
	Held Result = "held"
	// Skipped: an earlier action of the same server did not come through, or the
	// time was up.
	Skipped Result = "skipped"
	Failed  Result = "failed"
)

// Outcome is what an action came to, as far as the next evaluation has to know.
type Outcome struct {
	Result Result
	// Shortages are what the hoster could not give.
	Shortages []pool.Shortage
}

// shortageLasts is for how long a type that a zone refused is not asked for
// again: stocks change within the hour, and every try costs a call.
const shortageLasts = 30 * time.Minute

// longestBackOff bounds the time between two tries to create a machine.
const longestBackOff = time.Hour

// Settle adds to the memory that Decide gave what the actions of its plan came
// to, one outcome for each.
func Settle(next *pool.State, now time.Time, config Config, plan Plan, outcomes []Outcome) {
	for i, outcome := range outcomes {
		action := plan.Actions[i]
		memory, known := next.Servers[action.Server]
		switch {
		case action.Kind == Reboot && outcome.Result == Done:
			memory.Rebooted, memory.Recycle = now, nil
		case action.Kind == Repair && outcome.Result == Done:
			memory.Repaired = now
		case action.Kind == Create && outcome.Result == Done:
			memory.Failures, memory.NotBefore = 0, time.Time{}
		case action.Kind == Create && outcome.Result == Failed && len(outcome.Shortages) > 0:
			memory.NotBefore = soonest(now, outcome.Shortages) // not the server's failure
			next.Shortages = withShortages(next.Shortages, now, outcome.Shortages)
		case action.Kind == Create && outcome.Result == Failed:
			memory.Failures++
			memory.NotBefore = now.Add(backOff(config.Interval, memory.Failures))
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

// soonest is when a server may be tried again whose zones had nothing for it.
// Until then it is no capacity: one with an address in another zone takes its place.
func soonest(now time.Time, list []pool.Shortage) time.Time {
	at := now.Add(shortageLasts)
	for _, shortage := range list {
		if !shortage.Until.IsZero() && shortage.Until.Before(at) {
			at = shortage.Until
		}
	}
	return at
}

// withShortages adds the new ones; those that were refused lately run out as before.
// What several servers were refused by one evaluation is one shortage.
func withShortages(known []pool.Shortage, now time.Time, list []pool.Shortage) []pool.Shortage {
	for _, shortage := range list {
		same := func(k pool.Shortage) bool { return k.Type == shortage.Type && k.Zone == shortage.Zone }
		if shortage.Until.IsZero() && !slices.ContainsFunc(known, same) {
			shortage.Until = now.Add(shortageLasts)
			known = append(known, shortage)
		}
	}
	return known
}
