package sandbox

import (
	"sync"
	"time"

	"divims/internal/lab/world"
)

// lockedWorld guards the world with a lock. Nobody holds it while reading from a
// connection or writing to one.
type lockedWorld struct {
	lock  sync.Mutex
	world *world.World
}

func (l *lockedWorld) with(do func(*world.World)) {
	l.lock.Lock()
	defer l.lock.Unlock()
	do(l.world)
}

func (l *lockedWorld) now() (now time.Time) {
	l.with(func(w *world.World) { now = w.Now() })
	return now
}
