package cycle

import (
	"sync"
	"time"
)

// semaphore bounds how many servers are observed at once. Work that takes longer than
// slowAfter moves to a slow slot, if one is free, and frees its own. There are as many
// slow slots as slots. So a few unresponsive servers do not hold up a large pool, and at
// most twice as many servers as there are slots are observed at once.
type semaphore struct {
	slots, slowSlots chan struct{}
	slowAfter        time.Duration
	running          sync.WaitGroup
}

func newSemaphore(slots int, slowAfter time.Duration) *semaphore {
	return &semaphore{slots: make(chan struct{}, slots), slowSlots: make(chan struct{}, slots), slowAfter: slowAfter}
}

// run waits for a free slot and starts work in it.
func (s *semaphore) run(work func()) {
	s.slots <- struct{}{}
	s.running.Go(func() {
		var mutex sync.Mutex
		slot, done := s.slots, false
		timer := time.AfterFunc(s.slowAfter, func() {
			mutex.Lock()
			defer mutex.Unlock()
			if done {
				return
			}
			select {
			case s.slowSlots <- struct{}{}:
				<-s.slots
				slot = s.slowSlots
			default: // no slow slot is free
			}
		})
		work()
		timer.Stop()
		mutex.Lock()
		defer mutex.Unlock()
		done = true
		<-slot
	})
}

// wait waits until all work is done.
func (s *semaphore) wait() { s.running.Wait() }
