package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"divims/internal/pool"
)

// ErrOwn is returned by TakeOver if the state belongs to the pool already.
var ErrOwn = errors.New("the state belongs to this pool already, or to no pool yet")

// StateOwner returns the pool that the state belongs to: nil if there is no state yet, or
// if an earlier version wrote it.
func (s *Store) StateOwner(ctx context.Context) (*pool.Owner, error) {
	o, err := s.read(ctx, stateName)
	if err != nil {
		return nil, err
	}
	doc, err := s.decodeAnyOwner(o)
	return doc.Owner, err
}

// TakeOver makes the state of another pool the state of this one, in one conditional
// write, and records who did it. It fails with a *pool.LeaseHeldError while an evaluation
// of the other pool holds the lease, and with ErrOwn if there is nothing to take over.
func (s *Store) TakeOver(ctx context.Context, now time.Time, done pool.Intervention) error {
	known, err := s.read(ctx, stateName)
	if err != nil {
		return err
	}
	doc, err := s.decodeAnyOwner(known)
	if err != nil {
		return err
	}
	if doc.Owner == nil || *doc.Owner == s.owner {
		return ErrOwn
	}
	if doc.Lease != nil {
		if err := checkEnded(doc.Lease, known, now); err != nil {
			return err
		}
	}
	doc.State.Interventions = append(doc.State.Interventions, done)
	if _, err = s.writeDocument(ctx, known, document{Schema: schema, Write: rand.Text(), State: doc.State}); err != nil {
		return fmt.Errorf("take over %s from %s: %w", s.location(s.key(stateName)), doc.Owner, err)
	}
	return nil
}
