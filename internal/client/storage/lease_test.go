package storage

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"divims/internal/pool"
)

// dated returns the Config of a new pool on an S3 server in memory with a clock, which the
// test sets.
func dated(t *testing.T) (config Config, clock *time.Time) {
	t.Helper()
	clock = new(now)
	objects := s3mem.New()
	if err := objects.CreateBucket("divims-test"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(clocked(gofakes3.New(objects, gofakes3.WithTimeSkewLimit(0)).Server(), func() time.Time { return *clock }))
	t.Cleanup(server.Close)
	return Config{Pool: "campus", Settings: Settings{
		URL: server.URL, Region: "fr-par", Bucket: "divims-test", Prefix: "divims", PathStyle: true,
		AccessKey: pool.NewSecret("test-access-key"), SecretKey: pool.NewSecret("test-secret-key"),
	}}, clock
}

// TestLeaseGoesByTheStoragesClock: whatever the clocks of the holder and of the next one
// show, a lease of a minute is held for a minute of the storage's clock.
func TestLeaseGoesByTheStoragesClock(t *testing.T) {
	for name, test := range map[string]struct{ first, second time.Duration }{
		"both right":                {0, 0},
		"the next one 11 h ahead":   {0, 11 * time.Hour},
		"the next one 11 h behind":  {0, -11 * time.Hour},
		"the holder 20 h ahead":     {20 * time.Hour, 0},
		"the holder 11 min behind":  {-11 * time.Minute, 0},
		"both wrong, and not alike": {-time.Hour, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			config, clock := dated(t)
			acquire := func(holder string, by time.Duration) (pool.State, error) {
				ours := clock.Add(by)
				return New(config, http.DefaultClient).Acquire(t.Context(), holder, ours, ours.Add(time.Minute))
			}
			state, err := acquire("first", test.first)
			if err != nil || !state.StorageTime.Equal(now) {
				t.Fatalf("got the storage's time %s, %v; want %s", state.StorageTime, err, now)
			}
			*clock = now.Add(59 * time.Second)
			var held *pool.LeaseHeldError
			if _, err := acquire("second", test.second); !errors.As(err, &held) || !held.Until.Equal(now.Add(time.Minute)) {
				t.Fatalf("a held lease was taken, or ends at a wrong time: %v", err)
			}
			*clock = now.Add(time.Minute)
			if state, err := acquire("second", test.second); err != nil || state.TakenOver != "first" {
				t.Errorf("an ended lease was not taken: %v", err)
			}
		})
	}
}

// TestCachedLeaseIsReadAgain: a warm process whose clock is ahead does not take its own
// process's lease, which it remembers, for ended.
func TestCachedLeaseIsReadAgain(t *testing.T) {
	config, clock := dated(t)
	s := New(config, http.DefaultClient)
	if _, err := s.Acquire(t.Context(), "first", now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	*clock = now.Add(30 * time.Second)
	ahead := now.Add(time.Hour)
	var held *pool.LeaseHeldError
	if _, err := s.Acquire(t.Context(), "second", ahead, ahead.Add(time.Minute)); !errors.As(err, &held) {
		t.Errorf("got %v, want the lease to be held", err)
	}
}

// TestLeaseIsBounded: a lease that claims to be longer than any may be ends after maxLease.
func TestLeaseIsBounded(t *testing.T) {
	config, clock := dated(t)
	s := New(config, http.DefaultClient)
	for name, lease := range map[string]string{
		"of an earlier version, with a clock 20 h ahead": fmt.Sprintf(`{"holder":"old","until":%q}`, now.Add(20*time.Hour).Format(time.RFC3339)),
		"with absurd seconds":                            fmt.Sprintf(`{"holder":"old","until":%q,"seconds":1e300}`, now.Format(time.RFC3339)),
	} {
		*clock = now
		raw(t, s, s.key(stateName), `{"schema":1,"lease":`+lease+`,"state":{}}`)
		*clock = now.Add(maxLease - time.Second)
		var held *pool.LeaseHeldError
		if _, err := New(config, http.DefaultClient).Acquire(t.Context(), "next", *clock, clock.Add(time.Minute)); !errors.As(err, &held) {
			t.Errorf("a lease %s: got %v before its end", name, err)
		}
		*clock = now.Add(maxLease)
		if _, err := New(config, http.DefaultClient).Acquire(t.Context(), "next", *clock, clock.Add(time.Minute)); err != nil {
			t.Errorf("a lease %s: %v", name, err)
		}
	}
	*clock = now
	raw(t, s, s.key(stateName), `{"schema":1,"state":{}}`)
	if _, err := s.Acquire(t.Context(), "long", now, now.Add(20*time.Hour)); err != nil {
		t.Fatal(err)
	}
	*clock = now.Add(maxLease)
	if _, err := New(config, http.DefaultClient).Acquire(t.Context(), "next", *clock, clock.Add(time.Minute)); err != nil {
		t.Errorf("a lease of 20 h was written: %v", err)
	}
}
