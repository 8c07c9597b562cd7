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

// ipTypes are Scaleway's words for the families of addresses.
var ipTypes = map[pool.Family]instance.IPType{
	pool.IPv4: instance.IPTypeRoutedIPv4,
	pool.IPv6: instance.IPTypeRoutedIPv6,
}

// Reserve reserves an address for a server. It bears the tags that say so from
// its first moment, so that one whose answer got lost is found by Addresses.
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

// Keep gives an address that is in the project already the tags that keep it for
// a server. The others that it has, it keeps.
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

// SetReverse gives a server's address its reverse name, or takes it away if the
// name is empty. The error is pool.ErrUnresolved while the name does not lead to
// the address in Scaleway's eyes.
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

// Release gives an address back that Reserve has made and no machine holds. One
// that is gone already is no error.
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

// ownAddress reads an address again, right before it is changed, and refuses one
// of another project.
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

// keptAddress is ownAddress for one that has to be a server's of the pool.
func (c *Client) keptAddress(ctx context.Context, address pool.Address) (*instance.IP, error) {
	found, err := c.ownAddress(ctx, address)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(found.Tags, c.tag) || !slices.ContainsFunc(found.Tags, pool.IsServerTag) {
		return nil, fmt.Errorf("%s is not the pool's: it lacks the tag %q or that of a server", address.ID, c.tag)
	}
	return found, nil
}

func (c *Client) updateAddress(ctx context.Context, address pool.Address, request instance.UpdateIPRequest) error {
	request.Zone, request.IP = scw.Zone(address.Zone), address.ID
	_, err := c.instances.UpdateIP(&request, scw.WithContext(ctx))
	return err
}
