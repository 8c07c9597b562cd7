package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/scenario"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// sandboxRun is one run of the sandbox.
type sandboxRun struct {
	options sandboxOptions
	// relay serves the function's page at the address page.
	relay *relay
	page  string
	// ticks gets the real time since the start, about every tickInterval.
	ticks  <-chan time.Duration
	ledger *ledger
	// interrupted reports whether the user has ended the run.
	interrupted func() bool

	sandbox  *sandbox.Sandbox
	timeline *scenario.Timeline
	// settings are those of the function, as NAME=value, and function is its present instance.
	settings []string
	function *function
	// cronStops counts the events that keep the cron trigger from calling the function.
	cronStops int
	// killAfter is how many calls the next evaluation may make before it is killed; 0 for
	// no limit.
	killAfter int
	// running counts the evaluations, orders and relayed requests in progress.
	running sync.WaitGroup

	// progress can be written to side by side.
	progress io.Writer
}

// interval is the virtual time between two evaluations.
const interval = 5 * time.Minute

// tickInterval is how often a run with a speed above 0 advances its world.
const tickInterval = 50 * time.Millisecond

// startTicks returns a channel that gets the real time since now at each tick. It is closed
// when ctx is done. A run in virtual time may receive from it.
func startTicks(ctx context.Context) <-chan time.Duration {
	ticks, start := make(chan time.Duration, 1), time.Now()
	go func() {
		defer close(ticks)
		ticker := time.NewTicker(tickInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			select {
			case ticks <- time.Since(start):
			default: // the run is busy
			}
		}
	}()
	return ticks
}

// run starts the sandbox and the function, loops until the end, and writes the figures.
func (r *sandboxRun) run(surroundings sandbox.Config, out io.Writer) (err error) {
	r.sandbox, err = sandbox.Start(surroundings)
	if err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	defer func() { _ = r.sandbox.Close() }()
	r.ledger.open(r.sandbox)
	r.settings, err = withAll(r.sandbox.Environment(), r.options.set)
	if err != nil {
		return err
	}
	if err := r.deploy(r.settings); err != nil {
		return err
	}
	defer func() { r.function.close() }()
	if err := r.readScenario(); err != nil {
		return err
	}
	if err := r.writeMessages(); err != nil { // before the run, so that nobody waits in vain
		return usageError{err}
	}
	if r.options.envFile != "" {
		if err := r.sandbox.WriteEnvFile(r.options.envFile); err != nil {
			return fmt.Errorf("write the settings to %s: %w", r.options.envFile, err)
		}
	}
	r.print("%s, demand of a %s, from %s; the page is at http://%s%s", pool.Count(r.options.servers, "server"), r.options.profile,
		sandboxStart.Format("Mon 2006-01-02 15:04"), r.page, r.pagePath())
	err = r.loop()
	r.running.Wait()
	err = errors.Join(err, r.writeMessages())
	return errors.Join(err, r.ledger.summarize(out, r.options.json))
}

// writeMessages writes the notifications so far to the file of --messages.
func (r *sandboxRun) writeMessages() error {
	if r.options.messages == "" {
		return nil
	}
	return writeMessages(r.options.messages, r.sandbox)
}

// print writes a line of progress.
func (r *sandboxRun) print(format string, arguments ...any) {
	_, _ = fmt.Fprintln(r.progress, fact.Clean(fmt.Sprintf(format, arguments...)))
}

// loop evaluates once per interval of virtual time and makes the scenario's events happen,
// until the given length or until it is interrupted. Length 0 has no end.
func (r *sandboxRun) loop() error {
	defer r.ledger.close()
	length := r.options.length
	for next := r.sandbox.Now(); length == 0 || next.Sub(sandboxStart) <= length; next = next.Add(interval) {
		if err := r.happenUntil(next); err != nil {
			return err
		}
		if !r.advance(next) {
			return nil
		}
		if r.cronStops == 0 {
			r.Evaluate()
		}
	}
	return r.finish(sandboxStart.Add(length))
}

// finish advances the world to the end of the run, which may be after the last evaluation.
func (r *sandboxRun) finish(end time.Time) error {
	if !end.After(r.sandbox.Now()) {
		return nil
	}
	if err := r.happenUntil(end); err != nil {
		return err
	}
	r.advance(end)
	return nil
}

// happenUntil advances the world to a moment, and makes the events until then happen.
func (r *sandboxRun) happenUntil(until time.Time) error {
	for {
		at, more := r.timeline.Next()
		if !more || at.After(until) || !r.advance(at) {
			return nil
		}
		lines, err := r.timeline.Happen(r.sandbox.Now())
		for _, line := range lines {
			r.print("%s", line)
		}
		if err != nil {
			return err
		}
	}
}

// advance moves the world to a moment: at once for speed 0, otherwise by that many virtual
// seconds per second. It returns false if the run is interrupted.
func (r *sandboxRun) advance(to time.Time) bool {
	if r.options.speed == 0 {
		r.answerRelayed()
		r.sandbox.AdvanceTo(to)
		return !r.interrupted()
	}
	for from, begun := r.sandbox.Now(), time.Duration(0); r.sandbox.Now().Before(to); {
		elapsed, ok := <-r.ticks
		if !ok {
			return false
		}
		if begun == 0 {
			begun = elapsed
		}
		r.answerRelayed()
		now := from.Add(time.Duration(float64(elapsed-begun) * r.options.speed))
		if now.After(to) {
			now = to
		}
		r.sandbox.AdvanceTo(now)
	}
	return true
}

// answerRelayed answers the requests for the page that are waiting.
func (r *sandboxRun) answerRelayed() {
	r.relay.answerAll(r.timeline.Handler(r.function, r.sandbox.Now), r.running.Go)
}

// pagePath returns the path of the page to look at.
func (r *sandboxRun) pagePath() string {
	if r.options.scenario != "" {
		return "/scenario"
	}
	return "/"
}

// progressOf returns the line of progress of an evaluation.
func progressOf(record cycle.Record, err error, killed bool) string {
	switch {
	case killed:
		return "evaluation killed"
	case errors.Is(err, errLeaseHeld):
		return "evaluation not begun: " + err.Error()
	case err != nil:
		return fmt.Sprintf("evaluation failed: %v", err)
	}
	return progressLine(record)
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
