// Package cycle is one evaluation of a pool: take the lease, observe, decide,
// act, record. In go the services of a pool and the time; out comes the decision
// record. It decides nothing itself and keeps nothing between evaluations.
package cycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// Services are the outside services of a pool.
type Services struct {
	LoadBalancer pool.LoadBalancer
	Meetings     pool.MeetingService
	Hoster       pool.Hoster
	Store        Store
	// Stats is nil when the pool has no stats endpoints, Calendar when it has no
	// calendar. What they would have said is unknown then.
	Stats    pool.StatsService
	Calendar pool.CalendarService
	// Notifier is nil when nobody is to be told.
	Notifier Notifier
	// UserData gets ready to write the cloud-init documents of new machines, once
	// for all machines of a plan; nil for none.
	UserData func(context.Context) (UserData, error)
}

// UserData writes the cloud-init document of a server's machine.
type UserData func(pool.Server) ([]byte, error)

// Notifier tells operators. told is true if anybody was told, and the error says who
// was not.
type Notifier interface {
	Notify(ctx context.Context, message pool.Message) (told bool, err error)
}

// Store is what an evaluation needs of the storage.
type Store interface {
	// Acquire takes the pool's lease from now until `until` and gives the state
	// of the last evaluation. Its error is a *pool.LeaseHeldError while another
	// holder has it.
	Acquire(ctx context.Context, holder string, now, until time.Time) (pool.State, error)
	// Commit writes the state and gives the holder's lease back, in one
	// conditional write: pool.ErrLeaseLost, and nothing written, if it was taken over.
	Commit(ctx context.Context, holder string, state pool.State) error
	// State reads without taking the lease.
	State(ctx context.Context) (pool.State, error)
	// AppendSample adds to the history, AppendDecision to the day's records. Adding
	// the last one once more changes nothing.
	AppendSample(ctx context.Context, sample pool.Sample) error
	// Recent gives the samples of the week of now and of the pool.HistoryWeeks
	// before it, oldest first.
	Recent(ctx context.Context, now time.Time) ([]pool.Sample, error)
	AppendDecision(ctx context.Context, at time.Time, record json.RawMessage) error
	// LoadCalendar gives the last good calendar, nil for none.
	LoadCalendar(ctx context.Context) ([]byte, error)
	SaveCalendar(ctx context.Context, calendar []byte) error
}

// Config is what an evaluation needs to know of the pool.
type Config struct {
	Settings
	// Pool is its name.
	Pool    string
	Scaling scaling.Config
	Servers []pool.Server
	// Zones are those of new machines, preferred first.
	Zones []string
}

// Request asks for one evaluation.
type Request struct {
	// Now is the evaluation's one `now`.
	Now time.Time
	// Elapsed tells how much time has gone since Now.
	Elapsed func() time.Duration
	// Source says who asks: "cron", "http", "command line".
	Source string
	// Holder names this evaluation in the lease, and is unlike all others.
	Holder string
	// DryRun decides, and neither acts nor writes nor tells.
	DryRun bool
}

// Cycle runs evaluations of one pool.
type Cycle struct {
	Config   Config
	Services Services
	Log      *slog.Logger
}

// leaseMargin is how much longer than the evaluation's deadline its lease
// holds: a late answer to the last call, and clocks that differ.
const leaseMargin = 30 * time.Second

// recordShare is the part of the evaluation's time that is kept for recording
// after the actions, observeShare the part in which everything must be seen.
const (
	observeShare = 0.5
	recordShare  = 0.1
)

// Run makes one evaluation. The record is complete as far as the evaluation
// came. The error is a *pool.LeaseHeldError when another evaluation runs; every
// other error says what kept this one from being recorded.
func (c *Cycle) Run(ctx context.Context, request Request) (Record, error) {
	record := Record{At: request.Now, Source: request.Source, DryRun: request.DryRun || c.Config.DryRun}
	ctx, cancel := context.WithTimeout(ctx, c.Config.Timeout)
	defer cancel()
	state, err := c.begin(ctx, request)
	if err != nil {
		return record, err
	}
	seen, calendar := c.observe(ctx, request.Now)
	plan, next := scaling.Decide(request.Now, c.Config.Scaling, seen, state)
	record.describe(request.Now, seen, plan, state)
	if !record.DryRun {
		record.Outcomes = c.act(ctx, request, seen, plan, state)
		scaling.Settle(&next, request.Now, c.Config.Scaling, plan, settled(record.Outcomes))
	}
	record.Plan.Alerts = append(record.Plan.Alerts, ownAlerts(state, next, record.Outcomes)...)
	record.TookSeconds = request.Elapsed().Seconds()
	c.logRecord(ctx, record)
	if request.DryRun {
		return record, nil
	}
	if request.Elapsed() >= c.Config.Timeout+leaseMargin {
		return record, fmt.Errorf("record the evaluation: %w", pool.ErrLeaseLost) // it slept
	}
	// Whoever is interrupted has still to say what it did, and to give the lease back.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.recordTime())
	defer cancel()
	return record, c.record(recording, request.Holder, record, calendar, next)
}

