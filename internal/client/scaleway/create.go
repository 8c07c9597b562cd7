package scaleway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Create creates a machine with its server's reserved addresses and starts it, without
// waiting for it. It tries the types in order, each in all zones where the server has
// an address. After a definite refusal nothing is left behind and the next pair is tried.
// After an unclear answer a machine may exist, so no other pair is tried. In both cases
// the error wraps a *pool.RefusalError.
//
// Creation takes several calls and may be interrupted between any two. The next
// evaluation can continue safely, because
//   - a machine has the pool's tag from the call that creates it, and no second machine
//     of the same name is created,
//   - the same call attaches the addresses,
//   - a machine without its user data, or without what the settings give it, has
//     preparingTag, is listed as pool.Preparing, and cannot be powered on, only deleted,
//   - any other machine is complete but stopped, and PowerOn starts it.
//
// If the machine was created but not started, it is returned together with the error.
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
		return pool.Machine{}, errors.New("no commercial type or no zone is configured")
	}
	sites, problems := c.sites(ctx, order)
	if err := c.refuseSecond(ctx, order.Server.Hostname, sites); err != nil {
		return pool.Machine{}, err
	}
	if len(sites) == 0 {
		return pool.Machine{}, problems
	}
	refused := &pool.RefusalError{}
	for _, commercialType := range order.Types {
		for _, site := range sites {
			if lately := refusedLately(order, commercialType, site.zone); lately != nil {
				if !slices.Contains(refused.Refusals, *lately) {
					refused.Refusals = append(refused.Refusals, *lately)
				}
				continue
			}
			machine, refusal, err := c.createIn(ctx, site, commercialType, order)
			if refusal == nil {
				return machine, err
			}
			refused.Refusals = append(refused.Refusals, *refusal)
			if refusal.Type == "" || err != nil {
				return machine, joinErrors(refused, err)
			}
		}
	}
	if problems != nil {
		return pool.Machine{}, fmt.Errorf("%w; and in other zones: %w", refused, problems)
	}
	return pool.Machine{}, refused
}

// refusedLately returns the recent refusal of a type in a zone, or of the whole zone, or
// nil if it may be tried.
func refusedLately(order pool.MachineOrder, commercialType string, zone scw.Zone) *pool.Refusal {
	for i, refusal := range order.Refused {
		if refusal.Zone == string(zone) && (refusal.Type == "" || refusal.Type == commercialType) {
			return &order.Refused[i]
		}
	}
	return nil
}

// refuseSecond fails if any machine of the project has the name already, in any zone.
// The API has no idempotency key: only this check keeps a creation whose answer was
// lost from being repeated. A zone that cannot be read is passed over if the server's free
// addresses are in another one: a machine of the server would hold them.
func (c *Client) refuseSecond(ctx context.Context, name string, sites []site) error {
	found, err := inZones(ctx, c.zones, func(ctx context.Context, zone scw.Zone) ([]*instance.Server, error) {
		servers, err := c.list(ctx, instance.ListServersRequest{Zone: zone, Name: &name})
		isSite := slices.ContainsFunc(sites, func(s site) bool { return s.zone == zone })
		if err != nil && (isSite || len(sites) == 0) {
			return nil, explain(err, "look for machines of that name in %s", zone)
		}
		return servers, nil
	})
	if err != nil {
		return err
	}
	for _, server := range found {
		if server.Name == name {
			return fmt.Errorf("machine %s in %s has the name already", server.ID, server.Zone)
		}
	}
	return nil
}

// createIn creates a machine of one type in one zone. A refusal with the type is definite:
// if err is nil as well, nothing is left behind, and another type or zone can be tried. A
// refusal without the type was unclear, so that a machine may exist.
func (c *Client) createIn(ctx context.Context, site site, commercialType string, order pool.MachineOrder) (pool.Machine, *pool.Refusal, error) {
	tags := append([]string{c.tag, pool.ServerTag(order.Server.Number)}, c.equipment.tags...)
	firstTags := tags
	if len(order.UserData) > 0 || c.equipment.isAdded() {
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
		SecurityGroup:     site.group,
		Volumes:           site.volumes,
		Tags:              firstTags,
	}, scw.WithContext(ctx))
	if err == nil && (answer.Server == nil || answer.Server.ID == "") {
		err = errors.New("the answer names no machine")
	}
	if err != nil {
		return pool.Machine{}, refusal(site.zone, commercialType, err), nil
	}
	server := answer.Server
	if err := c.prepare(ctx, site.zone, server, order.UserData, tags); err != nil {
		refused, err := c.giveUp(ctx, site.zone, server, commercialType, err)
		return pool.Machine{}, refused, err
	}
	return c.start(ctx, site.zone, server, commercialType)
}

