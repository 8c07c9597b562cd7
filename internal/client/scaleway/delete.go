package scaleway

import (
	"context"
	"errors"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// PrepareDelete reads the machine, checks that it may be deleted, and marks the volumes
// that will stay, so that Leftovers lists them once they are detached. Reserved
// addresses stay reserved. If the machine is terminating already, the deletion does
// nothing more. If it does not exist, the error wraps pool.ErrGone.
func (c *Client) PrepareDelete(ctx context.Context, machine pool.Machine) (pool.Deletion, error) {
	deletion, err := c.prepareDelete(ctx, machine)
	if err != nil {
		return pool.Deletion{}, explain(err, "delete %s", machine.Name)
	}
	return deletion, nil
}

func (c *Client) prepareDelete(ctx context.Context, machine pool.Machine) (pool.Deletion, error) {
	if machine.BareMetal {
		return pool.Deletion{}, errors.New("bare metal servers are never deleted")
	}
	server, err := c.ownInstance(ctx, machine)
	if err != nil {
		return pool.Deletion{}, err
	}
	r := &removal{client: c, zone: scw.Zone(machine.Zone), server: server}
	if err := r.prepare(ctx); err != nil {
		return pool.Deletion{}, err
	}
	return pool.Deletion{
		Delete: func(ctx context.Context) error {
			if err := r.remove(ctx); err != nil {
				return explain(err, "delete %s", machine.Name)
			}
			return nil
		},
		Cancel: r.cancel,
	}, nil
}

// removal is the deletion of an Instance.
type removal struct {
	client *Client
	zone   scw.Zone
	server *instance.Server
	// marked are the volumes that were marked for this deletion.
	marked []markedVolume
	// unclear is true if it is not known whether the Instance will be deleted.
	unclear bool
}

// prepare marks the volumes that stay, once it is known that the Instance can be
// deleted. So they are found even if this process ends before the deletion is done.
func (r *removal) prepare(ctx context.Context) error {
	if r.isTerminating() {
		return nil
	}
	if !r.isStopped() {
		if err := allows(r.server, instance.ServerActionTerminate); err != nil {
			return err
		}
	}
	if err := r.mark(ctx); err != nil {
		return joinErrors(err, r.cancel(ctx))
	}
	return nil
}

// remove deletes the Instance by the one call that its state allows: a stopped one cannot
// be terminated.
func (r *removal) remove(ctx context.Context) error {
	if r.isTerminating() {
		return nil
	}
	var err error
	if r.isStopped() {
		err = r.client.instances.DeleteServer(&instance.DeleteServerRequest{
			Zone:     r.zone,
			ServerID: r.server.ID,
		}, scw.WithContext(ctx))
	} else {
		err = r.client.act(ctx, r.zone, r.server, instance.ServerActionTerminate)
	}
	r.unclear = err != nil && (!isDefinite(err) || isGone(err) || isInTransition(err))
	return err
}

// isInTransition reports whether an action was refused because the Instance is changing its
// state: perhaps the same action was carried out a moment ago.
func isInTransition(err error) bool {
	var transient *scw.TransientStateError
	return errors.As(err, &transient)
}

// cancel takes off the marks that prepare set. If the Instance may be deleted after all,
// they stay.
func (r *removal) cancel(ctx context.Context) error {
	if r.unclear {
		return nil
	}
	var problems error
	for _, volume := range r.marked {
		if err := volume.restore(ctx); err != nil && !isGone(err) {
			problems = joinErrors(problems, explain(err, "take the mark off volume %s", volume.id))
		}
	}
	return problems
}

func (r *removal) isStopped() bool { return r.server.State == instance.ServerStateStopped }

func (r *removal) isTerminating() bool {
	return r.server.State == instance.ServerStateStopping && r.server.StateDetail == "terminating"
}
