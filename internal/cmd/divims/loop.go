package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/sandbox"
	"divims/internal/scaling"
)

// sandboxRun is a run of the sandbox under way.
type sandboxRun struct {
	sandbox             *sandbox.Sandbox
	function            *function
	progress            io.Writer
	evaluations, failed int
}

// interval is the cron trigger's.
const interval = 5 * time.Minute

// frame is how often a run that keeps pace with the clock moves its world.
const frame = 50 * time.Millisecond

// loop evaluates every interval of virtual time until the end, or until ctx is
// cancelled when there is none.
func (r *sandboxRun) loop(ctx context.Context, speed float64, length time.Duration) {
	for next := r.sandbox.Now(); length == 0 || next.Sub(sandboxStart) <= length; next = next.Add(interval) {
		if !r.advance(ctx, next, speed) {
			return
		}
		r.evaluate(ctx)
	}
}

// advance moves the world to the next evaluation, at once or at the given pace,
// and tells whether it got there.
func (r *sandboxRun) advance(ctx context.Context, next time.Time, speed float64) bool {
	if speed == 0 {
		r.sandbox.AdvanceTo(next)
		return ctx.Err() == nil
	}
	from, start := r.sandbox.Now(), time.Now()
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for r.sandbox.Now().Before(next) {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
			virtual := from.Add(time.Duration(float64(time.Since(start)) * speed))
			if virtual.After(next) {
				virtual = next
			}
			r.sandbox.AdvanceTo(virtual)
		}
	}
	return true
}

func (r *sandboxRun) evaluate(ctx context.Context) {
	r.evaluations++
	record, err := r.function.evaluate(ctx)
	now := r.sandbox.Now().In(sandboxStart.Location()).Format("Mon 15:04")
	if err != nil {
		r.failed++
		fmt.Fprintf(r.progress, "%s  evaluation failed: %v\n", now, err)
		return
	}
	fmt.Fprintf(r.progress, "%s  %s\n", now, progressLine(record))
}

// progressLine is an evaluation in one line.
func progressLine(record cycle.Record) string {
	required := "?"
	if servers, ok := record.Required().Get(); ok {
		required = fmt.Sprint(servers)
	}
	line := fmt.Sprintf("people %5d, meetings %3d | servers: %2s required, %2d enabled, %2d running, %2d draining",
		record.Participants, record.Meetings, required, record.Enabled, record.Running, record.Draining)
	for _, outcome := range record.Outcomes {
		line += fmt.Sprintf(" | %s", outcome.Kind)
		if outcome.Server != 0 {
			line += fmt.Sprintf(" %d", outcome.Server)
		}
		if outcome.Result != scaling.Done {
			line += fmt.Sprintf(" %s: %s", outcome.Result, outcome.Detail)
		}
	}
	return line
}
