package sandbox_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"divims/internal/client/storage"
	"divims/internal/lab/sandbox"
	"divims/internal/pool"
)

func (f *fixture) store() *storage.Store {
	return storage.New(storage.Config{Settings: f.settings.Storage, Pool: f.settings.Pool.Name}, f.http)
}

// Two outages of one service that overlap each last until their own end.
func TestOutagesOverlap(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.Calendar = []byte("BEGIN:VCALENDAR") })
	expect := func(when string, want int) {
		t.Helper()
		if got := f.get(f.settings.Calendar.URL.Reveal()).status; got != want {
			t.Errorf("%s: status %d, want %d", when, got, want)
		}
	}
	expect("before", http.StatusOK)
	first := f.TakeDown(sandbox.CalendarService)
	second := f.TakeDown(sandbox.CalendarService)
	expect("both", http.StatusServiceUnavailable)
	first()
	first() // a second call changes nothing
	expect("the second", http.StatusServiceUnavailable)
	second()
	expect("after both", http.StatusOK)
}

func TestStorageDown(t *testing.T) {
	f := newFixture(t, nil)
	restore := f.TakeDown(sandbox.StorageService)
	if _, err := f.s3Client(nil).ListBuckets(t.Context(), nil); status(err) != http.StatusServiceUnavailable {
		t.Errorf("storage that is down answers %v, want status 503", err)
	}
	restore()
	if _, err := f.s3Client(nil).ListBuckets(t.Context(), nil); err != nil {
		t.Errorf("storage that is up again: %v", err)
	}
}

// A pool whose state is lost starts as a new one.
func TestLoseState(t *testing.T) {
	f := newFixture(t, nil)
	if err := f.LoseState(); err != nil {
		t.Errorf("without a state: %v", err)
	}
	store := f.store()
	if _, err := store.Acquire(t.Context(), "me", start, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(t.Context(), "me", pool.State{LastEvaluation: start}); err != nil {
		t.Fatal(err)
	}
	if state, err := f.store().State(t.Context()); err != nil || !state.LastEvaluation.Equal(start) {
		t.Fatalf("the state is %+v, %v", state, err)
	}
	if err := f.LoseState(); err != nil {
		t.Fatal(err)
	}
	if state, err := f.store().State(t.Context()); err != nil || !state.LastEvaluation.IsZero() {
		t.Errorf("the lost state is %+v, %v", state, err)
	}
	if err := store.Commit(t.Context(), "me", pool.State{}); !errors.Is(err, pool.ErrLeaseLost) {
		t.Errorf("the evaluation that holds a lost lease: %v, want ErrLeaseLost", err)
	}
}

// The function's clock shows the last offset that began and did not end.
func TestSkewClock(t *testing.T) {
	f := newFixture(t, nil)
	expect := func(when string, want time.Duration) {
		t.Helper()
		body := f.get(f.settings.ClockURL).body
		got, err := time.Parse(time.RFC3339Nano, body)
		if err != nil || got.Sub(start) != want || f.ClockSkew() != want || !f.Now().Equal(start) {
			t.Errorf("%s: the clock says %q, the skew is %s and the world's time %s; want %s after the start", when, body, f.ClockSkew(), f.Now(), want)
		}
	}
	expect("before", 0)
	first := f.SkewClock(time.Hour)
	second := f.SkewClock(-3 * time.Minute)
	expect("both", -3*time.Minute)
	first()
	expect("the second", -3*time.Minute)
	second()
	expect("after both", 0)
}

// Object storage dates its answers and its objects in virtual time, whatever the
// function's clock shows.
func TestStorageHasTheVirtualTime(t *testing.T) {
	f := newFixture(t, nil)
	f.SkewClock(11 * time.Hour)
	f.AdvanceTo(start.Add(90 * time.Minute))
	state, err := f.store().Acquire(t.Context(), "me", start, start.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if off := state.StorageTime.Sub(f.Now()).Abs(); off > time.Minute {
		t.Errorf("the answer is of %s, and it is %s", state.StorageTime, f.Now())
	}
	var held *pool.LeaseHeldError
	if _, err := f.store().Acquire(t.Context(), "me too", start.Add(20*time.Hour), start.Add(21*time.Hour)); !errors.As(err, &held) {
		t.Errorf("a process with a clock that is ahead took the lease: %v", err)
	}
}
