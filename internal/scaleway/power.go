package scaleway

import (
	"context"
	"fmt"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// PowerOn starts a stopped machine, without waiting for it. A machine that
// Create did not finish is deleted instead, which is an error: without its user
// data it must not run, and the next evaluation can make a new one.
func (c *Client) PowerOn(ctx context.Context, machine pool.Machine) error {
	if err := c.powerOn(ctx, machine); err != nil {
		return explain(err, "power on %s", machine.Name)
	}
	return nil
}

func (c *Client) powerOn(ctx context.Context, machine pool.Machine) error {
	if machine.BareMetal {
		return c.startHost(ctx, machine)
	}
	server, err := c.own(ctx, machine)
	if err != nil {
		return err
	}
	zone := scw.Zone(machine.Zone)
	if !slices.Contains(server.Tags, preparingTag) {
		return c.act(ctx, zone, server, instance.ServerActionPoweron)
	}
	if server.State != instance.ServerStateStopped {
		return fmt.Errorf("its creation was not finished, yet it is %s", server.State)
	}
	if err := c.remove(ctx, zone, server); err != nil {
		return err
	}
	return fmt.Errorf("its creation was not finished: %s was deleted, to be created anew", machine.ID)
}

// Reboot restarts a running machine, without waiting for it.
func (c *Client) Reboot(ctx context.Context, machine pool.Machine) error {
	if err := c.reboot(ctx, machine); err != nil {
		return explain(err, "reboot %s", machine.Name)
	}
	return nil
}

func (c *Client) reboot(ctx context.Context, machine pool.Machine) error {
	if machine.BareMetal {
		return c.rebootHost(ctx, machine)
	}
	server, err := c.own(ctx, machine)
	if err != nil {
		return err
	}
	return c.act(ctx, scw.Zone(machine.Zone), server, instance.ServerActionReboot)
}

// act asks for an action and does not follow the task that answers: its id can
// be all zeroes. The next look at the machine tells how it went.
func (c *Client) act(ctx context.Context, zone scw.Zone, server *instance.Server, action instance.ServerAction) error {
	if !slices.Contains(server.AllowedActions, action) {
		return fmt.Errorf("%s is %s %s, which does not allow %s", server.ID, server.State, server.StateDetail, action)
	}
	_, err := c.instances.ServerAction(&instance.ServerActionRequest{
		Zone:     zone,
		ServerID: server.ID,
		Action:   action,
	}, scw.WithContext(ctx))
	return err
}
