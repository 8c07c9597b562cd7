// Package backtest measures what policies cost and how well they do. It runs
// scaling.Decide, the same code as the function, on a world in virtual time with the
// meetings of a trace, and compares the result with a lower bound. The same seed gives
// the same result.
package backtest

import (
	"context"
	"fmt"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// Config describes a backtest.
type Config struct {
	Trace *Trace
	// Policies are the policies of every evaluation, of which the largest answer counts.
	// They replace Scaling.Policies.
	Policies Policies
	// Scaling are the settings of the decision.
	Scaling scaling.Config
	// Warmup is the length of the first part of the trace. It is only history: no
	// evaluation runs in it. Whole days are calendar days of the trace's time zone.
	Warmup time.Duration
	// Poll is Scalelite's POLL_INTERVAL, default 60 s.
	Poll time.Duration
	// RecordingWork is how long the server processes a recording after the meeting's
	// end, as a multiple of the meeting's length. 0 means that there are no recordings.
	RecordingWork float64
	// Seed determines how long machines boot and everything else that is random.
	Seed uint64
	// Price is the price of a server in euros per hour.
	Price float64
	// Calendar has the events for the policy schedule.
	Calendar pool.Reading[pool.Calendar]
	// EachMinute, if set, is called for every minute of the evaluated time.
	EachMinute func(world.Minute)
	// Progress, if set, is called at each full hour with the share of the time that is
	// done, 0 to 1.
	Progress func(share float64)
}

// run is the state of a running backtest.
type run struct {
	Config
	// start is the time of the first evaluation.
	start   time.Time
	servers []pool.Server
	world   *world.World
	state   pool.State
	// history has the samples that evaluations recorded so far, oldest first.
	history []pool.Sample
	// future has the true samples of every minute from start on. It is empty unless the
	// policies include Oracle.
	future []pool.Sample
	measure
}

// Run measures the policies on the trace. Errors: ctx.Err(), a warmup that leaves
// nothing to evaluate, settings that are invalid for a world, and a policy that never
// had an answer.
func Run(ctx context.Context, config Config) (Result, error) {
	r := &run{Config: config}
	err := r.all(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("backtest of %s on %s: %w", config.Policies, config.Trace.Name, err)
	}
	return r.result(), nil
}

// all runs the evaluations from the end of the warmup to the end of the trace.
func (r *run) all(ctx context.Context) error {
	if err := r.prepare(); err != nil {
		return err
	}
	for now := r.start; now.Before(r.Trace.End); now = now.Add(r.Scaling.Interval) {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.world.AdvanceTo(now)
		if err := r.evaluate(now.UTC()); err != nil {
			return err
		}
		r.reportProgress(now)
	}
	r.world.AdvanceTo(r.Trace.End)
	r.reportProgress(r.Trace.End)
	return r.requireAnswers(r.Scaling.Policies)
}

// prepare creates the world, with one running server, and the history.
func (r *run) prepare() (err error) {
	r.start = r.Trace.After(r.Warmup)
	if r.Warmup < 0 || !r.start.Before(r.Trace.End) {
		return fmt.Errorf("a warmup of %s leaves nothing to evaluate of %.0f days", r.Warmup, r.Trace.End.Sub(r.Trace.Begin).Hours()/24)
	}
	r.unanswered, r.noAnswer = map[scaling.Policy]int{}, map[scaling.Policy]string{}
	r.Scaling.Policies = r.Policies.known()
	r.servers = pool.Servers(r.Scaling.Size, r.Scaling.BareMetal, "bbb-w{n}", "bbb-w{n}.example.com")
	switch {
	case r.RecordingWork == 0:
		r.Scaling.Recordings = scaling.RecordingsNone
	case r.Scaling.Recordings == scaling.RecordingsNone:
		r.RecordingWork = 0
	}
	r.world, err = world.New(world.Config{
		Start: r.start, Seed: r.Seed, Servers: r.servers, Running: 1, Meetings: r.Trace.Meetings, Poller: world.Poller{Every: r.Poll},
		ServerParticipants: r.Scaling.ServerParticipants, ServerMeetings: r.Scaling.ServerMeetings,
		RecordingWork: r.RecordingWork, Shipped: r.Scaling.Recordings == scaling.RecordingsShipped,
		EachMinute: r.minute,
	})
	if err != nil {
		return err
	}
	r.history = r.Trace.Samples(r.Trace.Begin, r.start, r.Scaling.Interval)
	if r.Policies.oracle() {
		r.future = r.Trace.Samples(r.start, r.Trace.End, time.Minute)
	}
	return nil
}

// evaluate runs one evaluation: observe, decide, act, record.
func (r *run) evaluate(now time.Time) error {
	seen := r.observe(now)
	plan, next := scaling.Decide(now, r.Scaling, seen, r.state)
	outcomes, err := r.act(seen, plan)
	if err != nil {
		return err
	}
	scaling.Settle(&next, now, r.Scaling, plan, outcomes)
	r.state = next
	r.record(now, plan)
	r.count(plan)
	return nil
}

// record adds a sample to the history, as an evaluation stores it, if the load is known.
func (r *run) record(now time.Time, plan scaling.Plan) {
	if len(plan.Load.Missing) == 0 {
		r.history = append(r.history, pool.Sample{At: now, Participants: plan.Load.Participants, Meetings: plan.Load.Meetings})
	}
}

// minute is called by the world at every full minute.
func (r *run) minute(m world.Minute) {
	r.add(m, r.Scaling)
	if r.EachMinute != nil {
		r.EachMinute(m)
	}
}

// reportProgress calls Progress at each full hour.
func (r *run) reportProgress(now time.Time) {
	done := now.Sub(r.start)
	if r.Progress != nil && done%time.Hour == 0 {
		r.Progress(float64(done) / float64(r.Trace.End.Sub(r.start)))
	}
}
