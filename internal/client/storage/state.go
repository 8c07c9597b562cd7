package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"divims/internal/pool"
)

const stateName = "state.json"

// schema is the version of the state's format. It is raised by each change that older
// versions of DiViMS would misread.
const schema = 1

// document is the content of state.json.
type document struct {
	Schema int `json:"schema"`
	// Write is a random ID of this write. A writer whose answer was lost recognises
	// its own write by this ID.
	Write string     `json:"write"`
	Lease *lease     `json:"lease,omitempty"`
	State pool.State `json:"state"`
}

// lease gives its holder the right to evaluate the pool until a time.
type lease struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// heldLease is a lease that this store took: the holder's name, and the state object
// that was written to take it.
type heldLease struct {
	holder string
	object object
}

// StateError means that the stored state cannot be used. The state is left as it is:
// a newer version of DiViMS or an operator may still need it.
type StateError struct {
	// Object is where the state is stored.
	Object string
	// Problem says what is wrong with it, Remedy what an operator can do.
	Problem, Remedy string
}

// Error returns object, problem and remedy in one line.
func (e *StateError) Error() string { return e.Object + " " + e.Problem + "; " + e.Remedy }

// State reads the pool's state. It returns the zero State for a new pool, and a
// *StateError if the state is corrupt or was written by a newer version of DiViMS.
func (s *Store) State(ctx context.Context) (pool.State, error) {
	o, err := s.read(ctx, stateName)
	if err != nil {
		return pool.State{}, err
	}
	doc, err := s.decode(o)
	return doc.State, err
}

// Acquire takes the pool's lease until the given time and returns the state that the
// last holder left. now is the evaluation's time, holder its name. The error is a
// *pool.LeaseHeldError while another lease is valid, and a *StateError if the stored
// state cannot be used.
//
// The lease is part of the state, and taking it is one conditional write: if many try
// at once, exactly one succeeds. It also fences late writes of the state: once another
// evaluation has taken the lease over, Commit of the earlier one fails.
//
// The lease cannot fence what its holder does at other services. A holder that was
// suspended and wakes up after its lease has ended could act beside the next holder.
// So a holder stops acting some time before until; the margin covers calls under way
// and clocks that differ. It also checks its clock right before each call, because
// one action, such as creating a machine, takes several calls. The remaining risk is a
// suspension between that check and the call that lasts longer than the margin.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) (pool.State, error) {
	wanted := document{Schema: schema, Write: rand.Text(), Lease: &lease{holder, until}}
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
	if doc.Lease != nil && now.Before(doc.Lease.Until) {
		return pool.State{}, &pool.LeaseHeldError{Holder: doc.Lease.Holder, Until: doc.Lease.Until}
	}
	if doc.Lease != nil {
		doc.State.TakenOver = doc.Lease.Holder
	}
	wanted.State = doc.State
	taken, err := s.writeDocument(ctx, known, wanted)
	if err != nil {
		return pool.State{}, err
	}
	s.hold(&heldLease{wanted.Lease.Holder, taken})
	return doc.State, nil
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

func (s *Store) writeDocument(ctx context.Context, known object, doc document) (object, error) {
	body, err := json.Marshal(doc)
	if err != nil {
		return object{}, fmt.Errorf("encode the state: %w", err)
	}
	if _, _, err := parseDocument(body); err != nil {
		return object{}, fmt.Errorf("write %s: the next evaluation could not read it: %w", s.location(s.key(stateName)), err)
	}
	return s.write(ctx, known, body)
}

// decode parses the state object. For an object that does not exist it returns the
// zero document. The error is a *StateError.
func (s *Store) decode(o object) (document, error) {
	if o.etag == "" {
		return document{}, nil
	}
	unusable := &StateError{Object: s.location(s.key(stateName))}
	doc, version, err := parseDocument(o.body)
	switch {
	case version > schema:
		unusable.Problem = fmt.Sprintf("was written by a newer DiViMS, with schema %d; this one knows schema %d", version, schema)
		unusable.Remedy = "deploy the newer version"
	case err != nil:
		unusable.Problem = fmt.Sprintf("is corrupt: %.200q", err.Error())
	case version < 1:
		unusable.Problem = "is corrupt: it has no schema number"
	default:
		return doc, nil
	}
	if unusable.Remedy == "" {
		unusable.Remedy = "restore an earlier copy, or move the object away to start with an empty state (which forgets the servers in maintenance)"
	}
	return document{}, unusable
}

// outline is the part of the state that is checked before the whole is decoded: a
// list of small values can take a hundred times its length in memory.
type outline struct {
	Schema int `json:"schema"`
	State  struct {
		Servers   json.RawMessage `json:"servers"`
		Shortages json.RawMessage `json:"shortages"`
		Notified  json.RawMessage `json:"told"`
	} `json:"state"`
}

// maxServers, maxShortages and maxNotified are more than any pool has.
const maxServers, maxShortages, maxNotified = 10_000, 100_000, 100_000

// length returns the number of elements of a JSON list or object.
func length(list json.RawMessage) (n int) {
	decoder := json.NewDecoder(bytes.NewReader(list))
	begin, _ := decoder.Token() // the enclosing document was parsed before, so this is valid JSON
	for ; decoder.More(); n++ {
		if begin == json.Delim('{') {
			_, _ = decoder.Token()
		}
		var part json.RawMessage
		if decoder.Decode(&part) != nil {
			return n
		}
	}
	return n
}

// parseDocument parses the state. It returns the schema version even if the rest
// cannot be parsed.
func parseDocument(body []byte) (doc document, version int, err error) {
	var o outline
	err = json.Unmarshal(body, &o)
	switch {
	case err != nil:
		return document{}, o.Schema, err
	case length(o.State.Servers) > maxServers:
		return document{}, o.Schema, fmt.Errorf("more than %d servers", maxServers)
	case length(o.State.Shortages) > maxShortages:
		return document{}, o.Schema, fmt.Errorf("more than %d shortages", maxShortages)
	case length(o.State.Notified) > maxNotified:
		return document{}, o.Schema, fmt.Errorf("more than %d notified alerts", maxNotified)
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return document{}, o.Schema, err
	}
	return doc, o.Schema, check(doc.State)
}

// maxCount is more than any pool has of people, meetings, failures or servers.
const maxCount = 10_000_000

// check returns an error if a count is negative or above maxCount.
func check(state pool.State) error {
	if err := checkCounts("kept", state.Kept); err != nil {
		return err
	}
	if load := state.Load; load != nil {
		if err := checkCounts("load", load.Participants, load.Meetings); err != nil {
			return err
		}
	}
	for number, server := range state.Servers {
		name := fmt.Sprintf("server %d", number)
		if err := checkCounts(name, number-1, server.Participants, server.Meetings, server.Failures); err != nil {
			return err
		}
	}
	return nil
}

func checkCounts(name string, counts ...int) error {
	for _, n := range counts {
		if n < 0 || n > maxCount {
			return fmt.Errorf("%s: %d is impossible", name, n)
		}
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
