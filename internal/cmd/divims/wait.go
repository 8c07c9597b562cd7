package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"divims/internal/pool"
)

// An evaluation takes seconds, and its deadline is 4 minutes unless it is set
// otherwise: who waits for longer waits for one that was broken off, too.
const defaultWait = 5 * time.Minute

// The pauses between two tries double from the first to the longest.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 4 * time.Second
)

// whileHeld tries again for as long as somebody else holds the pool's lease, up to a
// time, and says once that it waits. In the end the error is the last try's.
func whileHeld(ctx context.Context, most time.Duration, tell io.Writer, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	told := false
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := try()
		var held *pool.LeaseHeldError
		if !errors.As(err, &held) || ctx.Err() != nil {
			return err
		}
		if !told {
			fmt.Fprintf(tell, "%v; waiting for it, up to %s\n", held, most)
			told = true
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
