package scaleway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Create makes a machine with its server's reserved address and starts it,
// without waiting for it. The types are tried in order, each in all zones where
// the server has an address; if none can be had, the error is a
// *pool.ShortageError.
//
// Creation takes several calls and can end between any two of them. It is safe
// to evaluate the pool again after that, because
//   - a machine bears the pool's tag from its first moment, and no second one of
//     its name is made,
//   - address and machine are joined by the call that creates the machine,
//   - a machine that still lacks its user data bears preparingTag, and PowerOn
//     deletes it instead of starting it,
//   - any other machine is complete, only stopped, and PowerOn starts it.
//
// The machine comes back beside an error if it was made, but not started.
func (c *Client) Create(ctx context.Context, order pool.MachineOrder) (pool.Machine, error) {
	machine, err := c.create(ctx, order)
	if err != nil {
		return machine, explain(err, "create %s", order.Server.Hostname)
	}
	return machine, nil
}

func (c *Client) create(ctx context.Context, order pool.MachineOrder) (pool.Machine, error) {
	if order.Server.BareMetal {
		return pool.Machine{}, errors.New("bare metal servers are never created")
	}
	if len(order.Types) == 0 || len(order.Zones) == 0 {
		return pool.Machine{}, errors.New("no commercial type or no zone is given")
	}
	if err := c.refuseSecond(ctx, order.Server.Hostname); err != nil {
		return pool.Machine{}, err
	}
	sites, problems := c.sites(ctx, order)
	if len(sites) == 0 {
		return pool.Machine{}, errors.Join(problems...)
	}
	shortage := &pool.ShortageError{}
	for _, commercialType := range order.Types {
		for _, site := range sites {
			machine, err := c.createIn(ctx, site, commercialType, order)
			reason, refused := refusal(err)
			if !refused {
				return machine, err
			}
			shortage.Shortages = append(shortage.Shortages,
				pool.Shortage{Zone: string(site.zone), Type: commercialType, Reason: reason})
		}
	}
	if len(problems) > 0 {
		return pool.Machine{}, fmt.Errorf("%w; other zones are of no use: %w", shortage, errors.Join(problems...))
	}
	return pool.Machine{}, shortage
}

// refuseSecond looks in all zones for a machine of the same name, whosever it
// is. The API knows no idempotency key: this look is all that keeps a creation
// whose answer was lost from being done twice.
func (c *Client) refuseSecond(ctx context.Context, name string) error {
	found, err := inZones(ctx, c.zones, func(ctx context.Context, zone scw.Zone) ([]*instance.Server, error) {
		servers, err := c.list(ctx, instance.ListServersRequest{Zone: zone, Name: &name})
		if err != nil {
			return nil, explain(err, "look for machines of that name in %s", zone)
		}
		return servers, nil
	})
	if err != nil {
		return err
	}
	for _, server := range found {
		if server.Name == name {
			return fmt.Errorf("machine %s of that name is there already", server.ID)
		}
	}
	return nil
}

// createIn makes one machine of one type in one zone. After a refusal nothing
// of it is left.
func (c *Client) createIn(ctx context.Context, site site, commercialType string, order pool.MachineOrder) (pool.Machine, error) {
	tags := []string{c.tag, serverTag(order.Server.Number)}
	if len(order.UserData) > 0 {
		tags = append(tags, preparingTag)
	}
	answer, err := c.instances.CreateServer(&instance.CreateServerRequest{
		Zone:              site.zone,
		Project:           &c.project,
		Name:              order.Server.Hostname,
		CommercialType:    commercialType,
		Image:             &site.imageID,
		PublicIPs:         &site.addresses,
		DynamicIPRequired: scw.BoolPtr(false),
		Tags:              tags,
	}, scw.WithContext(ctx))
	if err != nil {
		return pool.Machine{}, explain(err, "%s in %s", commercialType, site.zone)
	}
	server := answer.Server
	if server == nil || server.ID == "" {
		return pool.Machine{}, fmt.Errorf("%s in %s: the answer names no machine", commercialType, site.zone)
	}
	if err := c.prepare(ctx, site.zone, server, order.UserData); err != nil {
		return pool.Machine{}, c.undo(ctx, site.zone, server, err)
	}
	err = c.act(ctx, site.zone, server, instance.ServerActionPoweron)
	if _, refused := refusal(err); refused {
		return pool.Machine{}, c.undo(ctx, site.zone, server, err)
	}
	return started(site.zone, server, err)
}

// prepare sets the user data, which must happen before the first start, and
// then takes the mark off that says it has not happened yet.
func (c *Client) prepare(ctx context.Context, zone scw.Zone, server *instance.Server, userData []byte) error {
	if len(userData) == 0 {
		return nil
	}
	err := c.instances.SetServerUserData(&instance.SetServerUserDataRequest{
		Zone:     zone,
		ServerID: server.ID,
		Key:      "cloud-init",
		Content:  bytes.NewReader(userData),
	}, scw.WithContext(ctx))
	if err != nil {
		return explain(err, "set the user data of %s", server.ID)
	}
	server.Tags = slices.DeleteFunc(slices.Clone(server.Tags), func(tag string) bool { return tag == preparingTag })
	_, err = c.instances.UpdateServer(&instance.UpdateServerRequest{
		Zone:     zone,
		ServerID: server.ID,
		Tags:     &server.Tags,
	}, scw.WithContext(ctx))
	if err != nil {
		return explain(err, "mark %s as prepared", server.ID)
	}
	return nil
}

// undo deletes a machine that is of no use, and gives the reason. If that fails
// too, the reason is no refusal any more, or another machine would be made
// beside this one.
func (c *Client) undo(ctx context.Context, zone scw.Zone, server *instance.Server, reason error) error {
	if err := c.remove(ctx, zone, server); err != nil {
		return fmt.Errorf("%v; the machine %s stays behind: %w", reason, server.ID, err)
	}
	return reason
}

// started is the machine as the creation leaves it: starting, or stopped if it
// could not be started.
func started(zone scw.Zone, server *instance.Server, problem error) (pool.Machine, error) {
	machine, err := toMachine(zone, server)
	if err != nil || problem != nil {
		return machine, errors.Join(problem, err)
	}
	machine.State = pool.Starting
	return machine, nil
}
