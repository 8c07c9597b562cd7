package sandbox

import (
	"sync"
	"time"

	"divims/internal/lab/world"
)

// locked is the world and its lock, which is never held while anything is read
// from a connection or written to one.
type lockedWorld struct {
	lock  sync.Mutex
	world *world.World
}

func (m *lockedWorld) with(do func(*world.World)) {
	m.lock.Lock()
	defer m.lock.Unlock()
	do(m.world)
}

func (m *lockedWorld) now() (now time.Time) {
	m.with(func(w *world.World) { now = w.Now() })
	return now
}
