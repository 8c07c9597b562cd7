package handler

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"divims/internal/client/storage"
	"divims/internal/pool"
)

// TakeOver makes a state that was written for another Scalelite or project the state of
// this pool. An operator does that on purpose, after the address or the project of the
// pool has changed. from must be the address of the Scalelite that the state was written
// for, as a confirmation. A dry run only returns what would be changed.
func (p *Pool) TakeOver(ctx context.Context, from string, by pool.Hold, dryRun bool) (Effect, error) {
	ctx, cancel := context.WithTimeout(ctx, orderLease)
	defer cancel()
	now, err := p.Now(ctx)
	if err != nil {
		return Effect{}, err
	}
	owner, err := p.store.StateOwner(ctx)
	if err != nil {
		return Effect{}, fmt.Errorf("read the pool's state: %w", err)
	}
	if owner == nil {
		return Effect{}, refusal{http.StatusConflict, storage.ErrOwn.Error()}
	}
	if strings.TrimRight(from, "/") != owner.Scalelite {
		return Effect{}, refusal{http.StatusBadRequest, fmt.Sprintf("the state was written for %s: confirm with the address of that Scalelite", owner)}
	}
	done := pool.Intervention{At: now, Change: fmt.Sprintf("the state of %s is taken over", owner), Author: by.Author, Reason: by.Reason}
	if dryRun {
		return Effect{Intervention: done}, nil
	}
	if err := p.store.TakeOver(ctx, now, done); err != nil {
		return Effect{}, fmt.Errorf("take the state over: %w", err)
	}
	p.log.InfoContext(ctx, "intervention", "server", 0, "change", done.Change, "author", done.Author, "reason", done.Reason)
	return Effect{Intervention: done}, nil
}
