package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/pool"
)

// TestRetryWhileHeld checks that an order is repeated until the lease is free or the
// time is over, and that the operator is informed once.
func TestRetryWhileHeld(t *testing.T) {
	held := fmt.Errorf("take the pool's lease: %w", &pool.LeaseHeldError{Holder: "cron"})
	refused := errors.New("no machine")
	for name, c := range map[string]struct {
		freeAfter, maxWait, interrupted time.Duration
		then, wanted                    error
		messages                        int
		least, longest                  time.Duration
	}{
		"the lease is free":             {maxWait: time.Minute},
		"free after 20 seconds":         {freeAfter: 20 * time.Second, maxWait: time.Minute, messages: 1, least: 20 * time.Second, longest: 24 * time.Second},
		"refused once it is free":       {freeAfter: time.Second, maxWait: time.Minute, then: refused, wanted: refused, messages: 1, least: time.Second, longest: 2 * time.Second},
		"refused at once":               {maxWait: time.Minute, then: refused, wanted: refused},
		"held for longer than the wait": {freeAfter: time.Hour, maxWait: time.Minute, wanted: held, messages: 1, least: time.Minute, longest: time.Minute},
		"no wait":                       {freeAfter: time.Hour, wanted: held},
		"interrupted":                   {freeAfter: time.Hour, maxWait: time.Minute, interrupted: 3 * time.Second, wanted: held, messages: 1, least: 3 * time.Second, longest: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.interrupted > 0 {
					interrupted, cancel := context.WithTimeout(ctx, c.interrupted)
					defer cancel()
					ctx = interrupted
				}
				began, progress := time.Now(), &strings.Builder{}
				err := retryWhileHeld(ctx, c.maxWait, progress, func() error {
					if time.Since(began) < c.freeAfter {
						return held
					}
					return c.then
				})
				if !errors.Is(err, c.wanted) || (err == nil) != (c.wanted == nil) {
					t.Errorf("%v; want %v", err, c.wanted)
				}
				if n := strings.Count(progress.String(), "waiting up to"); n != c.messages || n > 0 && !strings.Contains(progress.String(), "cron") {
					t.Errorf("output %q; want %d lines", progress, c.messages)
				}
				if took := time.Since(began); took < c.least || took > c.longest {
					t.Errorf("it took %s; want %s to %s", took, c.least, c.longest)
				}
			})
		})
	}
}
