package handler

import (
	"sync"
	"time"

	"divims/internal/cycle"
)

// conflicts counts the evaluations in a row of this process that found the lease held.
// They cannot write anything, so only the process remembers them: it logs an error and
// notifies operators itself, and the next evaluation that gets the lease has an alert.
type conflicts struct {
	mutex   sync.Mutex
	current cycle.Conflict
	last    time.Time
}

// add counts an evaluation. One that is nearer than apart to the last counted one is not
// counted, because many that start at once are no lasting conflict.
func (c *conflicts) add(now time.Time, holder string, apart time.Duration) cycle.Conflict {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.current.Holder = holder
	if c.current.Evaluations > 0 && now.Sub(c.last).Abs() < apart {
		return c.current
	}
	if c.current.Evaluations == 0 {
		c.current.Since = now
	}
	c.current.Evaluations++
	c.last = now
	return c.current
}

func (c *conflicts) present() cycle.Conflict {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.current
}

// end begins anew after an evaluation that recorded a conflict. What came while it ran is
// kept for the next one.
func (c *conflicts) end(recorded cycle.Conflict) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.current.Evaluations == recorded.Evaluations {
		c.current = cycle.Conflict{}
	}
}

// conflictError is a held lease that operators are to be notified of.
type conflictError struct {
	conflict cycle.Conflict
	held     error
}

func (e *conflictError) Error() string { return e.conflict.String() + ": " + e.held.Error() }

func (e *conflictError) Unwrap() error { return e.held }