// share is a part of a duration.
func share(d time.Duration, part float64) time.Duration {
	return time.Duration(float64(d) * part)
}

// leasePatience is how many times the usual deadline taking the lease has: it may
// have to look at the state, try, and look again.
const leasePatience = 3

// begin takes the lease, or only reads the state for a dry run.
func (c *Cycle) begin(ctx context.Context, request Request) (pool.State, error) {
	ctx, cancel := context.WithTimeout(ctx, leasePatience*c.Config.CallTimeout)
	defer cancel()
	if request.DryRun {
		state, err := c.Services.Store.State(ctx)
		if err != nil {
			return state, fmt.Errorf("read the pool's state: %w", err)
		}
		return state, nil
	}
	until := request.Now.Add(c.Config.Timeout + leaseMargin)
	state, err := c.Services.Store.Acquire(ctx, request.Holder, request.Now, until)
	if err != nil {
		return state, fmt.Errorf("take the pool's lease: %w", err)
	}
	return state, nil
}

// recordTime is how long recording may take.
func (c *Cycle) recordTime() time.Duration {
	return max(share(c.Config.Timeout, recordShare), c.Config.CallTimeout)
}

// record tells and writes what happened. The state goes last: it gives the lease
// back, and nothing is written after that. So what comes before has half of the
// time: neither a slow log nor a dead notification service keeps the state from
// being written.
func (c *Cycle) record(ctx context.Context, holder string, record Record, calendar []byte, next pool.State) error {
	var logs error
	var both sync.WaitGroup
	both.Go(func() { logs = c.writeLogs(ctx, record, calendar) })
	both.Go(func() { c.tell(ctx, record, &next) })
	both.Wait()
	return errors.Join(logs, c.commit(ctx, holder, record, next))
}

// writeLogs writes the calendar's copy, the sample and the decision.
func (c *Cycle) writeLogs(ctx context.Context, record Record, calendar []byte) error {
	ctx, cancel := context.WithTimeout(ctx, min(c.Config.CallTimeout, c.recordTime()/2))
	defer cancel()
	var problems []error
	note := func(what string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", what, err))
		}
	}
	if calendar != nil {
		note("store the calendar", c.Services.Store.SaveCalendar(ctx, calendar))
	}
	if sample, ok := record.sample(); ok {
		note("write the history sample", c.Services.Store.AppendSample(ctx, sample))
	}
	brief, err := json.Marshal(record.brief())
	note("encode the decision record", err)
	if err == nil {
		note("write the decision record", c.Services.Store.AppendDecision(ctx, record.At, brief))
	}
	return errors.Join(problems...)
}

func (c *Cycle) commit(ctx context.Context, holder string, record Record, next pool.State) (err error) {
	if next.Record, err = json.Marshal(record); err != nil {
		return fmt.Errorf("encode the decision record: %w", err)
	}
	if err := c.Services.Store.Commit(ctx, holder, next); err != nil {
		return fmt.Errorf("write the pool's state: %w", err)
	}
	return nil
}

// logRecord writes one line for each alert, and one for the evaluation.
func (c *Cycle) logRecord(ctx context.Context, record Record) {
	for _, alert := range record.Plan.Alerts {
		level := slog.LevelError
		if alert.Level == scaling.Warning {
			level = slog.LevelWarn
		}
		c.Log.Log(ctx, level, "alert", "urgency", alert.Level, "subject", alert.Subject, "text", alert.Text)
	}
	if record.Blind {
		c.Log.ErrorContext(ctx, "evaluation", "source", record.Source, "dry_run", record.DryRun, "blind", true, "took_seconds", record.TookSeconds)
		return
	}
	c.Log.InfoContext(ctx, "evaluation", "source", record.Source, "dry_run", record.DryRun,
		"participants", record.Participants, "meetings", record.Meetings, "required", record.Required(),
		"enabled", record.Enabled, "running", record.Running, "draining", record.Draining,
		"actions", len(record.Plan.Actions), "alerts", len(record.Plan.Alerts), "took_seconds", record.TookSeconds)
}
