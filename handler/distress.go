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
	"divims/internal/pool"
)

// distress tells operators of evaluations that failed so early or so badly that
// they cannot remember what operators know: bad settings, a storage that cannot
// be read or written. A warm instance does so once an hour. Another instance, or
// a new one, knows nothing of it, and tells the same.
type distress struct {
	pool     string
	notifier cycle.Notifier // nil if nobody is to be told
	log      *slog.Logger
	now      func() time.Time

	mutex sync.Mutex
	last  time.Time
}

const (
	// distressPause is the least time between two messages.
	distressPause = time.Hour
	// distressPatience is how long telling may take, after an evaluation that may
	// have taken all of its own time.
	distressPatience = 12 * time.Second
)

func newDistress(settings config.Settings, log *slog.Logger) *distress {
	d := &distress{pool: settings.Pool.Name, log: log, now: time.Now}
	if len(settings.Notify.URLs) == 0 {
		return d
	}
	sender, err := newNotifier(settings)
	if err != nil {
		log.Error("operators cannot be told of failures", "error", err)
		return d
	}
	d.notifier = sender
	return d
}

const distressAdvice = "To do: Look at the function's log. Bad settings are mended in the pool's file and deployed; for a state that cannot be read the error says what to do; else look at the storage and at its access key."

// tell tells of an evaluation's failure. That another one holds the lease is none.
func (d *distress) tell(ctx context.Context, failure error) {
	var held *pool.LeaseHeldError
	if d == nil || d.notifier == nil || errors.As(failure, &held) || !d.take() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, distressPatience)
	defer cancel()
	name := d.pool
	if name == "" {
		name = "DiViMS"
	}
	told, err := d.notifier.Notify(ctx, pool.Message{
		Title: name + ": critical: evaluation failed",
		Text: "NEW\n- critical: evaluation failed: " + cut(failure.Error()) + "\n  What DiViMS did, if anything, is not recorded; nothing more is done until an evaluation succeeds.\n  " +
			distressAdvice + "\n\nYou are told again after an hour if it goes on, and not when it is over.\n",
	})
	if err != nil {
		d.log.ErrorContext(ctx, "operators not told", "anybody", told, "error", err)
	}
	if !told {
		d.release()
	}
}

// mostFailure is how much of an error is told, in bytes: a bad configuration may
// have many problems.
const mostFailure = 8000

func cut(text string) string {
	if len(text) <= mostFailure {
		return text
	}
	return strings.ToValidUTF8(text[:mostFailure], "") + "…"
}

// take tells whether it is time for a message, and counts it as told.
func (d *distress) take() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.last.IsZero() && d.now().Sub(d.last) < distressPause {
		return false
	}
	d.last = d.now()
	return true
}

// release counts the last message as not told.
func (d *distress) release() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.last = time.Time{}
}
