package cycle

import (
	"context"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// notify sends the notifications that are due, and stores in next what operators
// know afterwards and which services failed. If no service took the message, it is
// due again at the next evaluation.
//
// It is called before the state is written. If the process is killed in between, the
// next evaluation sends the same message again: twice is better than not at all.
func (c *Cycle) notify(ctx context.Context, record Record, next *pool.State) {
	if c.Services.Notifier == nil {
		next.Notified, next.NotifyError = nil, "" // if a notifier is set up later, it gets every alert
		return
	}
	alerts := record.Plan.Alerts
	if record.DryRun {
		alerts = append(plannedAlerts(record.Plan), alerts...)
	}
	alerts = scaling.MergeAlerts(alerts)
	undecided := record.undecided()
	tracked := track(record.At, alerts, undecided, renamed(next.Notified, c.Config.Servers))
	d, known := newDigest(record.At, c.Config.Every, alerts, undecided, tracked)
	next.Notified = known
	if d.empty() {
		return
	}
	writer := messageWriter{pool: c.Config.Pool, zone: c.Config.Scaling.Timezone.Location, record: record, digest: d}
	ctx, cancel := context.WithTimeout(ctx, c.recordTime()/2)
	defer cancel()
	sent, err := c.Services.Notifier.Notify(ctx, writer.message())
	next.NotifyError = ""
	if err != nil {
		next.NotifyError = err.Error()
		c.Log.ErrorContext(ctx, "notification failed", "sent_to_others", sent, "error", err)
	}
	if !sent {
		next.Notified = tracked
		return
	}
	c.Log.InfoContext(ctx, "operators notified", "new", len(d.New), "ongoing", len(d.Ongoing), "resolved", len(d.Resolved))
}

// undecided returns a function that reports whether the evaluation could not tell if a
// subject's alert is still present. After a blind evaluation every subject is undecided.
func (r *Record) undecided() func(subject string) bool {
	subjects := make(map[string]bool, len(r.Plan.Open))
	for _, subject := range r.Plan.Open {
		subjects[subject] = true
	}
	return func(subject string) bool { return r.Blind || subjects[subject] }
}
