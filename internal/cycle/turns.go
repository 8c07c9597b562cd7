package cycle

import (
	"context"
	"time"
)

// turns lets one change at a time through, in the order in which they come. Those who wait
// do so on a channel and not on a mutex, so that a sandbox in virtual time knows that they
// wait.
type turns chan struct{}

func newTurns() turns { return make(turns, 1) }

// moment is so short that nobody notices it. Changes that come at the same time are let
// through by their servers' numbers, because each waits as many moments as its number is:
// so a sandbox in virtual time repeats a run exactly.
const moment = time.Microsecond

// take waits for the turn of a server and then makes the change. If the context ends
// first, it returns the context's error.
func (t turns) take(ctx context.Context, number int, change func() error) error {
	time.Sleep(time.Duration(number) * moment)
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t }()
	return change()
}
