package handler

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/pool"
)

// failureNotifier notifies operators of evaluations that could not be recorded, because
// of bad settings or because the storage cannot be read or written. What operators
// already know cannot be stored then, so each instance of the function only limits
// itself to one message an hour. Two instances may report the same failure.
type failureNotifier struct {
	pool     string
	notifier cycle.Notifier // nil if no notifications are set up
	log      *slog.Logger
	now      func() time.Time

	mutex sync.Mutex
	last  time.Time
}

const (
	// failureInterval is the shortest time between two messages.
	failureInterval = time.Hour
	// failureTimeout is the deadline for sending a message. It is in addition to
	// DIVIMS_TIMEOUT.
	failureTimeout = 12 * time.Second
)

// newFailureNotifier creates a notifier. The settings may be incomplete, as those of
// config.Salvage are.
func newFailureNotifier(settings config.Settings, log *slog.Logger) *failureNotifier {
	f := &failureNotifier{pool: settings.Pool.Name, log: log, now: time.Now}
	if len(settings.Notify.URLs) == 0 {
		return f
	}
	sender, err := newNotifier(settings)
	if err != nil {
		log.Error("notifications of failures are not possible", "error", err)
		return f
	}
	f.notifier = sender
	return f
}

const failureAdvice = "To do: Check the function's log. If settings are wrong, fix them in the pool's file and deploy. If the state cannot be read, do what the error says. If the lease is held, find out which second function or command line evaluates this pool. Otherwise check the storage and its access key."

// notify notifies operators that an evaluation failed. A lease held by another
// evaluation is not a failure, unless several in a row found it held.
func (f *failureNotifier) notify(ctx context.Context, failure error) {
	var held *pool.LeaseHeldError
	var conflict *conflictError
	isHeld := errors.As(failure, &held) && !errors.As(failure, &conflict)
	if f == nil || f.notifier == nil || isHeld || !f.take() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, failureTimeout)
	defer cancel()
	name := f.pool
	if name == "" {
		name = "DiViMS"
	}
	sent, err := f.notifier.Notify(ctx, pool.Message{
		Title: name + ": critical: evaluation failed",
		Text: "NEW\n- critical: evaluation failed: " + cut(failureText(failure)) + "\n  DiViMS changes nothing more until an evaluation succeeds. What the failed evaluation did is not recorded.\n  " +
			failureAdvice + "\n\nThis message is repeated after an hour if evaluations still fail. There is no message when they succeed again.\n",
	})
	if err != nil {
		f.log.ErrorContext(ctx, "notification failed", "sent_to_others", sent, "error", err)
	}
	if !sent {
		f.release()
	}
}

// failureText returns an error without characters that a message must not contain. Only
// the error of bad settings has several lines.
func failureText(failure error) string {
	var problems config.Problems
	if errors.As(failure, &problems) {
		return fact.CleanLines(failure.Error())
	}
	return fact.Clean(failure.Error())
}

// maxFailure is how many bytes of an error are sent. The error of bad settings lists
// every problem and can be long.
const maxFailure = 8000

// cut returns at most maxFailure bytes of a text.
func cut(text string) string {
	if len(text) <= maxFailure {
		return text
	}
	return strings.ToValidUTF8(text[:maxFailure], "") + "…"
}

// take reports whether a message is due, and marks it as sent.
func (f *failureNotifier) take() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !f.last.IsZero() && f.now().Sub(f.last) < failureInterval {
		return false
	}
	f.last = f.now()
	return true
}

// release marks the last message as not sent.
func (f *failureNotifier) release() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.last = time.Time{}
}
