package handler

import (
	"context"
	"encoding/json"
	"errors"
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
	// Decisions returns the short records of an hour (UTC), the newest last.
	Decisions(ctx context.Context, hour time.Time) ([]json.RawMessage, error)
	// DayDecisions returns those of a day (UTC) that an earlier version wrote.
	DayDecisions(ctx context.Context, day time.Time) ([]json.RawMessage, error)
	// History returns the samples of the week (ISO 8601, UTC) of a time, the newest last.
	History(ctx context.Context, week time.Time) ([]pool.Sample, error)
	// StateOwner returns the pool that the state belongs to, TakeOver makes it this one.
	StateOwner(ctx context.Context) (*pool.Owner, error)
	TakeOver(ctx context.Context, now time.Time, done pool.Intervention) error
}

// past reads what earlier evaluations stored: the state, the last hours of decisions, and
// at most six weeks of history, of which a warm instance only reads the current one.
// Without the state there is an error; the rest may be missing.
func (p *Pool) past(ctx context.Context, now time.Time) (report.Past, error) {
	var past report.Past
	var group errgroup.Group
	group.Go(func() (err error) {
		past.State, err = p.store.State(ctx)
		if err != nil {
			return fmt.Errorf("read the pool's state: %w", err)
		}
		if past.Records, err = p.records(ctx, past.State); err != nil {
			past.Unread = err.Error()
		}
		return nil
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

// maxHours is how many hours before the last evaluation are searched for its predecessors.
const maxHours = 24

// records returns the short records of the last evaluations, the newest first: as many as
// the status lists, and the last one that acted. It reads the objects of as many hours as
// should have them, and one more for the last action. If they have too few, it reads the
// objects that an earlier version wrote for that day and the one before. What can be read
// is returned even if there is an error.
func (p *Pool) records(ctx context.Context, state pool.State) ([]cycle.Record, error) {
	last := state.LastEvaluation
	if last.IsZero() {
		return nil, nil
	}
	hours := 1 + min(maxHours, int(report.DecisionsShown*p.about.Interval/time.Hour)+1)
	var times []time.Time
	for back := range hours {
		times = append(times, last.Add(-time.Duration(back)*time.Hour))
	}
	acted := state.LastAction
	if !acted.IsZero() && acted.Before(times[hours-1].Truncate(time.Hour)) {
		times = append(times, acted)
	}
	records, err := readRecords(ctx, times, p.store.Decisions)
	if len(records) < report.DecisionsShown {
		earlier, problem := readRecords(ctx, []time.Time{last, last.AddDate(0, 0, -1)}, p.store.DayDecisions)
		records, err = append(records, earlier...), errors.Join(err, problem)
	}
	return shown(records), err
}

// shown returns the first records of those that the newest is the first of: as many as
// the status lists, and the last one that acted.
func shown(records []cycle.Record) []cycle.Record {
	list := records[:min(len(records), report.DecisionsShown)]
	didAct := func(r cycle.Record) bool { return len(r.Outcomes) > 0 }
	if i := slices.IndexFunc(records, didAct); i >= len(list) {
		return records[:i+1]
	}
	return list
}

// readRecords reads the records of several objects at once, the newest first. times are
// those of the objects, the latest first.
func readRecords(ctx context.Context, times []time.Time, read func(context.Context, time.Time) ([]json.RawMessage, error)) ([]cycle.Record, error) {
	lists, problems := make([][]cycle.Record, len(times)), make([]error, len(times))
	var group errgroup.Group
	group.SetLimit(parallelHours)
	for i, at := range times {
		group.Go(func() error {
			texts, err := read(ctx, at)
			problems[i] = err
			for _, text := range slices.Backward(texts) {
				record, err := cycle.ReadRecord(text)
				if err != nil {
					problems[i] = err
					continue
				}
				lists[i] = append(lists[i], record)
			}
			return nil
		})
	}
	_ = group.Wait()
	return slices.Concat(lists...), errors.Join(problems...)
}

// parallelHours is how many objects with records are read at once.
const parallelHours = 4

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
