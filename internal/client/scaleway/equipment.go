package scaleway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/api/vpc/v2"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

// equipment is what the settings give new machines. An empty field leaves the choice to
// Scaleway.
type equipment struct {
	groups     []string // names or IDs of security groups
	tags       []string // the operator's own
	network    string   // ID of a private network
	volumeSize scw.Size // of the root volume
	volumeIOPS uint32   // of the root volume
}

// equipment returns the equipment that the settings describe.
func (s Settings) equipment() equipment {
	return equipment{
		groups: s.SecurityGroups, tags: s.Tags, network: s.PrivateNetwork,
		volumeSize: scw.Size(s.RootVolumeSize) * scw.GB, volumeIOPS: uint32(s.RootVolumeIOPS),
	}
}

// isAdded reports whether a part of the equipment is added after the creation.
func (e equipment) isAdded() bool { return len(e.tags) > 0 || e.network != "" || e.volumeIOPS > 0 }

// errLocal means that a root volume is none of Block Storage.
var errLocal = errors.New("its root volume is local, but DIVIMS_ROOT_VOLUME_IOPS needs a block volume")

// rootSlot is the key of the root volume among a machine's volumes.
const rootSlot = "0"

// addEquipment adds the equipment that CreateServer does not take. The machine must not have
// run: its system looks for network interfaces when it starts, and the interface of a stopped
// machine can be used at once.
func (c *Client) addEquipment(ctx context.Context, zone scw.Zone, server *instance.Server) error {
	for _, slot := range slices.Sorted(maps.Keys(server.Volumes)) {
		if volume := server.Volumes[slot]; volume != nil {
			if err := c.equipVolume(ctx, zone, slot, volume); err != nil {
				return explain(err, "equip the volume %s of %s", volume.ID, server.ID)
			}
		}
	}
	if c.equipment.network == "" {
		return nil
	}
	_, err := c.instances.CreatePrivateNIC(&instance.CreatePrivateNICRequest{
		Zone: zone, ServerID: server.ID, PrivateNetworkID: c.equipment.network,
	}, scw.WithContext(ctx))
	if err != nil {
		return explain(err, "connect %s with DIVIMS_PRIVATE_NETWORK", server.ID)
	}
	return nil
}

// equipVolume gives a new volume the operator's tags, and the root volume its operations per
// second. A new volume has no tags.
func (c *Client) equipVolume(ctx context.Context, zone scw.Zone, slot string, volume *instance.VolumeServer) error {
	isBlock := volume.VolumeType == instance.VolumeServerVolumeTypeSbsVolume
	var tags *[]string
	if len(c.equipment.tags) > 0 {
		tags = &c.equipment.tags
	}
	var iops *uint32
	if slot == rootSlot && c.equipment.volumeIOPS > 0 {
		iops = &c.equipment.volumeIOPS
	}
	switch {
	case iops != nil && !isBlock:
		return errLocal
	case tags == nil && iops == nil, volume.VolumeType == instance.VolumeServerVolumeTypeScratch:
		return nil
	case isBlock:
		return afterTransition(ctx, func() error {
			_, err := c.blocks.UpdateVolume(&block.UpdateVolumeRequest{Zone: zone, VolumeID: volume.ID, Tags: tags, PerfIops: iops}, scw.WithContext(ctx))
			return err
		})
	}
	return c.localTags(zone, volume.ID).write(ctx, *tags)
}

// A change that is refused while its resource is in transition is tried maxTries times in
// all, with a pause in between.
const (
	maxTries        = 5
	transitionPause = time.Second
)

