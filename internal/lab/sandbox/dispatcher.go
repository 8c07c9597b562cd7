package sandbox

import (
	"cmp"
	"container/heap"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"divims/internal/lab/sandbox/faults"
)

// Bounds of the virtual time from the arrival of a call to its execution.
const minLatency, maxLatency = 50 * time.Millisecond, 1500 * time.Millisecond

// dispatcher executes the calls of all services one after the other, in the order of the time
// at which they are due, then of service, call and server. So a run can be repeated exactly,
// although calls are made in parallel.
type dispatcher struct {
	seed uint64

	lock  sync.Mutex
	queue callQueue
	// past has the earlier calls of each request.
	past map[string]pastCalls
	// changed is sent to when a call comes.
	changed chan struct{}
	closed  chan struct{}
	ended   sync.WaitGroup
}

// pastCalls is when the last call of a request came, and how many times calls came. Equal
// calls that come at the same moment count as one: nobody could say which of them is the first.
type pastCalls struct {
	last  time.Time
	times int
}

// dueCall is a call that waits for its turn.
type dueCall struct {
	faults.Operation
	uri  string
	at   time.Time
	work func()
	done chan struct{}
}

func newDispatcher(seed uint64) *dispatcher {
	d := &dispatcher{seed: seed, past: map[string]pastCalls{}, changed: make(chan struct{}, 1), closed: make(chan struct{})}
	d.ended.Go(d.run)
	return d
}

// turn runs the work of a call when it is due. It is a faults.Turn.
func (d *dispatcher) turn(operation faults.Operation, r *http.Request, work func()) {
	call := &dueCall{Operation: operation, uri: r.URL.RequestURI(), work: work, done: make(chan struct{})}
	d.lock.Lock()
	now := time.Now()
	call.at = now.Add(d.latency(call, now))
	heap.Push(&d.queue, call)
	d.lock.Unlock()
	select {
	case d.changed <- struct{}{}:
	default: // the dispatcher has not seen the last one yet, and will see both
	}
	select {
	case <-call.done:
	case <-d.closed:
		panic(http.ErrAbortHandler)
	}
}

// latency draws how long a call takes from the seed, the call, and the number of earlier
// calls of the same request. The lock is held.
func (d *dispatcher) latency(c *dueCall, now time.Time) time.Duration {
	key := fmt.Sprint(c.Operation, c.uri)
	calls := d.past[key]
	if !calls.last.Equal(now) {
		calls = pastCalls{now, calls.times + 1}
		d.past[key] = calls
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, key, calls.times)
	random := rand.New(rand.NewPCG(d.seed, hash.Sum64()))
	return minLatency + time.Duration(random.Int64N(int64(maxLatency-minLatency)))
}

// run executes the calls until the dispatcher is closed.
func (d *dispatcher) run() {
	for {
		call, wait := d.next()
		if call != nil {
			call.work()
			close(call.done)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-d.changed:
		case <-d.closed:
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// idleWait is how long a dispatcher without calls waits before it looks again.
const idleWait = 24 * time.Hour

// next returns the call that is due, or how long to wait for one.
func (d *dispatcher) next() (*dueCall, time.Duration) {
	d.lock.Lock()
	defer d.lock.Unlock()
	if len(d.queue) == 0 {
		return nil, idleWait
	}
	if wait := time.Until(d.queue[0].at); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&d.queue).(*dueCall), 0
}

func (d *dispatcher) close() {
	close(d.closed)
	d.ended.Wait()
}

// callQueue is a heap of calls, the next one on top.
type callQueue []*dueCall

// The methods below implement heap.Interface.

func (q callQueue) Len() int { return len(q) }

func (q callQueue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Server, b.Server), cmp.Compare(a.uri, b.uri)) < 0
}

func (q callQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *callQueue) Push(call any) { *q = append(*q, call.(*dueCall)) }

func (q *callQueue) Pop() any {
	last := len(*q) - 1
	call := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return call
}
