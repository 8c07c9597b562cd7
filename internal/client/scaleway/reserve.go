package scaleway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// ipTypes maps address families to Scaleway's names.
var ipTypes = map[pool.Family]instance.IPType{
	pool.IPv4: instance.IPTypeRoutedIPv4,
	pool.IPv6: instance.IPTypeRoutedIPv6,
}

// Reserve reserves an address for a server. The same call tags it, so that Addresses
// finds it even if the answer is lost.
func (c *Client) Reserve(ctx context.Context, server pool.Server, zone string, family pool.Family) (pool.Address, error) {
	answer, err := c.instances.CreateIP(&instance.CreateIPRequest{
		Zone:    scw.Zone(zone),
		Project: &c.project,
		Type:    ipTypes[family],
		Tags:    []string{c.tag, pool.ServerTag(server.Number), pool.ProvisionedTag},
	}, scw.WithContext(ctx))
	if err == nil && (answer.IP == nil || answer.IP.ID == "") {
		err = errors.New("the answer names no address")
	}
	if err != nil {
		return pool.Address{}, explain(err, "reserve an %s address in %s for %s", family, zone, server.Domain)
	}
	return toAddress(scw.Zone(zone), answer.IP), nil
}

// Keep adds the tags that reserve an existing address of the project for a server. Its
// other tags stay.
func (c *Client) Keep(ctx context.Context, address pool.Address, server pool.Server) error {
	found, err := c.ownAddress(ctx, address)
	if err == nil {
		tags := slices.Clone(found.Tags)
		for _, tag := range []string{c.tag, pool.ServerTag(server.Number)} {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
		err = c.updateAddress(ctx, address, instance.UpdateIPRequest{Tags: &tags})
	}
	if err != nil {
		return explain(err, "tag the address %s for %s", address.IP, server.Domain)
	}
	return nil
}

// SetReverse sets the reverse name of a server's address. An empty name removes it. The
// error wraps pool.ErrUnresolved while Scaleway cannot resolve the name to the address.
func (c *Client) SetReverse(ctx context.Context, address pool.Address, name string) error {
	_, err := c.keptAddress(ctx, address)
	if err == nil {
		reverse := &instance.NullableStringValue{Value: name, Null: name == ""}
		err = c.updateAddress(ctx, address, instance.UpdateIPRequest{Reverse: reverse})
	}
	if invalid, ok := errors.AsType[*scw.InvalidArgumentsError](err); ok && isAbout(invalid, "reverse") {
		err = fmt.Errorf("%w: %w", pool.ErrUnresolved, short{err})
	}
	if err != nil {
		return explain(err, "set the reverse name of %s", address.IP)
	}
	return nil
}

func isAbout(err *scw.InvalidArgumentsError, argument string) bool {
	for _, detail := range err.Details {
		if detail.ArgumentName == argument {
			return true
		}
	}
	return false
}

// Release gives back an address that Reserve has reserved and that no machine holds. It
// is no error if the address does not exist any more.
func (c *Client) Release(ctx context.Context, address pool.Address) error {
	found, err := c.keptAddress(ctx, address)
	switch {
	case err != nil:
	case found.Server != nil:
		err = fmt.Errorf("machine %s holds it", found.Server.ID)
	case !slices.Contains(found.Tags, pool.ProvisionedTag):
		err = fmt.Errorf("it has no tag %q", pool.ProvisionedTag)
	default:
		err = c.instances.DeleteIP(&instance.DeleteIPRequest{Zone: scw.Zone(address.Zone), IP: address.ID}, scw.WithContext(ctx))
	}
	if err == nil {
		return nil
	}
	if err = explain(err, "release the address %s", address.IP); errors.Is(err, pool.ErrGone) {
		return nil
	}
	return err
}

// ownAddress reads an address again right before it is changed. It fails if the address
// is in another project.
func (c *Client) ownAddress(ctx context.Context, address pool.Address) (*instance.IP, error) {
	answer, err := c.instances.GetIP(&instance.GetIPRequest{Zone: scw.Zone(address.Zone), IP: address.ID}, scw.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if answer.IP == nil || answer.IP.ID != address.ID {
		return nil, fmt.Errorf("the answer is not about %s", address.ID)
	}
	if answer.IP.Project != c.project {
		return nil, fmt.Errorf("%s is not in project %s", address.ID, c.project)
	}
	return answer.IP, nil
}

// keptAddress is like ownAddress, and also fails if the address is not reserved for a
// server of the pool.
func (c *Client) keptAddress(ctx context.Context, address pool.Address) (*instance.IP, error) {
	found, err := c.ownAddress(ctx, address)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(found.Tags, c.tag) || !slices.ContainsFunc(found.Tags, pool.IsServerTag) {
		return nil, fmt.Errorf("%s does not belong to the pool: it lacks the tag %q or a server's tag", address.ID, c.tag)
	}
	return found, nil
}

func (c *Client) updateAddress(ctx context.Context, address pool.Address, request instance.UpdateIPRequest) error {
	request.Zone, request.IP = scw.Zone(address.Zone), address.ID
	_, err := c.instances.UpdateIP(&request, scw.WithContext(ctx))
	return err
}