// afterTransition repeats a change as long as it is refused because its resource is in
// transition. A new volume may be so for some seconds.
func afterTransition(ctx context.Context, change func() error) error {
	for range maxTries - 1 {
		if err := change(); !isInTransition(err) {
			return err
		}
		select {
		case <-time.After(transitionPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return change()
}

// rootVolume returns the root volume to order with an image, or nil for that of the image.
// An order with a size must have the type that belongs to the image.
func (c *Client) rootVolume(ctx context.Context, zone scw.Zone, imageID string) (map[string]*instance.VolumeServerTemplate, error) {
	if c.equipment.volumeSize == 0 {
		return nil, nil
	}
	image, err := c.imageByID(ctx, zone, imageID)
	if err != nil {
		return nil, err
	}
	template := &instance.VolumeServerTemplate{Size: &c.equipment.volumeSize, VolumeType: instance.VolumeVolumeTypeLSSD}
	if isBlockImage(image) {
		template.VolumeType = instance.VolumeVolumeTypeSbsVolume
	}
	return map[string]*instance.VolumeServerTemplate{rootSlot: template}, nil
}

func (c *Client) imageByID(ctx context.Context, zone scw.Zone, id string) (*instance.Image, error) {
	return once(ctx, "image "+id, func(ctx context.Context) (*instance.Image, error) {
		answer, err := c.instances.GetImage(&instance.GetImageRequest{Zone: zone, ImageID: id}, scw.WithContext(ctx))
		if err == nil && (answer.Image == nil || answer.Image.RootVolume == nil) {
			err = errors.New("the answer names no root volume")
		}
		if err != nil {
			return nil, explain(err, "read the image %s in %s for DIVIMS_ROOT_VOLUME_SIZE", id, zone)
		}
		return answer.Image, nil
	})
}

func isBlockImage(image *instance.Image) bool {
	return image.RootVolume.VolumeType == instance.VolumeVolumeTypeSbsSnapshot
}

// groupIn returns the security group of new machines in a zone; nil if there is no setting.
func (c *Client) groupIn(ctx context.Context, zone scw.Zone) (*instance.SecurityGroup, error) {
	if len(c.equipment.groups) == 0 {
		return nil, nil
	}
	all, err := once(ctx, "security groups in "+string(zone), func(ctx context.Context) ([]*instance.SecurityGroup, error) {
		return c.allGroupsIn(ctx, zone)
	})
	if err != nil {
		return nil, explain(err, "list the security groups in %s for DIVIMS_SECURITY_GROUP", zone)
	}
	var found []*instance.SecurityGroup
	for _, group := range all {
		if group.Project == c.project && (slices.Contains(c.equipment.groups, group.ID) || slices.Contains(c.equipment.groups, group.Name)) {
			found = append(found, group)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%s has no security group %s (DIVIMS_SECURITY_GROUP): create one there, or add one that it has to the setting", zone, strings.Join(c.equipment.groups, " or "))
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s has %d security groups that DIVIMS_SECURITY_GROUP names, such as %s and %s: leave one of them in the setting, by its ID", zone, len(found), found[0].ID, found[1].ID)
}

func (c *Client) allGroupsIn(ctx context.Context, zone scw.Zone) ([]*instance.SecurityGroup, error) {
	request := instance.ListSecurityGroupsRequest{Zone: zone, Project: &c.project, PerPage: size()}
	return readAll(
		func(group *instance.SecurityGroup) string { return group.ID },
		func(page *int32) ([]*instance.SecurityGroup, uint64, error) {
			request.Page = page
			answer, err := c.instances.ListSecurityGroups(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.SecurityGroups, uint64(answer.TotalCount), nil
		})
}

// errForeignNetwork means that a private network belongs to others.
var errForeignNetwork = errors.New("it is not in project")

// checkNetwork returns an error if new machines certainly cannot be connected with their
// private network. While the API of networks fails, machines are created all the same, and
// the connection itself shows whether it is possible.
func (c *Client) checkNetwork(ctx context.Context, zone scw.Zone) error {
	_, err := c.networkOf(ctx, zone)
	if isDefinite(err) || isGone(err) || errors.Is(err, errForeignNetwork) {
		return err
	}
	return nil
}

// networkOf returns the private network of new machines in the region of a zone; nil if there
// is no setting.
func (c *Client) networkOf(ctx context.Context, zone scw.Zone) (*vpc.PrivateNetwork, error) {
	if c.equipment.network == "" {
		return nil, nil
	}
	region, err := zone.Region()
	if err != nil {
		return nil, err
	}
	return once(ctx, "private network in "+string(region), func(ctx context.Context) (*vpc.PrivateNetwork, error) {
		network, err := c.networks.GetPrivateNetwork(&vpc.GetPrivateNetworkRequest{Region: region, PrivateNetworkID: c.equipment.network}, scw.WithContext(ctx))
		if err == nil && network.ProjectID != c.project {
			err = fmt.Errorf("%w %s", errForeignNetwork, c.project)
		}
		if err != nil {
			return nil, explain(err, "read the private network %s in %s (DIVIMS_PRIVATE_NETWORK)", c.equipment.network, region)
		}
		return network, nil
	})
}
