package handler

import (
	"context"
	"sync"
	"time"
)

// Of an evaluation's requests one in ten may be repeated, and five more: a
// network that fails as a whole must not be given twice the work.
const (
	requestsPerRepeat = 10
	firstRepeats      = 5
)

// A service that has not answered twice in a row is left alone for 30 seconds.
const (
	mostSilences = 2
	rest         = 30 * time.Second
)

// effort is what one evaluation spends on services that fail: a budget of
// repeated requests, and a circuit for each service. It ends with the
// evaluation; the next one asks everybody anew. It is safe for concurrent use.
type effort struct {
	mutex             sync.Mutex
	requests, repeats int
	circuits          map[string]circuit
}

// circuit is what is remembered of a service since its last answer. After
// mostSilences it is open: a request goes through only when the rest is over,
// and begins the next one.
type circuit struct {
	silences int
	restEnds time.Time
}

type effortKey struct{}

// withEffort begins an evaluation's effort.
func withEffort(ctx context.Context) context.Context {
	return context.WithValue(ctx, effortKey{}, &effort{circuits: map[string]circuit{}})
}

// effortOf is nil outside of evaluations, where nothing is repeated or refused.
func effortOf(ctx context.Context) *effort {
	e, _ := ctx.Value(effortKey{}).(*effort)
	return e
}

// count adds a request to those that repeats are measured against.
func (e *effort) count() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.requests++
}

// mayRepeat takes a repeat out of the budget, if there is one left.
func (e *effort) mayRepeat() bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.repeats >= firstRepeats+e.requests/requestsPerRepeat {
		return false
	}
	e.repeats++
	return true
}

// mayAsk tells whether a service may be asked, or else how often it has not
// answered.
func (e *effort) mayAsk(service string, now time.Time) (ok bool, silences int) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	c := e.circuits[service]
	if c.silences < mostSilences {
		return true, 0
	}
	if now.Before(c.restEnds) {
		return false, c.silences
	}
	c.restEnds = now.Add(rest)
	e.circuits[service] = c
	return true, 0
}

// answered closes the circuit of a service.
func (e *effort) answered(service string) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	delete(e.circuits, service)
}

// silent counts a request that a service has not answered.
func (e *effort) silent(service string, now time.Time) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.circuits[service] = circuit{e.circuits[service].silences + 1, now.Add(rest)}
}
