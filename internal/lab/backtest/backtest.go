// Package backtest measures policies: scaling.Decide against a world, in virtual time.
// In go a trace of meetings and the settings of the decision; out come cost and quality beside a lower bound.
// The decision and its memory are those that run; only the outside is a model, and nothing is left to chance but by seed.
package backtest

import (
	"context"
	"fmt"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// Config says what is measured.
type Config struct {
	Trace *Trace
	// Policies are asked as one list; Scaling.Policies is not looked at.
	Policies Policies
	// Scaling are the settings of the decision.
	Scaling scaling.Config
	// Warmup is how much of the trace is history only: whole days count as days of
	// the trace's zone.
	Warmup time.Duration
	// Poll is Scalelite's POLL_INTERVAL, default 60 s.
	Poll time.Duration
	// RecordingWork is how long a recorded meeting occupies its server after its
	// end, as a multiple of the meeting's length. 0: there are no recordings.
	RecordingWork float64
	// Seed settles how long machines boot, and all else that is left to chance.
	Seed uint64
	// Price is what a server costs in an hour, in euros.
	Price float64
	// Calendar is what the policy schedule reads.
	Calendar pool.Reading[pool.Calendar]
	// EachMinute, if set, is told every evaluated minute.
	EachMinute func(world.Minute)
	// Progress, if set, is told after each hour which share of the time is done.
	Progress func(share float64)
}

// run is a backtest under way.
type run struct {
	Config
	// start is when the first evaluation is.
	start   time.Time
	servers []pool.Server
	world   *world.World
	state   pool.State
	// history is what evaluations recorded so far, oldest first.
	history []pool.Sample
	// future is the truth by the minute from the first evaluation on; empty unless
	// the policies include Oracle.
	future []pool.Sample
	measure
}

// Run measures the policies on the trace. It ends early with the error of ctx.
// Other errors: a warmup that leaves nothing to evaluate, settings of which no
// world can be made, and a policy that never had an answer.
func Run(ctx context.Context, config Config) (Result, error) {
	r := &run{Config: config}
	err := r.all(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("backtest of %s on %s: %w", config.Policies, config.Trace.Name, err)
	}
	return r.result(), nil
}

// all evaluates from the end of the warmup to the end of the trace.
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
		r.tell(now)
	}
	r.world.AdvanceTo(r.Trace.End)
	r.tell(r.Trace.End)
	return r.silent(r.Scaling.Policies)
}

// prepare makes the world with one server running, and the past.
func (r *run) prepare() (err error) {
	r.start = r.Trace.After(r.Warmup)
	if r.Warmup < 0 || !r.start.Before(r.Trace.End) {
		return fmt.Errorf("a warmup of %s leaves nothing to evaluate of %.0f days", r.Warmup, r.Trace.End.Sub(r.Trace.Begin).Hours()/24)
	}
	r.silences, r.silence = map[scaling.Policy]int{}, map[scaling.Policy]string{}
	r.Scaling.Policies = r.Policies.known()
	r.servers = pool.Servers(r.Scaling.Size, r.Scaling.BareMetal, "bbb-w{n}", "bbb-w{n}.example.com")
	switch {
	case r.RecordingWork == 0:
		r.Scaling.Recordings = scaling.RecordingsNone
	case r.Scaling.Recordings == scaling.RecordingsNone:
		r.RecordingWork = 0
	}
	r.world, err = world.New(world.Config{
		Start: r.start, Seed: r.Seed, Servers: r.servers, Running: 1, Meetings: r.Trace.Meetings, Poll: r.Poll,
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

// evaluate is one evaluation: observe, decide, act, record.
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

// record adds to the history what the storage keeps of past weeks, too; nothing
// while the load is not known.
func (r *run) record(now time.Time, plan scaling.Plan) {
	if len(plan.Load.Missing) == 0 {
		r.history = append(r.history, pool.Sample{At: now, Participants: plan.Load.Participants, Meetings: plan.Load.Meetings})
	}
}

// minute is told by the world.
func (r *run) minute(m world.Minute) {
	r.add(m, r.Scaling)
	if r.EachMinute != nil {
		r.EachMinute(m)
	}
}

// tell reports progress at each full hour.
func (r *run) tell(now time.Time) {
	done := now.Sub(r.start)
	if r.Progress != nil && done%time.Hour == 0 {
		r.Progress(float64(done) / float64(r.Trace.End.Sub(r.start)))
	}
}
