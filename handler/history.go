package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
)

// store is the storage as evaluations, orders and the status need it.
type store interface {
	cycle.Store
	// Decisions returns the short records of a day (UTC), the newest last.
	Decisions(ctx context.Context, day time.Time) ([]json.RawMessage, error)
	// History returns the samples of the week (ISO 8601, UTC) of a time, the newest last.
	History(ctx context.Context, week time.Time) ([]pool.Sample, error)
}

// past reads what earlier evaluations stored: the state, two days of decisions, and at
// most six weeks of history, of which a warm instance only reads the current one.
func (p *Pool) past(ctx context.Context, now time.Time) (report.Past, error) {
	var past report.Past
	var group errgroup.Group
	group.Go(func() (err error) {
		past.State, err = p.store.State(ctx)
		if err != nil {
			return fmt.Errorf("read the pool's state: %w", err)
		}
		return nil
	})
	group.Go(func() (err error) {
		past.Records, err = p.records(ctx, now)
		return err
	})
	group.Go(func() error {
		past.History = pool.Read(p.history(ctx, p.about.HistoryFrom(now), now))
		return nil
	})
	if err := group.Wait(); err != nil {
		return past, err
	}
	var err error
	past.Last, err = cycle.LastRecord(past.State)
	return past, err
}

// records returns the short records of yesterday and today, the newest first: at least
// as many as the status lists, and back to the last one with an action.
func (p *Pool) records(ctx context.Context, now time.Time) ([]cycle.Record, error) {
	var texts []json.RawMessage
	for _, day := range []time.Time{now.AddDate(0, 0, -1), now} {
		list, err := p.store.Decisions(ctx, day)
		if err != nil {
			return nil, fmt.Errorf("read the decision records: %w", err)
		}
		texts = append(texts, list...)
	}
	var records []cycle.Record
	acted := false
	for _, text := range slices.Backward(texts) {
		if acted && len(records) >= report.DecisionsShown {
			break
		}
		record, err := cycle.ReadRecord(text)
		if err != nil {
			return nil, err
		}
		records, acted = append(records, record), acted || len(record.Outcomes) > 0
	}
	return records, nil
}

// History returns the samples of the last weeks, oldest first. It needs one storage
// request for each week.
func (p *Pool) History(ctx context.Context, weeks int) ([]pool.Sample, error) {
	now, err := p.Now(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(weeks)*p.cycle.Config.CallTimeout)
	defer cancel()
	return p.history(ctx, now.AddDate(0, 0, -7*weeks), now)
}

// parallelWeeks is how many weeks are read at once.
const parallelWeeks = 3

// history returns the samples of all weeks between two times.
func (p *Pool) history(ctx context.Context, from, to time.Time) ([]pool.Sample, error) {
	var mondays []time.Time
	for monday := mondayOf(from); !monday.After(to); monday = monday.AddDate(0, 0, 7) {
		mondays = append(mondays, monday)
	}
	weeks := make([][]pool.Sample, len(mondays))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelWeeks)
	for i, monday := range mondays {
		group.Go(func() (err error) {
			weeks[i], err = p.week(ctx, monday, to)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	return slices.Concat(weeks...), nil
}

// mondayOf returns the start of the week (ISO 8601, UTC) of a time.
func mondayOf(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
}

// weekCache keeps the samples of whole weeks, by the Monday of the week.
type weekCache struct {
	mutex   sync.Mutex
	samples map[time.Time][]pool.Sample
}

// weekSettled is how long after its end a week can still change. Evaluations that
// started in it have lost their lease by then.
const weekSettled = 2 * time.Hour

// week returns the samples of a week. A week that no longer changes is cached until it is
// too old for the status.
func (p *Pool) week(ctx context.Context, monday, now time.Time) ([]pool.Sample, error) {
	w := &p.weeks
	w.mutex.Lock()
	samples, cached := w.samples[monday]
	w.mutex.Unlock()
	if cached {
		return samples, nil
	}
	samples, err := p.store.History(ctx, monday)
	if err != nil || now.Before(monday.AddDate(0, 0, 7).Add(weekSettled)) {
		return samples, err
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.samples == nil {
		w.samples = map[time.Time][]pool.Sample{}
	}
	maps.DeleteFunc(w.samples, func(monday time.Time, _ []pool.Sample) bool {
		return monday.Before(now.AddDate(0, 0, -cachedWeeks*7))
	})
	w.samples[monday] = samples
	return samples, nil
}

// cachedWeeks is how many weeks are cached: those of a month and one more.
const cachedWeeks = 7
