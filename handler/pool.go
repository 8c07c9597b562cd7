package handler

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
)

// Pool is a pool with its outside services wired up. What it keeps between
// calls are connections and copies of what it wrote to the storage, which a
// warm instance need not read again.
type Pool struct {
	name  string
	cycle *cycle.Cycle
	store store
	clock Clock
	dry   bool
	log   *slog.Logger
}

// store is the storage as the operator's surface needs it.
type store interface {
	cycle.Store
	// Decisions are the records of a day (UTC), the newest last.
	Decisions(ctx context.Context, day time.Time) ([]json.RawMessage, error)
}

// Evaluate makes one evaluation for the given source. dryRun decides and says
// so, and changes nothing.
func (p *Pool) Evaluate(ctx context.Context, source string, dryRun bool) (cycle.Record, error) {
	now, elapsed, err := p.clock(ctx)
	if err != nil {
		return cycle.Record{}, err
	}
	return p.cycle.Run(withEffort(ctx), cycle.Request{
		Now: now, Elapsed: elapsed, Source: source, Holder: holder(source), DryRun: dryRun || p.dry,
	})
}

// holder names an evaluation in the lease.
func holder(source string) string { return source + " " + rand.Text()[:8] }

// decisionsShown is how many decisions the status lists.
const decisionsShown = 20

// statusPatience is how many times the usual deadline the status has, for up to
// three objects.
const statusPatience = 3

// Status reads what the evaluations recorded; it asks nothing but the storage.
func (p *Pool) Status(ctx context.Context) (report.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusPatience*p.cycle.Config.CallTimeout)
	defer cancel()
	now, _, err := p.clock(ctx)
	if err != nil {
		return report.Status{}, err
	}
	state, err := p.store.State(ctx)
	if err != nil {
		return report.Status{}, fmt.Errorf("read the pool's state: %w", err)
	}
	var last *cycle.Record
	if state.Record != nil {
		if err := json.Unmarshal(state.Record, &last); err != nil {
			return report.Status{}, fmt.Errorf("read the record of the last evaluation: %w", err)
		}
	}
	decisions, err := p.lastDecisions(ctx, now)
	if err != nil {
		return report.Status{}, err
	}
	return report.NewStatus(p.name, now, last, decisions, state), nil
}

// lastDecisions reads the last records of the day and, early in it, of the day before.
func (p *Pool) lastDecisions(ctx context.Context, now time.Time) ([]cycle.Record, error) {
	texts, err := p.store.Decisions(ctx, now)
	if err == nil && len(texts) < decisionsShown {
		var before []json.RawMessage
		before, err = p.store.Decisions(ctx, now.AddDate(0, 0, -1))
		texts = append(before, texts...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the decision records: %w", err)
	}
	texts = texts[max(0, len(texts)-decisionsShown):]
	records := make([]cycle.Record, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal(text, &records[i]); err != nil {
			return nil, fmt.Errorf("read a decision record: %w", err)
		}
	}
	return records, nil
}

// changeLease is for how long the lease is taken to change the state by hand.
const changeLease = 30 * time.Second

// errNoServer tells that the pool has no server of this number.
var errNoServer = errors.New("the pool has no such server")

// SetMaintenance takes a server out of DiViMS's hands, or gives it back with nil.
func (p *Pool) SetMaintenance(ctx context.Context, number int, hold *pool.Hold) error {
	if number < 1 || number > len(p.cycle.Config.Servers) {
		return errNoServer
	}
	return p.change(ctx, fmt.Sprintf("maintenance of server %d", number), hold, func(now time.Time, state *pool.State) {
		memory := state.Servers[number]
		memory.Maintenance = hold.At(now)
		state.Servers[number] = memory
	})
}

// SetPause stops all acting on the pool, or lets it go on with nil. Evaluations
// go on looking, deciding and recording.
func (p *Pool) SetPause(ctx context.Context, hold *pool.Hold) error {
	return p.change(ctx, "pause", hold, func(now time.Time, state *pool.State) { state.Paused = hold.At(now) })
}

// change changes the state under the lease, so that no evaluation overlooks it.
func (p *Pool) change(ctx context.Context, what string, hold *pool.Hold, do func(now time.Time, state *pool.State)) error {
	ctx, cancel := context.WithTimeout(ctx, changeLease)
	defer cancel()
	now, _, err := p.clock(ctx)
	if err != nil {
		return err
	}
	me := holder("operator")
	state, err := p.store.Acquire(ctx, me, now, now.Add(changeLease))
	if err != nil {
		return fmt.Errorf("take the pool's lease: %w", err)
	}
	if state.Servers == nil {
		state.Servers = map[int]pool.ServerMemory{}
	}
	do(now, &state)
	if err := p.store.Commit(ctx, me, state); err != nil {
		return fmt.Errorf("write the pool's state: %w", err)
	}
	if hold == nil {
		p.log.InfoContext(ctx, what, "on", false)
	} else {
		p.log.InfoContext(ctx, what, "on", true, "reason", hold.Reason, "author", hold.Author)
	}
	return nil
}
