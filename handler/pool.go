package handler

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"divims/internal/cycle"
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

// Now is the pool's present: the sandbox has a time of its own.
func (p *Pool) Now(ctx context.Context) (time.Time, error) {
	now, _, err := p.clock(ctx)
	return now, err
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
