package cycle

import (
	"context"
	"errors"
	"fmt"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// reboot reboots a machine, if a last look at its server allows it.
func (a *actor) reboot(ctx context.Context, action scaling.Action, s pool.ServerObservation, machine pool.Machine) (detail string, err error) {
	if why := a.firstLook(ctx, action, &s, machine); why != "" {
		return "", heldError{why}
	}
	return a.afterLastLook(ctx, action, s, machine, func(ctx context.Context) error {
		return a.Services.Hoster.Reboot(ctx, machine)
	})
}

// delete deletes a machine. It disables the entry first, so that Scalelite starts no new
// meeting on the server. If the machine then stays, an entry that was cordoned is cordoned
// again, because the meetings of a disabled server cannot be joined.
func (a *actor) delete(ctx context.Context, action scaling.Action, s pool.ServerObservation, machine pool.Machine) (detail string, err error) {
	if err := a.setState(ctx, s, pool.Disabled); err != nil {
		return "", err
	}
	detail, err = a.deleteDisabled(ctx, action, s, machine)
	if entry, _ := s.Entry.Get(); err == nil || entry.State != pool.Cordoned {
		return detail, err
	}
	if undo := a.setState(ctx, s, pool.Cordoned); undo != nil {
		return "", fmt.Errorf("%s; and cordon it again: %w", err.Error(), undo)
	}
	return "", err
}

// deleteDisabled deletes the machine of a disabled server. Everything that takes time comes
// first, and the look at the meetings last, so that no meeting begins between it and the
// deletion. If the machine stays, its volumes do not keep the mark of a deletion.
func (a *actor) deleteDisabled(ctx context.Context, action scaling.Action, s pool.ServerObservation, machine pool.Machine) (detail string, err error) {
	if why := a.firstLook(ctx, action, &s, machine); why != "" {
		return "", heldError{why}
	}
	var deletion pool.Deletion
	err = a.within(ctx, func(ctx context.Context) error {
		deletion, err = a.Services.Hoster.PrepareDelete(ctx, machine)
		return err
	})
	if err == nil {
		detail, err = a.afterLastLook(ctx, action, s, machine, deletion.Delete)
	}
	switch {
	case errors.Is(err, pool.ErrGone):
		return machine.ID + "; it was gone already", nil
	case err == nil || deletion.Cancel == nil:
		return detail, err
	}
	if undo := a.within(ctx, deletion.Cancel); undo != nil {
		return "", fmt.Errorf("%s; and unmark its volumes: %w", err.Error(), undo)
	}
	return "", err
}
