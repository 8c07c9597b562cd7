package scaling

import (
	"time"

	"divims/internal/pool"
)

// Result is the result of an action.
type Result string

// Results of actions.
const (
	Done Result = "done"
	// Held: a last check right before the action found a reason against it.
	Held Result = "held"
	// Skipped: an earlier action on the same server did not succeed, or no time was
	// left.
	Skipped Result = "skipped"
	Failed  Result = "failed"
)

// Outcome is the result of an action, as far as the next evaluation needs it.
type Outcome struct {
	Result Result
	// Refusals lists what the hoster refused.
	Refusals []pool.Refusal
	// EntryID is the entry that a Register added; empty if none is known to be added.
	EntryID string
}

// maxBackOff is the longest time between two tries to create a machine.
const maxBackOff = time.Hour

// Settle adds the outcomes of the plan's actions to the state that Decide returned.
// outcomes has one entry for each action.
func Settle(next *pool.State, now time.Time, config Config, plan Plan, outcomes []Outcome) {
	for i, outcome := range outcomes {
		action := plan.Actions[i]
		memory := next.Memory(action.Server)
		if tried := outcome.Result == Done || outcome.Result == Failed; tried && (action.Kind == Create || action.Kind == PowerOn) {
			next.Doubt.Ordered, memory.Absent = now, false
		}
		switch {
		case action.Kind == Reboot && outcome.Result == Done:
			memory.Recycle = nil
			memory = rebooted(memory, now)
		case action.Kind == Reboot && outcome.Result == Failed:
			memory = rebooted(memory, now) // perhaps
		case action.Kind == Repair && outcome.Result == Done:
			memory.Repaired = now
		case action.Kind == Create && outcome.Result == Done:
			memory.Failures, memory.NotBefore = 0, time.Time{}
			memory.Ordered, memory.Watched, memory.Gone = now, true, time.Time{}
		case action.Kind == PowerOn && outcome.Result == Done:
			memory = startedAgain(memory, now)
		case action.Kind == Create && outcome.Result == Failed:
			memory = creationFailed(next, memory, now, config, outcome)
		case action.Kind == PowerOn && outcome.Result == Failed:
			memory.Failures++
			memory.NotBefore = now.Add(backOff(config.Interval, memory.Failures))
		case action.Kind == Delete && outcome.Result == Done:
			memory.Deleted = memory.MachineID
		case action.Kind == Register && outcome.EntryID != "":
			memory.Entry.Registered = outcome.EntryID
		case action.Kind == Unregister && outcome.Result == Done:
			memory.Entry.Registered = ""
		case action.Kind == Cordon && outcome.Result == Skipped:
			memory.Entry.Ours = false // the order was not sent
		}
		if next.Servers[action.Server] != nil {
			next.Remember(action.Server, memory)
		}
	}
	if cameThrough(plan, outcomes) {
		next.Refused = nil
	}
}

// cameThrough reports whether a creation succeeded. Refusals of others at the same
// evaluation are then no alert: what was refused was had elsewhere.
func cameThrough(plan Plan, outcomes []Outcome) bool {
	for i, outcome := range outcomes {
		if plan.Actions[i].Kind == Create && outcome.Result == Done {
			return true
		}
	}
	return false
}

// rebooted returns the memory of a server whose machine was rebooted.
func rebooted(memory pool.ServerMemory, now time.Time) pool.ServerMemory {
	memory.Rebooted, memory.Came = now, time.Time{}
	memory.Reboots++
	return memory
}

// startedAgain returns the memory of a server whose machine was switched on.
func startedAgain(memory pool.ServerMemory, now time.Time) pool.ServerMemory {
	memory.Failures, memory.NotBefore = 0, time.Time{}
	memory.Ordered, memory.Came, memory.Served, memory.Fell, memory.LateSince = now, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return memory
}

// creationFailed returns the memory of a server whose machine could not be created, and
// remembers in the state what the hoster refused.
func creationFailed(next *pool.State, memory pool.ServerMemory, now time.Time, config Config, outcome Outcome) pool.ServerMemory {
	if len(outcome.Refusals) == 0 {
		memory.Failures++
		memory.NotBefore = now.Add(backOff(config.Interval, memory.Failures))
		return memory
	}
	memory.NotBefore = nextTry(now, outcome.Refusals) // not the server's failure
	memory.Zone = outcome.Refusals[0].Zone
	next.Refusals = withRefusals(next.Refusals, now, outcome.Refusals)
	next.Refused = refusedRun(next.Refused, now, outcome.Refusals)
	return memory
}

// refusedRun returns a run of refused creations with one more. Of several reasons it keeps
// one that is no shortage, because only a person can remove that.
func refusedRun(run *pool.Refused, now time.Time, list []pool.Refusal) *pool.Refused {
	next := pool.Refused{Since: now, Reason: list[0].Reason, Stock: true}
	if run != nil {
		next.Since = run.Since
	}
	for _, refusal := range list {
		if next.Stock && !refusal.Stock {
			next.Reason, next.Stock = refusal.Reason, false
		}
	}
	return &next
}

// backOff returns the time until the next try after a number of failures in a row. It
// begins a little below one interval, so that the next evaluation tries again, and then
// about doubles: 4m, 9m, 19m, 39m and 1h with an interval of 5 minutes.
func backOff(interval time.Duration, failures int) time.Duration {
	wait := interval << min(max(failures-1, 0), 16)
	return min(wait-interval/5, maxBackOff)
}
