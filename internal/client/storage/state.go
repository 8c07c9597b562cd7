package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

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
	Write string `json:"write"`
	// Owner is the pool that the state belongs to; nil in a state of an earlier version.
	Owner *pool.Owner `json:"owner,omitempty"`
	Lease *lease      `json:"lease,omitempty"`
	State pool.State  `json:"state"`
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
// *StateError if the state is corrupt, was written by a newer version of DiViMS, or
// belongs to another pool.
func (s *Store) State(ctx context.Context) (pool.State, error) {
	o, err := s.read(ctx, stateName)
	if err != nil {
		return pool.State{}, err
	}
	doc, err := s.decode(o)
	return doc.State, err
}

func (s *Store) writeDocument(ctx context.Context, known object, doc document) (object, error) {
	if s.owner != (pool.Owner{}) {
		doc.Owner = &s.owner
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return object{}, fmt.Errorf("encode the state: %w", err)
	}
	if _, _, err := parseDocument(body); err != nil {
		return object{}, fmt.Errorf("write %s: the next evaluation could not read it: %w", s.location(s.key(stateName)), err)
	}
	return s.write(ctx, known, body)
}

// decode parses the state object and checks that it belongs to the pool. A state without
// an owner is adopted. For an object that does not exist it returns the zero document. The
// error is a *StateError.
func (s *Store) decode(o object) (document, error) {
	doc, err := s.decodeAnyOwner(o)
	if err == nil && doc.Owner != nil && s.owner != (pool.Owner{}) && *doc.Owner != s.owner {
		return document{}, &StateError{
			Object:  s.location(s.key(stateName)),
			Problem: fmt.Sprintf("belongs to another pool: it was written for %s, and this is %s", doc.Owner, s.owner),
			Remedy:  "give one of two pools another DIVIMS_POOL or DIVIMS_STORAGE_PREFIX; if this is the same pool, with a new address or project, run divims take-over",
		}
	}
	doc.State.StorageTime = o.date
	return doc, err
}

// decodeAnyOwner is decode for a state that may belong to another pool.
func (s *Store) decodeAnyOwner(o object) (document, error) {
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
	for number := range state.Servers {
		server := state.Memory(number)
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
