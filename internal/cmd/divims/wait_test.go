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

// TestAnOrderWaitsForTheLease: it is repeated until the lease is free or the time is
// over, and whoever gave it is told once that it waits.
func TestAnOrderWaitsForTheLease(t *testing.T) {
	held := fmt.Errorf("take the pool's lease: %w", &pool.LeaseHeldError{Holder: "cron"})
	refused := errors.New("no machine")
	for name, c := range map[string]struct {
		freeAfter, most, interrupted time.Duration
		then, wanted                 error
		tells                        int
		least, longest               time.Duration
	}{
		"the lease is free":              {most: time.Minute},
		"free after 20 seconds":          {freeAfter: 20 * time.Second, most: time.Minute, tells: 1, least: 20 * time.Second, longest: 24 * time.Second},
		"refused once it is free":        {freeAfter: time.Second, most: time.Minute, then: refused, wanted: refused, tells: 1, least: time.Second, longest: 2 * time.Second},
		"refused at once":                {most: time.Minute, then: refused, wanted: refused},
		"held for longer than is waited": {freeAfter: time.Hour, most: time.Minute, wanted: held, tells: 1, least: time.Minute, longest: time.Minute},
		"not to wait":                    {freeAfter: time.Hour, wanted: held},
		"interrupted":                    {freeAfter: time.Hour, most: time.Minute, interrupted: 3 * time.Second, wanted: held, tells: 1, least: 3 * time.Second, longest: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.interrupted > 0 {
					interrupted, cancel := context.WithTimeout(ctx, c.interrupted)
					defer cancel()
					ctx = interrupted
				}
				began, told := time.Now(), &strings.Builder{}
				err := whileHeld(ctx, c.most, told, func() error {
					if time.Since(began) < c.freeAfter {
						return held
					}
					return c.then
				})
				if !errors.Is(err, c.wanted) || (err == nil) != (c.wanted == nil) {
					t.Errorf("%v; want %v", err, c.wanted)
				}
				if n := strings.Count(told.String(), "waiting for it"); n != c.tells || n > 0 && !strings.Contains(told.String(), "cron") {
					t.Errorf("told %q; want %d lines", told, c.tells)
				}
				if took := time.Since(began); took < c.least || took > c.longest {
					t.Errorf("it took %s; want %s to %s", took, c.least, c.longest)
				}
			})
		})
	}
}