// giveUp deletes a machine whose preparation failed. It returns a refusal of the commercial
// type or the zone if another one may do, and an error if not, or if something is left.
func (c *Client) giveUp(ctx context.Context, zone scw.Zone, server *instance.Server, commercialType string, failure error) (*pool.Refusal, error) {
	undone := c.undo(ctx, zone, server)
	switch {
	case errors.Is(failure, errLocal): // a machine of another type may have another volume
		return &pool.Refusal{Zone: string(zone), Type: commercialType, Reason: errLocal.Error()}, undone
	case undone != nil || isDefinite(failure):
		return nil, joinErrors(failure, undone)
	}
	return refusal(zone, "", failure), nil
}

// start starts a complete machine. If the API certainly did not start it, the machine is
// deleted, unless something of it is in transition: then it stays, for PowerOn.
func (c *Client) start(ctx context.Context, zone scw.Zone, server *instance.Server, commercialType string) (pool.Machine, *pool.Refusal, error) {
	err := c.act(ctx, zone, server, instance.ServerActionPoweron)
	if err != nil && isDefinite(err) && !isInTransition(err) {
		return pool.Machine{}, refusal(zone, commercialType, err), c.undo(ctx, zone, server)
	}
	machine, problem := started(zone, server, err)
	if err != nil && !isInTransition(err) {
		return machine, refusal(zone, "", err), nil
	}
	return machine, nil, problem
}

// prepare adds everything that a machine must have before its first start, and then removes
// preparingTag.
func (c *Client) prepare(ctx context.Context, zone scw.Zone, server *instance.Server, userData []byte, tags []string) error {
	if len(userData) == 0 && !c.equipment.isAdded() {
		return nil
	}
	if err := c.addEquipment(ctx, zone, server); err != nil {
		return err
	}
	if err := c.setUserData(ctx, zone, server.ID, userData); err != nil {
		return explain(err, "set the user data of %s", server.ID)
	}
	if err := c.setTags(ctx, zone, server.ID, tags); err != nil {
		return explain(err, "mark %s as prepared", server.ID)
	}
	server.Tags = tags
	return nil
}

func (c *Client) setUserData(ctx context.Context, zone scw.Zone, id string, userData []byte) error {
	if len(userData) == 0 {
		return nil
	}
	return c.instances.SetServerUserData(&instance.SetServerUserDataRequest{
		Zone:     zone,
		ServerID: id,
		Key:      "cloud-init",
		Content:  bytes.NewReader(userData),
	}, scw.WithContext(ctx))
}

// setTags replaces the tags of a machine. The SDK's UpdateServer would lock the machine's
// ID in the whole process during the call, so that sandboxes in virtual time, whose
// machines have the same IDs, could wait for one another for ever.
func (c *Client) setTags(ctx context.Context, zone scw.Zone, id string, tags []string) error {
	request := &scw.ScalewayRequest{Method: http.MethodPatch, Path: fmt.Sprintf("/instance/v1/zones/%s/servers/%s", zone, id)}
	if err := request.SetBody(instance.UpdateServerRequest{Tags: &tags}); err != nil {
		return err
	}
	return c.sdk.Do(request, &instance.UpdateServerResponse{}, scw.WithContext(ctx))
}

// undo deletes a machine that was created but cannot be used.
func (c *Client) undo(ctx context.Context, zone scw.Zone, server *instance.Server) error {
	r := &removal{client: c, zone: zone, server: server}
	err := r.prepare(ctx)
	if err == nil {
		err = r.remove(ctx)
	}
	if err != nil {
		return explain(err, "delete the machine %s again", server.ID)
	}
	return nil
}

// started returns the created machine: starting, or stopped if there was a problem.
func started(zone scw.Zone, server *instance.Server, problem error) (pool.Machine, error) {
	machine, err := toMachine(zone, server)
	if err != nil || problem != nil {
		return machine, joinErrors(problem, err)
	}
	machine.State = pool.Starting
	return machine, nil
}
