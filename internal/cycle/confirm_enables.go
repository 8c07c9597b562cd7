package cycle

import (
	"context"
	"slices"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// saveTime is longer than a poll of Scalelite usually takes from reading an entry to saving
// it. If it takes longer, the next evaluation sees that the entry is disabled.
const saveTime = 2 * time.Second

// confirmEnables looks whether entries that were cordoned without load are enabled by now,
// and enables those again that are disabled: a poll that has read such an entry before the
// change disables it. The next poll does not, because it reads it as enabled.
func (a *actor) confirmEnables(ctx context.Context, outcomes []Outcome) {
	if !slices.ContainsFunc(outcomes, a.mayBeUndone) {
		return
	}
	select {
	case <-time.After(saveTime):
	case <-ctx.Done():
		return
	}
	entries, err := a.readEntries(ctx)
	if err != nil {
		return // the next evaluation sees them
	}
	for i, outcome := range outcomes {
		if a.mayBeUndone(outcome) && a.isDisabled(outcome.Server, entries) {
			outcomes[i] = a.enableAgain(ctx, outcome)
			a.logAction(ctx, outcomes[i])
		}
	}
}

// mayBeUndone reports whether an outcome is that of an entry which was cordoned, perhaps
// without load, and has been enabled.
func (a *actor) mayBeUndone(outcome Outcome) bool {
	if outcome.Kind != scaling.Enable || outcome.Result != scaling.Done {
		return false
	}
	entry, _ := a.seen.Servers[outcome.Server-1].Entry.Get()
	load, known := entry.Load.Get()
	return entry.State == pool.Cordoned && (!known || load <= 0)
}

func (a *actor) isDisabled(server int, entries []pool.Entry) bool {
	enabled, _ := a.seen.Servers[server-1].Entry.Get()
	return slices.ContainsFunc(entries, func(now pool.Entry) bool { return now.ID == enabled.ID && now.State == pool.Disabled })
}

func (a *actor) enableAgain(ctx context.Context, outcome Outcome) Outcome {
	if err := a.setState(ctx, a.seen.Servers[outcome.Server-1], pool.Enabled); err != nil {
		outcome.Result, outcome.Detail = scaling.Failed, "Scalelite's poller disabled it at once; enable it again: "+err.Error()
		return outcome
	}
	outcome.Detail = "enabled twice, because Scalelite's poller disabled it at once"
	return outcome
}
