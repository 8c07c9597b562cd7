package cycle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"divims/internal/pool"
)

// inTurn makes a change of a server's entry when it is its turn.
func (a *actor) inTurn(ctx context.Context, server pool.Server, change func() error) error {
	err := a.scalelite.take(ctx, server.Number, change)
	if err != nil && errors.Is(err, ctx.Err()) {
		return errTimeUp
	}
	return err
}

// setState sets the state of a server's entry when it is its turn.
func (a *actor) setState(ctx context.Context, s pool.ServerObservation, state pool.EntryState) error {
	entry, _ := s.Entry.Get()
	return a.inTurn(ctx, s.Server, func() error { return a.setStateNow(ctx, entry, state) })
}

func (a *actor) setStateNow(ctx context.Context, entry *pool.Entry, state pool.EntryState) error {
	return a.within(ctx, func(ctx context.Context) error {
		return a.Services.LoadBalancer.SetState(ctx, entry.ID, state)
	})
}

func (a *actor) enable(ctx context.Context, s pool.ServerObservation) error {
	err := a.setState(ctx, s, pool.Enabled)
	if err != nil {
		entry, _ := s.Entry.Get()
		a.enables.fail(entry.ID)
	}
	return err
}

// repair enables an entry and cordons it again, in one turn, so that it gets no meeting in
// between.
func (a *actor) repair(ctx context.Context, s pool.ServerObservation) error {
	entry, _ := s.Entry.Get()
	return a.inTurn(ctx, s.Server, func() error {
		if err := a.setStateNow(ctx, entry, pool.Enabled); err != nil {
			return err
		}
		return a.setStateNow(ctx, entry, pool.Cordoned)
	})
}

// readEntries reads Scalelite's entries again.
func (a *actor) readEntries(ctx context.Context) (entries []pool.Entry, err error) {
	err = a.within(ctx, func(ctx context.Context) error {
		entries, err = a.Services.LoadBalancer.Entries(ctx)
		return err
	})
	if err != nil {
		return nil, heldError{"the entries could not be read again: " + err.Error()}
	}
	return entries, nil
}

// register adds an entry for a server, unless Scalelite has one by now, and returns its
// id. It reads the list within its turn, so that it sees what the registrations before it
// added.
func (a *actor) register(ctx context.Context, server pool.Server) (id string, err error) {
	err = a.inTurn(ctx, server, func() error {
		entries, err := a.readEntries(ctx)
		if err != nil {
			return err
		}
		if ids := entriesOf(server, entries); len(ids) > 0 {
			return heldError{"Scalelite has an entry by now: " + strings.Join(ids, ", ")}
		}
		return a.within(ctx, func(ctx context.Context) error {
			entry, err := a.Services.LoadBalancer.Register(ctx, server.EntryURL(), a.Config.BBBSecret)
			id = entry.ID
			return err
		})
	})
	return id, err
}

// unregister deletes an entry that DiViMS registered a second time for a server, unless it
// is in use or the only one by now.
func (a *actor) unregister(ctx context.Context, server pool.Server, id string) error {
	return a.inTurn(ctx, server, func() error {
		entries, err := a.readEntries(ctx)
		if err != nil {
			return err
		}
		others, exists := 0, false
		for _, entry := range entries {
			switch {
			case !entry.IsOf(server):
			case entry.ID != id:
				others++
			case entry.State != pool.Disabled:
				return heldError{fmt.Sprintf("entry %s is %q by now", id, entry.State)}
			default:
				exists = true
			}
		}
		switch {
		case !exists:
			return nil // somebody else has deleted it
		case others == 0:
			return heldError{fmt.Sprintf("entry %s is the only one for %s by now", id, server.Domain)}
		}
		return a.deleteEntry(ctx, id)
	})
}

func (a *actor) deleteEntry(ctx context.Context, id string) error {
	err := a.within(ctx, func(ctx context.Context) error { return a.Services.LoadBalancer.Unregister(ctx, id) })
	if errors.Is(err, pool.ErrGone) {
		return nil // somebody else has deleted it
	}
	return err
}

// entriesOf returns the ids of a server's entries.
func entriesOf(server pool.Server, entries []pool.Entry) (ids []string) {
	for _, entry := range entries {
		if entry.IsOf(server) {
			ids = append(ids, entry.ID)
		}
	}
	return ids
}
