package cycle

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlowServersGiveTheirSlotsUp checks that two slow servers do not hold up ten quick
// ones, although there are only two slots.
func TestSlowServersGiveTheirSlotsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var quick sync.WaitGroup
		quick.Add(10)
		s := newSemaphore(2, 2*time.Second)
		s.run(func() { <-time.After(8 * time.Second) })
		s.run(func() { <-time.After(8 * time.Second) })
		for range 10 {
			s.run(func() { <-time.After(100 * time.Millisecond); quick.Done() })
		}
		quick.Wait()
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("the quick ones were done after %s; want at most 3s", took)
		}
		s.wait()
		if took := time.Since(begun); took != 8*time.Second {
			t.Errorf("all were done after %s; want 8s", took)
		}
	})
}

// TestAtMostTwiceTheSlotsAreAtWork checks the bound when everything is slow.
func TestAtMostTwiceTheSlotsAreAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var current, highest atomic.Int64
		s := newSemaphore(3, time.Second)
		for range 20 {
			s.run(func() {
				highest.Store(max(highest.Load(), current.Add(1)))
				<-time.After(time.Minute)
				current.Add(-1)
			})
		}
		s.wait()
		if highest.Load() != 6 {
			t.Errorf("%d at work at once; want 6", highest.Load())
		}
	})
}
