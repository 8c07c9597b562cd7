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

// schema is the version of the state's form. A change that older versions of
// DiViMS would misread raises it.
const schema = 1

// document is the content of state.json.
type document struct {
	Schema int `json:"schema"`
	// Write is unlike that of any other write. It tells a writer whose answer
	// got lost that the write was its own.
	Write string     `json:"write"`
	Lease *lease     `json:"lease,omitempty"`
	State pool.State `json:"state"`
}

// lease is the right to evaluate the pool until a time.
type lease struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// heldLease is a lease that this store took: who holds it, and the state as it
// was written to take it.
type heldLease struct {
	holder string
	object object
}

// StateError says that the state cannot be used. It is left as it is, because
// whoever wrote it may still need it, and nothing can be evaluated without it.
type StateError struct {
	// Object is the state's place.
	Object string
	// Problem is what is wrong with it, Remedy what an operator can do.
	Problem, Remedy string
}

// Error gives all three.
func (e *StateError) Error() string { return e.Object + " " + e.Problem + "; " + e.Remedy }

// State reads the pool's state as it is now. A pool without any has the zero
// State. The error is a *StateError if the state is corrupt or newer than this
// version of DiViMS.
func (s *Store) State(ctx context.Context) (pool.State, error) {
	o, err := s.read(ctx, stateName)
	if err != nil {
		return pool.State{}, err
	}
	doc, err := s.decode(o)
	return doc.State, err
}

// Acquire takes the pool's lease until a time, and gives the state that the
// last holder left. now is the evaluation's. holder names the evaluation. The
// error is a *pool.LeaseHeldError while another lease is valid, and a
// *StateError if there is a state that cannot be used.
//
// The lease is a part of the state, and taking it is one conditional write: of
// many who try at once exactly one succeeds. It fences late writes of the state,
// too: once another evaluation has taken over, Commit of the earlier one fails.
//
// It cannot fence what a holder does elsewhere. A holder that is suspended, wakes
// up after its lease and does not look at a clock before it acts could act beside
// the next one. So a holder must give `until` some time more than it allows
// itself to act, for a call that is on its way and for clocks that differ, and
// must compare its clock with its own limit right before each call, not only
// before each action: the creation of a machine takes several. What remains is a
// suspension between that comparison and the sending, longer than that margin.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) (pool.State, error) {
	wanted := document{Schema: schema, Write: rand.Text(), Lease: &lease{holder, until}}
	if known, ok := s.remembered(stateName); ok {
		if state, err := s.take(ctx, known, wanted, now); err == nil {
			return state, nil
		}
		// What is remembered may be out of date, whatever the error: look again.
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

// take takes the lease if the state is as known.
func (s *Store) take(ctx context.Context, known object, wanted document, now time.Time) (pool.State, error) {
	doc, err := s.decode(known)
	if err != nil {
		return pool.State{}, err
	}
	if doc.Write == wanted.Write { // taken already, only the answer got lost
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

// Commit writes the state and gives the holder's lease back, in one conditional
// write. The error is pool.ErrLeaseLost, and nothing is written, if another
// evaluation, of this process too, has taken the lease over, or the holder never
// had it. After any other error it is
// not known whether the state was written; the lease then ends by itself.
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

// confirm looks whether a write that was refused had been done before, by a
// request whose answer got lost.
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
		return object{}, fmt.Errorf("write %s: it could not be read again: %w", s.location(s.key(stateName)), err)
	}
	return s.write(ctx, known, body)
}

// decode reads the state's document; an object that does not exist is a fresh start.
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
		unusable.Remedy = "put an earlier copy in its place, or move it away to begin afresh (servers in maintenance are forgotten)"
	}
	return document{}, unusable
}

// outline is what a state's document has to be looked at for before it is read
// in full: in memory, lists of small things take a hundred times their length.
type outline struct {
	Schema int `json:"schema"`
	State  struct {
		Servers   json.RawMessage `json:"servers"`
		Shortages json.RawMessage `json:"shortages"`
		Told      json.RawMessage `json:"told"`
	} `json:"state"`
}

// mostServers, mostShortages and mostTold are more than any pool has.
const mostServers, mostShortages, mostTold = 10_000, 100_000, 100_000

// length counts what a JSON list or object holds.
func length(list json.RawMessage) (n int) {
	decoder := json.NewDecoder(bytes.NewReader(list))
	begin, _ := decoder.Token() // the list was read before, as a part of its document
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

// parseDocument reads a state's document, and its schema even if it cannot read
// the rest.
func parseDocument(body []byte) (doc document, version int, err error) {
	var o outline
	err = json.Unmarshal(body, &o)
	switch {
	case err != nil:
		return document{}, o.Schema, err
	case length(o.State.Servers) > mostServers:
		return document{}, o.Schema, fmt.Errorf("more than %d servers", mostServers)
	case length(o.State.Shortages) > mostShortages:
		return document{}, o.Schema, fmt.Errorf("more than %d shortages", mostShortages)
	case length(o.State.Told) > mostTold:
		return document{}, o.Schema, fmt.Errorf("more than %d matters that were told", mostTold)
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return document{}, o.Schema, err
	}
	return doc, o.Schema, check(doc.State)
}

// maxCount is more than any number of people, meetings, failures and servers.
const maxCount = 10_000_000

// check refuses counts that cannot be.
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
			return fmt.Errorf("%s: %d cannot be", name, n)
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
