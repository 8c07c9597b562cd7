package cycle

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSilentServersMakePlace: of a hundred servers, five that are silent for eight
// seconds cost the others nothing, though there are but two places.
func TestSilentServersMakePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var quick atomic.Int64
		places := newPlaces(2, 2*time.Second)
		places.look(func() { time.Sleep(8 * time.Second) })
		places.look(func() { time.Sleep(8 * time.Second) })
		for range 10 {
			places.look(func() { time.Sleep(100 * time.Millisecond); quick.Add(1) })
		}
		for quick.Load() < 10 {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("the quick ones were done after %s", took)
		}
		places.wait()
		if took := time.Since(begun); took != 8*time.Second {
			t.Errorf("all were done after %s; want 8s", took)
		}
	})
}

// TestNoMoreThanTwiceThePlaces: however slow all are, the work under way is bounded.
func TestNoMoreThanTwiceThePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under, most atomic.Int64
		places := newPlaces(3, time.Second)
		for range 20 {
			places.look(func() {
				most.Store(max(most.Load(), under.Add(1)))
				time.Sleep(time.Minute)
				under.Add(-1)
			})
		}
		places.wait()
		if most.Load() != 6 {
			t.Errorf("%d were under way at once; want 6", most.Load())
		}
	})
}
