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

// sandboxRun is one run of the sandbox.
type sandboxRun struct {
	sandbox             *sandbox.Sandbox
	function            *function
	progress            io.Writer
	evaluations, failed int
}

// interval is the virtual time between two evaluations.
const interval = 5 * time.Minute

// frameInterval is how often a run with a speed advances its world.
const frameInterval = 50 * time.Millisecond

// loop evaluates once per interval of virtual time, until the given length or until
// ctx is cancelled. Length 0 has no end.
func (r *sandboxRun) loop(ctx context.Context, speed float64, length time.Duration) {
	for next := r.sandbox.Now(); length == 0 || next.Sub(sandboxStart) <= length; next = next.Add(interval) {
		if !r.advance(ctx, next, speed) {
			return
		}
		r.evaluate(ctx)
	}
}

// advance moves the world to the next evaluation: at once for speed 0, otherwise by
// that many virtual seconds per second. It returns false if ctx is cancelled.
func (r *sandboxRun) advance(ctx context.Context, next time.Time, speed float64) bool {
	if speed == 0 {
		r.sandbox.AdvanceTo(next)
		return ctx.Err() == nil
	}
	from, start := r.sandbox.Now(), time.Now()
	ticker := time.NewTicker(frameInterval)
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
		_, _ = fmt.Fprintf(r.progress, "%s  evaluation failed: %v\n", now, err)
		return
	}
	_, _ = fmt.Fprintf(r.progress, "%s  %s\n", now, progressLine(record))
}

// progressLine returns an evaluation as one line.
func progressLine(record cycle.Record) string {
	required := "?"
	if servers, ok := record.Required().Get(); ok {
		required = fmt.Sprint(servers)
	}
	line := fmt.Sprintf("participants %5d, meetings %3d | servers: %2s required, %2d enabled, %2d running, %2d draining",
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
