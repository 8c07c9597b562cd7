package scaleway

import (
	"context"
	"fmt"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// site is a zone in which a machine can be created, with what it gets there.
type site struct {
	zone      scw.Zone
	imageID   string
	addresses []string // ids
	group     *string  // id of the security group
	volumes   map[string]*instance.VolumeServerTemplate
}

// sites returns the zones in which a server's machine can be created. Addresses and
// images belong to a zone, so the server needs a free address and an image there.
// problems says why other zones are left out.
func (c *Client) sites(ctx context.Context, order pool.MachineOrder) (sites []site, problems error) {
	addresses, err := c.reserved(ctx, order.Server)
	if err != nil {
		return nil, err
	}
	if err := c.checkNetwork(ctx, scw.Zone(order.Zones[0])); err != nil {
		return nil, err
	}
	for _, zone := range order.Zones {
		site, err := c.siteIn(ctx, scw.Zone(zone), addresses, order.Images[zone])
		if err != nil {
			problems = joinErrors(problems, err)
			continue
		}
		sites = append(sites, site)
	}
	return sites, problems
}

// siteIn returns the site in a zone. imageID is empty for the newest image.
func (c *Client) siteIn(ctx context.Context, zone scw.Zone, addresses []pool.Address, imageID string) (site, error) {
	ids, err := freeIn(zone, addresses)
	if err != nil {
		return site{}, err
	}
	if imageID == "" {
		image, err := once(ctx, "image in "+string(zone), func(ctx context.Context) (pool.Image, error) { return c.newestImage(ctx, zone) })
		if err != nil {
			return site{}, err
		}
		imageID = image.ID
	}
	group, err := c.groupIn(ctx, zone)
	if err != nil {
		return site{}, err
	}
	volumes, err := c.rootVolume(ctx, zone, imageID)
	if err != nil {
		return site{}, err
	}
	found := site{zone: zone, imageID: imageID, addresses: ids, volumes: volumes}
	if group != nil {
		found.group = &group.ID
	}
	return found, nil
}

// freeIn returns the IDs of a server's addresses in a zone. It fails if a machine still
// holds one of them: the new machine must have all of them, for example IPv4 and IPv6. It
// also fails if only its IPv4 address is in another zone: nobody would reach the machine.
func freeIn(zone scw.Zone, addresses []pool.Address) (ids []string, err error) {
	elsewhere := ""
	families := map[pool.Family]bool{}
	for _, address := range addresses {
		if address.Zone != string(zone) {
			elsewhere += fmt.Sprintf(" (%s is in %s)", address.IP, address.Zone)
			continue
		}
		if address.MachineID != "" {
			return nil, fmt.Errorf("its address %s in %s is held by machine %s", address.IP, zone, address.MachineID)
		}
		families[address.Family()] = true
		ids = append(ids, address.ID)
	}
	isIPv4 := func(a pool.Address) bool { return a.Family() == pool.IPv4 }
	switch {
	case len(ids) == 0:
		return nil, fmt.Errorf("it has no address in %s%s", zone, elsewhere)
	case !families[pool.IPv4] && slices.ContainsFunc(addresses, isIPv4):
		return nil, fmt.Errorf("it has no IPv4 address in %s%s", zone, elsewhere)
	}
	return ids, nil
}
