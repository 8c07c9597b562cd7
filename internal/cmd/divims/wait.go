package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// defaultWait is longer than an evaluation's default deadline of 4 minutes. An
// evaluation that was killed does not hold the lease for longer either.
const defaultWait = 5 * time.Minute

// The pause between two tries doubles from minPause to maxPause.
const (
	minPause = 250 * time.Millisecond
	maxPause = 4 * time.Second
)

// retryWhileHeld calls try again while somebody else holds the pool's lease, for at most
// maxWait. It reports to progress, once, that it is waiting. It returns the error of the
// last try.
func retryWhileHeld(ctx context.Context, maxWait time.Duration, progress io.Writer, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	reported := false
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		err := try()
		var held *pool.LeaseHeldError
		if !errors.As(err, &held) || ctx.Err() != nil {
			return err
		}
		if !reported {
			_, _ = fmt.Fprintf(progress, "%s; waiting up to %s for it\n", fact.Clean(held.Error()), maxWait)
			reported = true
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
