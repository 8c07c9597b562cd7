package scaleway

import (
	"context"
	"fmt"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// PowerOn starts a stopped machine, without waiting for it. It fails for a machine whose
// creation was not finished: without its user data, for example, a machine must not run.
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
	server, err := c.ownInstance(ctx, machine)
	if err != nil {
		return err
	}
	if slices.Contains(server.Tags, preparingTag) {
		return fmt.Errorf("the creation of %s was not finished; the machine must be deleted", machine.ID)
	}
	return c.act(ctx, scw.Zone(machine.Zone), server, instance.ServerActionPoweron)
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
	server, err := c.ownInstance(ctx, machine)
	if err != nil {
		return err
	}
	return c.act(ctx, scw.Zone(machine.Zone), server, instance.ServerActionReboot)
}

// act requests an action. It does not follow the task in the answer, whose ID can be all
// zeroes. The machine's next state shows whether the action worked.
func (c *Client) act(ctx context.Context, zone scw.Zone, server *instance.Server, action instance.ServerAction) error {
	if err := allows(server, action); err != nil {
		return err
	}
	_, err := c.instances.ServerAction(&instance.ServerActionRequest{
		Zone:     zone,
		ServerID: server.ID,
		Action:   action,
	}, scw.WithContext(ctx))
	return err
}

// allows fails if the Instance's state does not allow an action. The API would refuse it
// too, but with a less helpful text.
func allows(server *instance.Server, action instance.ServerAction) error {
	if slices.Contains(server.AllowedActions, action) {
		return nil
	}
	return fmt.Errorf("%s is %s, which does not allow %s", server.ID, server.State, action)
}
