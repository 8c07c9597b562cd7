package handler

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"divims/internal/client/httpclient"
	"divims/internal/cycle"
	"divims/internal/report"
)

// Pool is a pool with its outside services wired up. What it keeps between
// calls are connections and copies of what it wrote to the storage, which a
// warm instance need not read again.
type Pool struct {
	about report.About
	cycle *cycle.Cycle
	store store
	clock Clock
	log   *slog.Logger
	// weeks are those of the history that are over, and do not change any more.
	weeks finishedWeeks
}

// Evaluate makes one evaluation for the given source. dryRun decides and says
// so, and changes, records and tells nothing.
func (p *Pool) Evaluate(ctx context.Context, source string, dryRun bool) (cycle.Record, error) {
	now, elapsed, err := p.clock(ctx)
	if err != nil {
		return cycle.Record{}, err
	}
	return p.cycle.Run(httpclient.ForEvaluation(ctx), cycle.Request{
		Now: now, Elapsed: elapsed, Source: source, Holder: holder(source), DryRun: dryRun,
	})
}

// Now is the pool's present: the sandbox has a time of its own.
func (p *Pool) Now(ctx context.Context) (time.Time, error) {
	now, _, err := p.clock(ctx)
	return now, err
}

// holder names an evaluation in the lease.
func holder(source string) string { return source + " " + rand.Text()[:8] }

// statusPatience is how many times the usual deadline the status has, for the
// state and then, side by side, the rest.
const statusPatience = 3

// Status reads what the evaluations recorded; it asks nothing but the storage.
func (p *Pool) Status(ctx context.Context) (report.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusPatience*p.cycle.Config.CallTimeout)
	defer cancel()
	now, _, err := p.clock(ctx)
	if err != nil {
		return report.Status{}, err
	}
	past, err := p.past(ctx, now)
	if err != nil {
		return report.Status{}, err
	}
	return report.NewStatus(p.about, now, past), nil
}
