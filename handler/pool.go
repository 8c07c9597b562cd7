package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"divims/internal/client/httpclient"
	"divims/internal/client/scaleway"
	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
)

// Pool is a pool with its services wired up. Between requests it keeps connections,
// copies of objects that it wrote, and finished weeks of the history.
type Pool struct {
	about report.About
	cycle *cycle.Cycle
	store store
	clock Clock
	log   *slog.Logger
	// holders counts the names of lease holders.
	holders atomic.Int64
	// conflicts counts the evaluations in a row that found the lease held.
	conflicts conflicts
	// weeks caches the weeks of the history that no longer change.
	weeks weekCache
}

// Evaluate runs one evaluation for a source. With dryRun it returns the decision, and
// changes, records and reports nothing.
func (p *Pool) Evaluate(ctx context.Context, source string, dryRun bool) (cycle.Record, error) {
	now, elapsed, err := p.clock(ctx)
	if err != nil {
		return cycle.Record{}, err
	}
	conflict := p.conflicts.present()
	record, err := p.cycle.Run(scaleway.ForEvaluation(httpclient.ForEvaluation(ctx)), cycle.Request{
		Now: now, Elapsed: elapsed, Source: source, Holder: p.holder(source), DryRun: dryRun, Conflict: conflict,
	})
	if dryRun {
		return record, err // it does not need the lease
	}
	if err == nil {
		p.conflicts.end(conflict)
	}
	var held *pool.LeaseHeldError
	if !errors.As(err, &held) {
		return record, err
	}
	conflict = p.conflicts.add(now, held.Holder, p.about.Interval/2)
	if conflict.Evaluations >= cycle.MinConflict {
		p.log.ErrorContext(ctx, "lease held again and again", "evaluations", conflict.Evaluations, "since", conflict.Since, "holder", conflict.Holder, "until", held.Until)
		err = &conflictError{conflict, err}
	}
	return record, err
}

// Now returns the pool's current time, which is virtual in the sandbox.
func (p *Pool) Now(ctx context.Context) (time.Time, error) {
	now, _, err := p.clock(ctx)
	return now, err
}

// holder returns a name for the lease that no other holder of this process has. It is
// made from the time, so that a rehearsal says the same each time.
func (p *Pool) holder(source string) string {
	return fmt.Sprintf("%s %s-%d", source, time.Now().UTC().Format("150405.000000"), p.holders.Add(1))
}

// statusFactor multiplies the call timeout for reading everything that the status
// needs, in parallel.
const statusFactor = 3

// Status returns the pool's status. It reads the storage only.
func (p *Pool) Status(ctx context.Context) (report.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusFactor*p.cycle.Config.CallTimeout)
	defer cancel()
	now, _, err := p.clock(ctx)
	if err != nil {
		return report.Status{}, err
	}
	past, err := p.past(ctx, now)
	if err != nil {
		return report.Status{}, err
	}
	return report.NewStatus(p.about, timeByStorage(now, past.State), past), nil
}
