package cycle

import (
	"sync"
	"time"
)

// places bounds how many servers are looked at at once. One that keeps us waiting
// leaves its place to the next, as long as there is room among those that wait:
// as many again. So a few silent servers do not hold up a large pool, and a
// process that has little CPU time does not take on more than it can finish.
type places struct {
	busy, waiting chan struct{}
	patience      time.Duration
	taken         sync.WaitGroup
}

func newPlaces(count int, patience time.Duration) *places {
	return &places{busy: make(chan struct{}, count), waiting: make(chan struct{}, count), patience: patience}
}

// look does its work in the next free place, and returns as soon as there is one.
func (p *places) look(work func()) {
	p.busy <- struct{}{}
	p.taken.Go(func() {
		var lock sync.Mutex
		place, done := p.busy, false
		slow := time.AfterFunc(p.patience, func() {
			lock.Lock()
			defer lock.Unlock()
			if done {
				return
			}
			select {
			case p.waiting <- struct{}{}:
				<-p.busy
				place = p.waiting
			default: // too many wait
			}
		})
		work()
		slow.Stop()
		lock.Lock()
		defer lock.Unlock()
		done = true
		<-place
	})
}

// wait waits for the end of all work.
func (p *places) wait() { p.taken.Wait() }
