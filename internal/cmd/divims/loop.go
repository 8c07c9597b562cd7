package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/sandbox"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// sandboxRun is one run of the sandbox.
type sandboxRun struct {
	options sandboxOptions
	// doorway is the way to the page of a function in virtual time. Without it, the
	// function listens on listener itself, and its page is there.
	doorway  *doorway
	page     string
	listener net.Listener
	// frames has the real time since the start, about every frameInterval.
	frames <-chan time.Duration

	sandbox *sandbox.Sandbox
	// settings are the function's, as NAME=value, and function its present instance.
	settings []string
	function *function
	// running are the evaluations and visits that are not over.
	running sync.WaitGroup

	lock                sync.Mutex
	progress            io.Writer
	evaluations, failed int
}

// interval is the virtual time between two evaluations.
const interval = 5 * time.Minute

// frameInterval is how often a run with a speed advances its world.
const frameInterval = 50 * time.Millisecond

// startFrames returns a channel that has the real time since now, until ctx is done and
// the channel is closed. It works as well for a run in virtual time.
func startFrames(ctx context.Context) <-chan time.Duration {
	frames, start := make(chan time.Duration, 1), time.Now()
	go func() {
		defer close(frames)
		ticker := time.NewTicker(frameInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			select {
			case frames <- time.Since(start):
			default: // the run is busy
			}
		}
	}()
	return frames
}

// all starts the sandbox and the function, runs to the end, and writes the summary.
func (r *sandboxRun) all(ctx context.Context, surroundings sandbox.Config, out io.Writer) (err error) {
	r.sandbox, err = sandbox.Start(surroundings) //nolint:contextcheck // Close ends the sandbox, not a context
	if err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	defer func() { _ = r.sandbox.Close() }()
	r.settings = r.sandbox.Environment()
	if err := r.deploy(); err != nil {
		return err
	}
	defer func() { r.function.close() }()
	if r.options.envFile != "" {
		if err := r.sandbox.WriteEnvFile(r.options.envFile); err != nil {
			return fmt.Errorf("write the settings to %s: %w", r.options.envFile, err)
		}
	}
	_, _ = fmt.Fprintf(r.progress, "%s, demand of a %s; the page is at http://%s/\n",
		pool.Count(r.options.servers, "server"), r.options.profile, r.page)
	r.loop(ctx)
	r.running.Wait()
	return r.summarize(out, r.options.json)
}

// deploy starts an instance of the function with the present settings, in the place of
// the instance before.
func (r *sandboxRun) deploy() error {
	settings, err := config.Load(r.settings)
	if err != nil {
		return fmt.Errorf("settings of the sandbox: %w", err)
	}
	if r.doorway == nil {
		r.page = r.listener.Addr().String()
		r.function = serveFunction(settings, r.listener, nil, r.progress)
		return nil
	}
	listener, err := r.sandbox.Listen()
	if err != nil {
		return err
	}
	caller := r.sandbox.NewCaller()
	settings.Network.Dial = caller.Dial
	next := serveFunction(settings, listener, r.sandbox.NewCaller().Dial, r.progress)
	next.caller = caller
	if r.function != nil {
		r.function.close()
	}
	r.function = next
	return nil
}

// loop evaluates once per interval of virtual time, until the given length or until
// ctx is cancelled. Length 0 has no end.
func (r *sandboxRun) loop(ctx context.Context) {
	length := r.options.length
	for next := r.sandbox.Now(); length == 0 || next.Sub(sandboxStart) <= length; next = next.Add(interval) {
		if !r.advance(ctx, next) {
			return
		}
		r.evaluate(ctx)
	}
}

// advance moves the world to a moment: at once for speed 0, otherwise by that many virtual
// seconds per second. It returns false if ctx is cancelled.
func (r *sandboxRun) advance(ctx context.Context, to time.Time) bool {
	if r.options.speed == 0 {
		r.answerVisits()
		r.sandbox.AdvanceTo(to)
		return ctx.Err() == nil
	}
	for from, begun := r.sandbox.Now(), time.Duration(0); r.sandbox.Now().Before(to); {
		elapsed, ok := <-r.frames
		if !ok {
			return false
		}
		if begun == 0 {
			begun = elapsed
		}
		r.answerVisits()
		now := from.Add(time.Duration(float64(elapsed-begun) * r.options.speed))
		if now.After(to) {
			now = to
		}
		r.sandbox.AdvanceTo(now)
	}
	return true
}

// answerVisits has the function answer the requests from outside.
func (r *sandboxRun) answerVisits() {
	if r.doorway != nil {
		r.doorway.answerAll(r.function, r.running.Go)
	}
}

// evaluate starts an evaluation. In a still world it first waits for the one before.
func (r *sandboxRun) evaluate(ctx context.Context) {
	if r.doorway == nil {
		r.running.Wait()
	}
	at, function := r.sandbox.Now(), r.function
	r.running.Go(func() {
		record, err := function.evaluate(ctx)
		r.lock.Lock()
		defer r.lock.Unlock()
		r.evaluations++
		line := progressLine(record)
		if err != nil {
			r.failed++
			line = fmt.Sprintf("evaluation failed: %v", err)
		}
		_, _ = fmt.Fprintf(r.progress, "%s  %s\n", at.In(sandboxStart.Location()).Format("Mon 15:04"), line)
	})
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
