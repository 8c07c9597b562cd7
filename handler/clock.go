package handler

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"divims/internal/pool"
)

// Clock returns the current time, and a function that returns the time since then.
type Clock func(context.Context) (now time.Time, elapsed func() time.Duration, err error)

// WallClock is the real time. Elapsed time is the larger of the wall clock's and the
// monotonic clock's, because the monotonic clock stops while the machine sleeps. So an
// evaluation notices that it slept past its lease.
func WallClock(context.Context) (time.Time, func() time.Duration, error) {
	now := time.Now()
	return now.UTC(), func() time.Duration { return max(time.Since(now), time.Since(now.Round(0))) }, nil
}

// maxClockError is how far our own clock may differ from the storage's.
const maxClockError = time.Minute

// timeByStorage returns the time by the storage's clock if our own, which shows now, is
// off. The storage has just answered with the state.
func timeByStorage(now time.Time, state pool.State) time.Time {
	if at := state.StorageTime; !at.IsZero() && now.Sub(at).Abs() > maxClockError {
		return at
	}
	return now
}

// sandboxClock reads the virtual time of the sandbox at an address.
func sandboxClock(address string, client *http.Client) Clock {
	return func(ctx context.Context) (time.Time, func() time.Duration, error) {
		_, elapsed, _ := WallClock(ctx)
		now, err := readTime(ctx, address, client)
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("read the sandbox's time: %w", err)
		}
		return now, elapsed, nil
	}
}

func readTime(ctx context.Context, address string, client *http.Client) (time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 100))
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
}
