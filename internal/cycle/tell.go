package cycle

import (
	"context"

	"divims/internal/pool"
)

// tell tells operators what is due, and remembers what they know then and which
// services failed. If nobody could be told, it is due again at the next evaluation.
//
// It comes before the state is written, so whoever is killed in between tells the
// same once more: twice is better than not at all.
func (c *Cycle) tell(ctx context.Context, record Record, next *pool.State) {
	if c.Services.Notifier == nil {
		next.Told, next.Untold = nil, "" // whoever is to be told later has to be told everything
		return
	}
	alerts := record.Plan.Alerts
	if record.DryRun {
		alerts = append(planned(record.Plan), alerts...)
	}
	alerts = bySubject(alerts)
	open := record.open()
	watched := watch(record.At, alerts, open, next.Told)
	news, known := due(record.At, c.Config.Every, alerts, open, watched)
	next.Told = known
	if news.empty() {
		return
	}
	telling := telling{pool: c.Config.Pool, zone: c.Config.Scaling.Timezone.Location, record: record, news: news}
	ctx, cancel := context.WithTimeout(ctx, c.recordTime()/2)
	defer cancel()
	told, err := c.Services.Notifier.Notify(ctx, telling.message())
	next.Untold = ""
	if err != nil {
		next.Untold = err.Error()
		c.Log.ErrorContext(ctx, "operators not told", "anybody", told, "error", err)
	}
	if !told {
		next.Told = watched
		return
	}
	c.Log.InfoContext(ctx, "operators told", "new", len(news.Begun), "ongoing", len(news.Ongoing), "over", len(news.Ended))
}

// open tells of which subjects the evaluation could not say whether they go on: of
// all of them when it was blind.
func (r *Record) open() func(subject string) bool {
	subjects := make(map[string]bool, len(r.Plan.Open))
	for _, subject := range r.Plan.Open {
		subjects[subject] = true
	}
	return func(subject string) bool { return r.Blind || subjects[subject] }
}
