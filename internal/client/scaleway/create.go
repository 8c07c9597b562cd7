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
//   - a machine that still lacks its user data bears preparingTag, is listed as
//     pool.Preparing, and cannot be powered on, only deleted,
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
		return pool.Machine{}, problems
	}
	shortage := &pool.ShortageError{}
	for _, commercialType := range order.Types {
		for _, site := range sites {
			if lately := refusedLately(order, commercialType, site.zone); lately != nil {
				shortage.Shortages = append(shortage.Shortages, *lately)
				continue
			}
			machine, refused, err := c.createIn(ctx, site, commercialType, order)
			if refused == "" || err != nil {
				return machine, err
			}
			shortage.Shortages = append(shortage.Shortages,
				pool.Shortage{Zone: string(site.zone), Type: commercialType, Reason: refused})
		}
	}
	if problems != nil {
		return pool.Machine{}, fmt.Errorf("%w; and in other zones: %w", shortage, problems)
	}
	return pool.Machine{}, shortage
}

// refusedLately finds a refusal that is too fresh to ask again.
func refusedLately(order pool.MachineOrder, commercialType string, zone scw.Zone) *pool.Shortage {
	for i, refusal := range order.Refused {
		if refusal.Type == commercialType && refusal.Zone == string(zone) {
			return &order.Refused[i]
		}
	}
	return nil
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
			return fmt.Errorf("machine %s in %s bears the name already", server.ID, server.Zone)
		}
	}
	return nil
}

// createIn makes one machine of one type in one zone. If refused says why that
// cannot be had, and there is no error, nothing is left of it and another type
// or zone can be tried.
func (c *Client) createIn(ctx context.Context, site site, commercialType string, order pool.MachineOrder) (machine pool.Machine, refused string, err error) {
	tags := []string{c.tag, pool.ServerTag(order.Server.Number)}
	firstTags := tags
	if len(order.UserData) > 0 {
		firstTags = append(slices.Clone(tags), preparingTag)
	}
	answer, err := c.instances.CreateServer(&instance.CreateServerRequest{
		Zone:              site.zone,
		Project:           &c.project,
		Name:              order.Server.Hostname,
		CommercialType:    commercialType,
		Image:             &site.imageID,
		PublicIPs:         &site.addresses,
		DynamicIPRequired: scw.BoolPtr(false),
		Tags:              firstTags,
	}, scw.WithContext(ctx))
	if err != nil {
		if refused := refusal(err); refused != "" {
			return pool.Machine{}, refused, nil
		}
		return pool.Machine{}, "", explain(err, "%s in %s", commercialType, site.zone)
	}
	server := answer.Server
	if server == nil || server.ID == "" {
		return pool.Machine{}, "", fmt.Errorf("%s in %s: the answer names no machine", commercialType, site.zone)
	}
	if err := c.prepare(ctx, site.zone, server, order.UserData, tags); err != nil {
		return pool.Machine{}, "", also(err, c.undo(ctx, site.zone, server))
	}
	err = c.act(ctx, site.zone, server, instance.ServerActionPoweron)
	if refused := refusal(err); refused != "" {
		return pool.Machine{}, refused, c.undo(ctx, site.zone, server)
	}
	machine, err = started(site.zone, server, err)
	return machine, "", err
}

// prepare sets the user data, which must happen before the first start, and
// then takes the mark off that says it has not happened yet.
func (c *Client) prepare(ctx context.Context, zone scw.Zone, server *instance.Server, userData []byte, tags []string) error {
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
	_, err = c.instances.UpdateServer(&instance.UpdateServerRequest{
		Zone:     zone,
		ServerID: server.ID,
		Tags:     &tags,
	}, scw.WithContext(ctx))
	if err != nil {
		return explain(err, "mark %s as prepared", server.ID)
	}
	server.Tags = tags
	return nil
}

// undo deletes a machine that is of no use.
func (c *Client) undo(ctx context.Context, zone scw.Zone, server *instance.Server) error {
	if err := c.remove(ctx, zone, server); err != nil {
		return explain(err, "delete the machine %s again", server.ID)
	}
	return nil
}

// started is the machine as the creation leaves it: starting, or stopped if it
// could not be started.
func started(zone scw.Zone, server *instance.Server, problem error) (pool.Machine, error) {
	machine, err := toMachine(zone, server)
	if err != nil || problem != nil {
		return machine, also(problem, err)
	}
	machine.State = pool.Starting
	return machine, nil
}
