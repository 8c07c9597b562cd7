package figures

import (
	"slices"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
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
// judged by the requirement and the coming servers of the one before.
func (a *Account) frozen(e Evaluation) bool {
	if a.last == nil || a.last.DryRun || e.Paused || !e.Answered || !e.InStock || len(e.FreePlaces) == 0 {
		return false
	}
	if e.Record == nil && e.Grew || e.Record != nil && asksForGrowth(e.Record) {
		return false
	}
	return a.required > a.present(e)
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

// present returns the number of servers that truly serve, or that are coming or backing off
// according to the last record of an evaluation that saw the pool.
func (a *Account) present(e Evaluation) int {
	present := map[int]bool{}
	for _, number := range e.Serving {
		present[number] = true
	}
	if a.seen != nil {
		for _, s := range a.seen.Servers {
			if a.isComing(s, e.Began) || backsOff(s) {
				present[s.Number] = true
			}
		}
		for _, o := range a.seen.Outcomes {
			if isStart(o) && e.Began.Sub(a.seen.At) <= a.settings.MachineTime {
				present[o.Server] = true
			}
		}
	}
	return len(present)
}

// isStart reports whether an outcome is that of a machine which was created or started.
func isStart(o cycle.Outcome) bool {
	return o.Result == scaling.Done && (o.Kind == scaling.Create || o.Kind == scaling.PowerOn)
}

// isComing reports whether a record shows a server as coming at a moment: it is enabled and
// does not take meetings yet, and its machine is within the time that it may take.
func (a *Account) isComing(s cycle.ServerRecord, at time.Time) bool {
	if s.Entry != pool.Enabled || s.Machine == nil || s.Health != scaling.Healthy {
		return false
	}
	starts := s.Machine.State == pool.Starting || s.Machine.State == pool.Running
	return starts && at.Sub(s.Machine.Since) <= a.settings.MachineTime
}

// triedAgain is in the record of an enabled server whose machine was refused, until DiViMS
// asks for one again.
const triedAgain = "it is tried again after"

// backsOff reports whether a record shows that DiViMS waits before it asks for the
// server's machine again.
func backsOff(s cycle.ServerRecord) bool {
	return s.Entry == pool.Enabled && s.Machine == nil && strings.Contains(s.LeftAlone, triedAgain)
}
