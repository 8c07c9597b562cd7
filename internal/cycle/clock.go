package cycle

import (
	"context"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// maxClockError is how far our own clock may be off. The Date of an answer has whole
// seconds, and an answer takes a while.
const maxClockError = time.Minute

// clockError is how far our own clock is ahead of the storage's, if that is more than
// maxClockError; else 0.
type clockError time.Duration

// checkClock returns the time that the evaluation uses. If our clock and the storage's
// differ by more than maxClockError, that is the storage's. One of the two is wrong, and
// the function's machine is one that nobody looks after, while the storage's clock also
// orders the leases. With a clock that is hours ahead, meetings look too old, grace times
// over and events past; with one that is behind, what is due waits.
//
// A single answer with an odd date does not count: the storage is asked once more, and
// must contradict our clock again.
func (c *Cycle) checkClock(ctx context.Context, request Request, state pool.State) (time.Time, clockError) {
	ahead := request.ahead(state)
	if ahead.Abs() <= maxClockError {
		return request.Now, 0
	}
	ctx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
	defer cancel()
	if again, err := c.Services.Store.State(ctx); err == nil {
		first := ahead
		if ahead = request.ahead(again); ahead.Abs() <= maxClockError || (ahead < 0) != (first < 0) {
			return request.Now, 0
		}
	}
	return request.Now.Add(-ahead), clockError(ahead)
}

// ahead returns how far our own clock is ahead of the storage's, which has just answered
// with a state; 0 if the storage did not say its time.
func (r Request) ahead(state pool.State) time.Duration {
	if state.StorageTime.IsZero() {
		return 0
	}
	return r.Now.Add(r.Elapsed()).Sub(state.StorageTime)
}

// String says how our clock is off: "11h ahead of", "11m behind".
func (e clockError) String() string { return e.text().String() }

func (e clockError) text() fact.Text {
	if e < 0 {
		return fact.New("%s behind", time.Duration(-e))
	}
	return fact.New("%s ahead of", time.Duration(e))
}

const (
	adviceStorage  = "If it goes on, check the object that the text names, and the access key's permissions. Evaluations go on without it."
	adviceClock    = "Nothing, if it passes. Otherwise redeploy the function, so that it runs on another machine."
	adviceConflict = "Check whether a second function or a command line evaluates this pool, and DIVIMS_TIMEOUT, which must be less than the interval."
)

// storageAlerts returns the alerts about the storage's objects, its clock and the lease.
func storageAlerts(before pool.State, history pool.Reading[[]pool.Sample], clock clockError, conflict Conflict) []scaling.Alert {
	var alerts []scaling.Alert
	if before.LogError != "" {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectStorage, Quote: before.LogError,
			Text: fact.New("at the last evaluation: %s", before.LogError), Advice: fact.New(adviceStorage)})
	}
	if !history.Known() {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectStorage, Quote: history.Reason(),
			Text: fact.New("the policy load replaces the forecast, because the history cannot be read: %s", history.Reason()), Advice: fact.New(adviceStorage)})
	}
	if clock != 0 {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectLease,
			Text: fact.New("the function's clock is %s the storage's; this evaluation uses the storage's", clock.text()), Advice: fact.New(adviceClock)})
	}
	if conflict.Evaluations >= MinConflict {
		alerts = append(alerts, scaling.Alert{Level: scaling.Warning, Subject: scaling.SubjectLease, Passing: true,
			Text: conflict.text(), Advice: fact.New(adviceConflict)})
	}
	return alerts
}

// String says what the evaluations met.
func (c Conflict) String() string { return c.text().String() }

func (c Conflict) text() fact.Text {
	return fact.New("%d evaluations in a row, since %s, found the lease held, the last time by %s", c.Evaluations, c.Since, c.Holder)
}
