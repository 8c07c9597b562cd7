package figures

import (
	"slices"
	"time"

	"divims/internal/cycle"
	"divims/internal/scaling"
)

// freeze measures the longest unbroken run of evaluations in which DiViMS froze: it
// required more servers than it had or was about to get, and did nothing about it
// although it could have.
type freeze struct {
	current, longest time.Duration
	// counted is when the last evaluation of the current run began.
	counted time.Time
}

// add adds an evaluation. An additional one, less than half an interval after the one
// before, can end a run of frozen evaluations but does not make it longer.
func (f *freeze) add(began time.Time, frozen bool, interval time.Duration) {
	switch {
	case !frozen:
		f.current = 0
	case f.current > 0 && began.Sub(f.counted) < interval/2:
	default:
		f.current += interval
		f.counted = began
		f.longest = max(f.longest, f.current)
	}
}

// frozen reports whether an evaluation is part of a freeze. An evaluation without a record is
// judged by the requirement, the coming servers and the doubts of the one before.
func (a *Account) frozen(e Evaluation) bool {
	if a.last == nil || a.last.DryRun || e.Paused || !e.Answered || !e.InStock || len(e.FreePlaces) == 0 {
		return false
	}
	if e.Record == nil && e.Grew || e.Record != nil && asksForGrowth(e.Record) {
		return false
	}
	coming := a.coming(e)
	return a.required > len(e.Serving)+coming && !a.waits(coming)
}

// asksForGrowth reports whether an evaluation asked for a server to be enabled, or for a
// machine to be created or started. A request that was refused counts. An action that was
// only planned does not.
func asksForGrowth(record *cycle.Record) bool {
	return slices.ContainsFunc(record.Outcomes, func(o cycle.Outcome) bool {
		asked := o.Result == scaling.Done || o.Result == scaling.Failed
		return asked && (o.Kind == scaling.Enable || o.Kind == scaling.Create || o.Kind == scaling.PowerOn)
	})
}

// coming returns the number of servers that do not truly serve and are coming by the last
// record of an evaluation that saw the pool, or whose machine that evaluation created or
// started. A record that is older than a machine may take shows nobody as coming.
func (a *Account) coming(e Evaluation) int {
	if a.seen == nil || e.Began.Sub(a.seen.At) > a.settings.MachineTime {
		return 0
	}
	coming := map[int]bool{}
	poller := slices.ContainsFunc(a.seen.Plan.Doubts, func(d scaling.Doubt) bool { return d.Cause == scaling.StalePoller })
	for _, s := range a.seen.Servers {
		if s.Stage == scaling.Coming || poller && isUp(s) {
			coming[s.Number] = true
		}
	}
	for _, o := range a.seen.Outcomes {
		if isStart(o) {
			coming[o.Server] = true
		}
	}
	for _, number := range e.Serving {
		delete(coming, number)
	}
	return len(coming)
}

// isUp reports whether a record shows a server that only waits for Scalelite's poller: it
// answers, and Scalelite takes it for offline.
func isUp(s cycle.ServerRecord) bool {
	return s.Stage == scaling.Late && !s.Online && s.Meetings.Known()
}

// isStart reports whether an outcome is that of a machine which was created or started.
func isStart(o cycle.Outcome) bool {
	return o.Result == scaling.Done && (o.Kind == scaling.Create || o.Kind == scaling.PowerOn)
}

// waits reports whether a doubt lets the pool grow at a pace and no machine may be started
// now: because the machines of this round are still coming, or because the next round has
// its time.
func (a *Account) waits(coming int) bool {
	return a.seen != nil && slices.ContainsFunc(a.seen.Plan.Doubts, func(d scaling.Doubt) bool {
		return d.Starts == 0 && (coming > 0 || !d.Next.IsZero())
	})
}
