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
	// moving is set if the world's time is that of this process. Then Lock first runs all
	// events until now.
	moving bool
}

// Lock and Unlock implement sync.Locker.
func (l *lockedWorld) Lock() {
	l.lock.Lock()
	if l.moving {
		l.world.AdvanceTo(time.Now())
	}
}

func (l *lockedWorld) Unlock() { l.lock.Unlock() }

func (l *lockedWorld) with(do func(*world.World)) {
	l.Lock()
	defer l.Unlock()
	do(l.world)
}

func (l *lockedWorld) now() (now time.Time) {
	l.with(func(w *world.World) { now = w.Now() })
	return now
}
