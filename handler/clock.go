package handler

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Clock tells the time, and how much of it has gone since.
type Clock func(context.Context) (now time.Time, elapsed func() time.Duration, err error)

// WallClock is the time as it is. What has gone of it is measured by the wall
// clock and by the monotonic one, which stands still while the machine sleeps;
// the larger counts, so that whoever slept past its lease knows.
func WallClock(context.Context) (time.Time, func() time.Duration, error) {
	now := time.Now()
	return now.UTC(), func() time.Duration { return max(time.Since(now), time.Since(now.Round(0))) }, nil
}

// sandboxClock asks the sandbox for its virtual time.
func sandboxClock(address string, client *http.Client) Clock {
	return func(ctx context.Context) (time.Time, func() time.Duration, error) {
		_, elapsed, _ := WallClock(ctx)
		now, err := ask(ctx, address, client)
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("ask the sandbox for its time: %w", err)
		}
		return now, elapsed, nil
	}
}

func ask(ctx context.Context, address string, client *http.Client) (time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return time.Time{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 100))
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
}
