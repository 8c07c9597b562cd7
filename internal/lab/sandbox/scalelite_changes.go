package sandbox

import (
	"context"
	"net/http"
	"path"
	"sync"
	"time"

	"divims/internal/lab/world"
)

// Scalelite refuses some of the changes that come side by side: 3 of 12 in a test of
// 1.8.5, and nothing is changed then.
const refusedChanges = 3. / 12

// changeWindow is the time that a change takes. In a moving world, two changes are side by
// side if the later one came before the earlier one was executed, and was executed within
// changeWindow after it.
const changeWindow = 300 * time.Millisecond

// changes detects changes of Scalelite's entries that come side by side.
type changes struct {
	locked *lockedWorld
	lock   sync.Mutex
	// inWork counts the changes that have come and were not answered yet.
	inWork int
	// executed is when the last change was executed.
	executed time.Time
}

// arrival is when a change came.
type arrival struct {
	at time.Time
	// beside is set if another change was in work then.
	beside bool
}

type arrivalKey struct{}

// changingCalls are the calls that change an entry.
var changingCalls = map[string]bool{"addServer": true, "updateServer": true, "deleteServer": true, "panicServer": true}

// watch notes the arrival of changes. It also leaves out the header Date, as puma does.
func (c *changes) watch(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if !changingCalls[path.Base(r.URL.Path)] {
			inner.ServeHTTP(w, r)
			return
		}
		came := c.arrive()
		defer c.leave()
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), arrivalKey{}, came)))
	})
}

func (c *changes) arrive() arrival {
	now := c.locked.now()
	c.lock.Lock()
	defer c.lock.Unlock()
	c.inWork++
	return arrival{now, c.inWork > 1}
}

func (c *changes) leave() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.inWork--
}

// refuses reports whether Scalelite refuses a change that is to be executed now, because
// another one is in work. The world is locked.
func (c *changes) refuses(ctx context.Context, w *world.World, call string, input scaleliteInput) bool {
	came, _ := ctx.Value(arrivalKey{}).(arrival)
	c.lock.Lock()
	beside := came.beside || c.inWork > 1
	if c.locked.moving {
		beside = c.executed.After(came.at) && w.Now().Sub(c.executed) < changeWindow
	}
	c.executed = w.Now()
	c.lock.Unlock()
	return beside && w.Chance("side-by-side changes", call+" "+input.ID+" "+input.Server.text("url"), refusedChanges)
}
