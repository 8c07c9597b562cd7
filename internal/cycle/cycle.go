// Package cycle runs one evaluation of a pool: take the lease, observe, decide, act,
// record. It takes the pool's services and the time, and returns the decision record.
// It leaves decisions to scaling and keeps nothing between evaluations.
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
	// Stats is nil if the pool has no stats endpoints, Calendar if it has no calendar.
	// Their values are then unknown.
	Stats    pool.StatsService
	Calendar pool.CalendarService
	// Notifier is nil if no notifications are set up.
	Notifier Notifier
	// UserData prepares the cloud-init documents of new machines. It is called at most
	// once per evaluation; nil if machines get no document.
	UserData func(context.Context) (UserData, error)
}

// UserData returns the cloud-init document for a server's machine.
type UserData func(pool.Server) ([]byte, error)

// Notifier sends a message to operators. sent reports whether at least one service
// took it; the error names those that did not.
type Notifier interface {
	Notify(ctx context.Context, message pool.Message) (sent bool, err error)
}

// Store is the storage as an evaluation needs it.
type Store interface {
	// Acquire takes the pool's lease for the time from now until `until` and returns the
	// state of the last evaluation. While another holder has the lease, by the storage's
	// clock, the error is a *pool.LeaseHeldError.
	Acquire(ctx context.Context, holder string, now, until time.Time) (pool.State, error)
	// Commit writes the state and releases the holder's lease in one conditional
	// write. If the lease was taken over, it writes nothing and returns
	// pool.ErrLeaseLost.
	Commit(ctx context.Context, holder string, state pool.State) error
	// State reads the state without taking the lease.
	State(ctx context.Context) (pool.State, error)
	// AppendSample adds a sample to the history. Adding the last one again changes
	// nothing, nor does adding one that is nearer than half an interval to it.
	AppendSample(ctx context.Context, sample pool.Sample) error
	// Recent returns the samples of the current week and of the pool.HistoryWeeks
	// weeks before it, oldest first.
	Recent(ctx context.Context, now time.Time) ([]pool.Sample, error)
	// AppendDecision adds a record to those of the hour. Adding the last one again
	// changes nothing.
	AppendDecision(ctx context.Context, at time.Time, record json.RawMessage) error
	// LoadCalendar returns the stored copy of the calendar; nil if there is none.
	LoadCalendar(ctx context.Context) ([]byte, error)
	SaveCalendar(ctx context.Context, calendar []byte) error
}

// Config is what an evaluation needs of the settings.
type Config struct {
	Settings
	// Pool is the pool's name.
	Pool    string
	Scaling scaling.Config
	Servers []pool.Server
	// Zones are the zones for new machines, the preferred ones first.
	Zones []string
	// Redirected is true if connections are redirected (CONNECT_TO): the address that
	// answers says nothing about the machine then.
	Redirected bool
}

// Request asks for one evaluation.
type Request struct {
	// Now is the time that the whole evaluation uses, unless the storage's clock
	// contradicts it.
	Now time.Time
	// Elapsed returns the time since Now.
	Elapsed func() time.Duration
	// Source is who started it: "cron", "http", "command line".
	Source string
	// Holder is this evaluation's unique name in the lease.
	Holder string
	// DryRun only decides: nothing is changed, written or notified.
	DryRun bool
	// Conflict is what the evaluations before this one in the same process met.
	Conflict Conflict
}

// Conflict counts the evaluations in a row that could not run because the lease was held.
type Conflict struct {
	Evaluations int
	// Since is the time of the first of them, Holder who had the lease at the last.
	Since  time.Time
	Holder string
}

// MinConflict is the least number of evaluations in a row that make a conflict worth an
// alert. One or two happen, for example when an operator also starts an evaluation.
const MinConflict = 3

// Cycle runs evaluations of one pool.
type Cycle struct {
	Config   Config
	Services Services
	Log      *slog.Logger
}

// leaseMargin is how much longer than the evaluation its lease is valid, for a late
// answer to the last call.
const leaseMargin = 30 * time.Second

// observeShare is the part of the evaluation's time after which observing ends,
// recordShare the part that is reserved for recording.
const (
	observeShare = 0.5
	recordShare  = 0.1
)

