package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"divims/internal/pool"
)

// lease gives its holder the right to evaluate the pool for some time.
type lease struct {
	Holder string `json:"holder"`
	// Until is the end of the lease by the holder's clock. It is for people, and for
	// storage that does not date its objects.
	Until time.Time `json:"until"`
	// Seconds is the length of the lease, which begins when the storage wrote it. Leases
	// of earlier versions lack it.
	Seconds float64 `json:"seconds,omitempty"`
}

// maxLease is the longest lease: the longest DIVIMS_TIMEOUT, which is an hour, and the
// margin. A lease that claims more ends after this time, so that a holder with a wrong
// clock blocks nobody for long.
const maxLease = time.Hour + time.Minute

func newLease(holder string, now, until time.Time) *lease {
	length := min(until.Sub(now), maxLease)
	return &lease{Holder: holder, Until: now.Add(length), Seconds: length.Seconds()}
}

// end returns when a lease ends that was written at a time of the storage's clock. If
// that is not known, the holder's clock has to do.
func (l *lease) end(written time.Time) time.Time {
	switch {
	case written.IsZero():
		return l.Until
	case l.Seconds > 0:
		return written.Add(time.Duration(min(l.Seconds, maxLease.Seconds()) * float64(time.Second)))
	}
	return written.Add(min(l.Until.Sub(written), maxLease))
}

// heldLease is a lease that this store took: the holder's name, and the state object
// that was written to take it.
type heldLease struct {
	holder string
	object object
}

// Acquire takes the pool's lease for the time from now until the given time, at most for
// maxLease, and returns the state that the last holder left. The error is a
// *pool.LeaseHeldError while another lease is valid, and a *StateError if the stored
// state cannot be used or belongs to another pool.
//
// Whether a lease has ended is judged by the storage's clock alone: it dates the state
// object (Last-Modified) and its answers (Date), and the lease has its length. So a
// process whose clock is wrong neither takes a lease that is held, nor holds one for
// longer than it may. Only without these headers our own clock is used.
//
// The lease is part of the state, and taking it is one conditional write: if many try
// at once, exactly one succeeds. It also fences late writes of the state: once another
// evaluation has taken the lease over, Commit of the earlier one fails.
//
// The lease cannot fence what its holder does at other services. A holder that was
// suspended and wakes up after its lease has ended could act beside the next holder.
// So a holder stops acting some time before its lease ends; the margin covers calls under
// way. It also checks its clock right before each call, because
// one action, such as creating a machine, takes several calls. The remaining risk is a
// suspension between that check and the call that lasts longer than the margin.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) (pool.State, error) {
	wanted := document{Schema: schema, Write: rand.Text(), Lease: newLease(holder, now, until)}
	if known, found := s.remembered(stateName); found {
		if state, err := s.take(ctx, known, wanted, now); err == nil {
			return state, nil
		}
		// Whatever the error: the cache may be out of date, so read the state.
	}
	for range maxTries {
		known, err := s.read(ctx, stateName)
		if err != nil {
			return pool.State{}, err
		}
		state, err := s.take(ctx, known, wanted, now)
		if !errors.Is(err, errChanged) {
			return state, err
		}
	}
	return pool.State{}, fmt.Errorf("take the lease in %s: others changed it %d times in a row", s.location(s.key(stateName)), maxTries)
}

// take takes the lease, on condition that the stored state is the known one.
func (s *Store) take(ctx context.Context, known object, wanted document, now time.Time) (pool.State, error) {
	doc, err := s.decode(known)
	if err != nil {
		return pool.State{}, err
	}
	if doc.Write == wanted.Write { // it was taken already; only the answer was lost
		s.hold(&heldLease{wanted.Lease.Holder, known})
		return doc.State, nil
	}
	if doc.Lease != nil {
		if known.cached {
			return pool.State{}, errChanged // only an answer of this moment has the time
		}
		if err := checkEnded(doc.Lease, known, now); err != nil {
			return pool.State{}, err
		}
		doc.State.TakenOver = doc.Lease.Holder
	}
	wanted.State = doc.State
	taken, err := s.writeDocument(ctx, known, wanted)
	if err != nil {
		return pool.State{}, err
	}
	s.hold(&heldLease{wanted.Lease.Holder, taken})
	doc.State.StorageTime = taken.date
	return doc.State, nil
}

// checkEnded returns a *pool.LeaseHeldError if the lease in a state object has not ended.
// now is our own time, which counts only if the storage does not say its time.
func checkEnded(l *lease, state object, now time.Time) error {
	if !state.date.IsZero() {
		now = state.date
	}
	if end := l.end(state.modified); now.Before(end) {
		return &pool.LeaseHeldError{Holder: l.Holder, Until: end}
	}
	return nil
}

// Commit writes the state and releases the lease, in one conditional write. If the
// holder never had the lease, or another evaluation (perhaps of this process) took it
// over, it writes nothing and returns pool.ErrLeaseLost. After any other error it is
// unknown whether the state was written; the lease then expires by itself.
func (s *Store) Commit(ctx context.Context, holder string, state pool.State) error {
	held := s.holding()
	if held == nil || held.holder != holder {
		return pool.ErrLeaseLost
	}
	doc := document{Schema: schema, Write: rand.Text(), State: state}
	_, err := s.writeDocument(ctx, held.object, doc)
	if errors.Is(err, errChanged) {
		err = s.confirm(ctx, doc)
	}
	if err == nil || errors.Is(err, pool.ErrLeaseLost) {
		s.hold(nil)
	}
	return err
}

// confirm checks whether a refused write had in fact succeeded before, by a request
// whose answer was lost. If not, the lease is lost.
func (s *Store) confirm(ctx context.Context, written document) error {
	o, err := s.read(ctx, stateName)
	if err != nil {
		return err
	}
	if doc, err := s.decode(o); err != nil || doc.Write != written.Write {
		return pool.ErrLeaseLost
	}
	return nil
}

func (s *Store) hold(l *heldLease) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.held = l
}

func (s *Store) holding() *heldLease {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.held
}
