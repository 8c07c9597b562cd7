package scaleway

import (
	"context"
	"errors"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Delete terminates a machine, without waiting for its end. Volumes that stay behind are
// listed by Leftovers once they are detached. Reserved addresses stay reserved. It is no
// error if the machine is terminating already. If it does not exist, the error
// wraps pool.ErrGone.
func (c *Client) Delete(ctx context.Context, machine pool.Machine) error {
	if err := c.delete(ctx, machine); err != nil {
		return explain(err, "delete %s", machine.Name)
	}
	return nil
}

func (c *Client) delete(ctx context.Context, machine pool.Machine) error {
	if machine.BareMetal {
		return errors.New("bare metal servers are never deleted")
	}
	server, err := c.ownInstance(ctx, machine)
	if err != nil {
		return err
	}
	return c.remove(ctx, scw.Zone(machine.Zone), server)
}

// remove deletes an Instance by the call that its state allows: a stopped one cannot be
// terminated. Once it is known that the Instance can be deleted, its volumes are tagged,
// so that they are found even if this process ends before the deletion is done.
func (c *Client) remove(ctx context.Context, zone scw.Zone, server *instance.Server) error {
	if server.State == instance.ServerStateStopping && server.StateDetail == "terminating" {
		return nil
	}
	stopped := server.State == instance.ServerStateStopped
	if !stopped {
		if err := allows(server, instance.ServerActionTerminate); err != nil {
			return err
		}
	}
	if err := c.tagVolumes(ctx, zone, server); err != nil {
		return err
	}
	if !stopped {
		return c.act(ctx, zone, server, instance.ServerActionTerminate)
	}
	return c.instances.DeleteServer(&instance.DeleteServerRequest{
		Zone:     zone,
		ServerID: server.ID,
	}, scw.WithContext(ctx))
}