// Run runs one evaluation and returns its record. On an error the record holds what was
// done before the error. While another evaluation holds the lease, the error is a
// *pool.LeaseHeldError. Any other error means that the state was not written. That the
// history or the decision record could not be written is no error: the next evaluation
// has an alert about it.
func (c *Cycle) Run(ctx context.Context, request Request) (Record, error) {
	record := Record{At: request.Now, Source: request.Source, DryRun: request.DryRun || c.Config.DryRun}
	ctx, cancel := context.WithTimeout(ctx, c.Config.Timeout)
	defer cancel()
	state, err := c.begin(ctx, request)
	if err != nil {
		return record, err
	}
	var clock clockError
	request.Now, clock = c.checkClock(ctx, request, state)
	record.At = request.Now
	seen, calendar := c.observe(ctx, request.Now, state.Zones)
	plan, next := scaling.Decide(request.Now, c.Config.Scaling, seen, state)
	next.Zones = zonesInUse(state.Zones, seen)
	if c.Config.DryRun {
		scaling.ForgetHands(&next)
	}
	record.describe(request.Now, seen, plan, state, next)
	if !record.DryRun {
		record.Outcomes = c.act(ctx, request, seen, plan, state)
		scaling.Settle(&next, request.Now, c.Config.Scaling, plan, scalingOutcomes(record.Outcomes))
	}
	record.Plan.Alerts = append(record.Plan.Alerts, ownAlerts(state, next, record.Outcomes)...)
	record.Plan.Alerts = scaling.MergeAlerts(append(record.Plan.Alerts, storageAlerts(state, seen.History, clock, request.Conflict)...))
	record.collectFacts()
	countIdle(&next, state, record)
	record.TookSeconds = request.Elapsed().Seconds()
	c.logRecord(ctx, record)
	if request.DryRun {
		return record, nil
	}
	if request.Elapsed() >= c.Config.Timeout+leaseMargin {
		return record, fmt.Errorf("record the evaluation: %w", pool.ErrLeaseLost) // the process was suspended
	}
	// Also an interrupted evaluation records what it did and releases the lease.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.recordTime())
	defer cancel()
	return record, c.record(recording, request.Holder, record, calendar, next)
}

// share returns a part of a duration.
func share(d time.Duration, part float64) time.Duration {
	return time.Duration(float64(d) * part)
}

// leaseCalls multiplies the call timeout for taking the lease, which may need several
// calls: read the state, try to write it, read it again.
const leaseCalls = 3

// begin takes the lease and reads the state. A dry run only reads the state.
func (c *Cycle) begin(ctx context.Context, request Request) (pool.State, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseCalls*c.Config.CallTimeout)
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

// recordTime returns how long recording may take.
func (c *Cycle) recordTime() time.Duration {
	return max(share(c.Config.Timeout, recordShare), c.Config.CallTimeout)
}

// record sends notifications and writes what happened. The state is written last,
// because that releases the lease. Everything else may take at most half of the time,
// so that neither slow storage nor a dead notification service prevents that write.
func (c *Cycle) record(ctx context.Context, holder string, record Record, calendar []byte, next pool.State) error {
	var logs error
	var both sync.WaitGroup
	both.Go(func() { logs = c.writeLogs(ctx, record, calendar) })
	both.Go(func() { c.notify(ctx, record, &next) })
	both.Wait()
	next.LogError = ""
	if logs != nil {
		next.LogError = logs.Error()
		c.Log.WarnContext(ctx, "log not written", "error", logs)
	}
	return c.commit(ctx, holder, record, next)
}

// countIdle stores when an evaluation acted last, and how many did not since.
func countIdle(next *pool.State, before pool.State, record Record) {
	next.LastAction, next.Idle = before.LastAction, before.Idle
	switch {
	case len(record.Outcomes) > 0:
		next.LastAction, next.Idle = record.At, 0
	case !next.LastAction.IsZero():
		next.Idle++
	}
}

// writeLogs writes the copy of the calendar, the history sample and the short
// decision record. What cannot be written is lost, except for the calendar, which is
// written at the next evaluation.
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

// commit writes the state with the whole decision record, and releases the lease.
func (c *Cycle) commit(ctx context.Context, holder string, record Record, next pool.State) (err error) {
	if next.Record, err = json.Marshal(record); err != nil {
		return fmt.Errorf("encode the decision record: %w", err)
	}
	if err := c.Services.Store.Commit(ctx, holder, next); err != nil {
		return fmt.Errorf("write the pool's state: %w", err)
	}
	return nil
}

// logRecord logs one line for each alert and one for the evaluation.
func (c *Cycle) logRecord(ctx context.Context, record Record) {
	for _, alert := range record.Plan.Alerts {
		level := slog.LevelError
		if alert.Level == scaling.Warning {
			level = slog.LevelWarn
		}
		c.Log.Log(ctx, level, "alert", "urgency", alert.Level, "subject", alert.Subject, "text", alert.Text.String())
	}
	if record.Blind {
		c.Log.ErrorContext(ctx, "evaluation", "source", record.Source, "dry_run", record.DryRun, "blind", true, "reason", record.blindness, "took_seconds", record.TookSeconds)
		return
	}
	c.Log.InfoContext(ctx, "evaluation", "source", record.Source, "dry_run", record.DryRun,
		"participants", record.Participants, "meetings", record.Meetings, "required", record.Required(),
		"enabled", record.Enabled, "serving", record.Serving, "running", record.Running, "draining", record.Draining,
		"actions", len(record.Plan.Actions), "alerts", len(record.Plan.Alerts), "took_seconds", record.TookSeconds)
}
