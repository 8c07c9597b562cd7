package cycle

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// enables is what the plan does with the entries, by their ids, and which enables failed.
type enables struct {
	intended map[string]scaling.Kind
	lock     *sync.Mutex
	failed   map[string]bool
}

func newEnables(seen pool.Observation, plan scaling.Plan) enables {
	e := enables{map[string]scaling.Kind{}, new(sync.Mutex), map[string]bool{}}
	for _, action := range plan.Actions {
		if action.Kind == scaling.Enable || action.Kind == scaling.Cordon {
			entry, _ := seen.Servers[action.Server-1].Entry.Get()
			e.intended[entry.ID] = action.Kind
		}
	}
	return e
}

// fail notes that an entry was not enabled.
func (e enables) fail(id string) {
	e.lock.Lock()
	defer e.lock.Unlock()
	e.failed[id] = true
}

// willTakeMeetings reports whether an entry is enabled when the plan is carried out.
func (e enables) willTakeMeetings(entry pool.Entry) bool {
	e.lock.Lock()
	defer e.lock.Unlock()
	switch e.intended[entry.ID] {
	case scaling.Enable:
		return !e.failed[entry.ID]
	case scaling.Cordon:
		return false
	}
	return entry.State == pool.Enabled
}

// cordon cordons an entry, unless no other entry with its tag would be enabled and
// online. It checks this with a fresh list of entries, because the one that was decided
// on may be old.
func (a *actor) cordon(ctx context.Context, action scaling.Action, s pool.ServerObservation) error {
	if action.Surplus { // not in its turn, because others must not wait for a dead server
		if err := a.mayMove(a.askAgain(ctx, &s)); err != nil {
			return err
		}
	}
	entries, err := a.entriesNow()
	if err != nil {
		return err
	}
	entry, _ := s.Entry.Get()
	return a.inTurn(ctx, s.Server, func() error {
		if a.isLastOnline(entry, entries) {
			return heldError{"no other server is enabled and online by now"}
		}
		if action.Surplus {
			return a.cordonSurplus(ctx, entry, s)
		}
		return a.setStateNow(ctx, entry, pool.Cordoned)
	})
}

// cordonSurplus cordons an entry to save money. It looks at the server's meetings right
// before and right after that: a meeting that has begun in that moment would be created a
// second time elsewhere, so the entry is enabled again.
func (a *actor) cordonSurplus(ctx context.Context, entry *pool.Entry, s pool.ServerObservation) error {
	if err := a.mayMove(a.askAgain(ctx, &s)); err != nil {
		return err
	}
	if err := a.setStateNow(ctx, entry, pool.Cordoned); err != nil {
		return err
	}
	why := a.mayMove(a.askAgain(ctx, &s))
	if why == nil {
		return nil
	}
	if err := a.setStateNow(ctx, entry, pool.Enabled); err != nil {
		return fmt.Errorf("%s; and enable it again: %w", why.Error(), err)
	}
	return why
}

// isLastOnline reports whether an entry is enabled and online, and no other with its tag
// will be.
func (a *actor) isLastOnline(entry *pool.Entry, entries []pool.Entry) bool {
	serves, others := false, false
	for _, now := range entries {
		switch {
		case now.ID == entry.ID:
			serves = now.State == pool.Enabled && now.Online
		case !now.Online || now.Tag != entry.Tag:
		case a.enables.willTakeMeetings(now):
			others = true
		}
	}
	return serves && !others
}

// mayMove returns an error if a server must not be cordoned to save money: Scalelite
// creates a meeting that nobody has joined yet a second time on another server, if its own
// is cordoned. Whoever was on the way to it is then alone there.
func (a *actor) mayMove(last look) error {
	meetings, ok := last.meetings.Get()
	if !ok {
		return heldError{"its meetings could not be read again: " + last.meetings.Reason()}
	}
	if slices.ContainsFunc(meetings, func(m pool.Meeting) bool { return m.AwaitsPeople(a.now()) }) {
		return heldError{fmt.Sprintf("it has a meeting younger than %s that nobody has joined yet", pool.FormatDuration(pool.JoinTime))}
	}
	return nil
}
