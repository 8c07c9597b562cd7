package scaleway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Leftovers lists the volumes with the pool's mark in the pool's zones and in others. It
// fails unless the list is complete. A machine that was deleted while stopped can leave local volumes.
//
// Earlier versions marked volumes by the pool's tag alone. Such a mark does not say
// whether its machine is gone, so DiViMS never deletes these volumes; check names them.
func (c *Client) Leftovers(ctx context.Context, others []string) ([]pool.Volume, error) {
	zones := c.zonesAnd(others)
	blocks, err := inZones(ctx, offeredIn(zones, c.blocks.Zones()), c.blockLeftovers)
	if err != nil {
		return nil, err
	}
	locals, err := inZones(ctx, zones, c.localLeftovers)
	if err != nil {
		return nil, err
	}
	return append(blocks, locals...), nil
}

func (c *Client) blockLeftovers(ctx context.Context, zone scw.Zone) ([]pool.Volume, error) {
	request := block.ListVolumesRequest{Zone: zone, ProjectID: &c.project, Tags: []string{c.tag}, PageSize: size()}
	found, err := readAll(
		func(volume *block.Volume) string { return volume.ID },
		func(page *int32) ([]*block.Volume, uint64, error) {
			request.Page = page
			answer, err := c.blocks.ListVolumes(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Volumes, answer.TotalCount, nil
		})
	if err != nil {
		return nil, explain(err, "list the block volumes in %s", zone)
	}
	var leftovers []pool.Volume
	for _, volume := range found {
		attached := len(volume.References) > 0 || volume.Status == block.VolumeStatusInUse
		if c.checkOwner(volume.ProjectID, volume.Tags) != nil || !attached && c.checkBlock(volume) != nil {
			continue
		}
		leftovers = append(leftovers, pool.Volume{
			ID: volume.ID, Zone: string(zone), Kind: pool.BlockVolume, Name: volume.Name, Tags: volume.Tags,
			Attached: attached, MachineID: markedBy(volume.Tags),
		})
	}
	return leftovers, nil
}

func (c *Client) localLeftovers(ctx context.Context, zone scw.Zone) ([]pool.Volume, error) {
	request := instance.ListVolumesRequest{Zone: zone, Project: &c.project, Tags: []string{c.tag}, PerPage: size()}
	found, err := readAll(
		func(volume *instance.Volume) string { return volume.ID },
		func(page *int32) ([]*instance.Volume, uint64, error) {
			request.Page = page
			answer, err := c.instances.ListVolumes(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Volumes, uint64(answer.TotalCount), nil
		})
	if err != nil {
		return nil, explain(err, "list the local volumes in %s", zone)
	}
	var leftovers []pool.Volume
	for _, volume := range found {
		attached := volume.Server != nil
		if c.checkOwner(volume.Project, volume.Tags) != nil || !attached && c.checkLocal(volume) != nil {
			continue
		}
		leftovers = append(leftovers, pool.Volume{
			ID: volume.ID, Zone: string(zone), Kind: pool.LocalVolume, Name: volume.Name, Tags: volume.Tags,
			Attached: attached, MachineID: markedBy(volume.Tags),
		})
	}
	return leftovers, nil
}

// DeleteVolume deletes a detached volume of the pool, if its mark names a machine that
// does not exist any more. It is no error if the volume does not exist any more.
func (c *Client) DeleteVolume(ctx context.Context, volume pool.Volume) error {
	remove := c.deleteBlock
	if volume.Kind == pool.LocalVolume {
		remove = c.deleteLocal
	}
	err := remove(ctx, scw.Zone(volume.Zone), volume.ID)
	if err == nil || isGone(err) {
		return nil
	}
	return explain(err, "delete volume %s", volume.ID)
}

func (c *Client) deleteBlock(ctx context.Context, zone scw.Zone, id string) error {
	volume, err := c.blocks.GetVolume(&block.GetVolumeRequest{Zone: zone, VolumeID: id}, scw.WithContext(ctx))
	if err != nil {
		return err
	}
	if err := c.checkBlock(volume); err != nil {
		return err
	}
	if err := c.checkMachineGone(ctx, zone, volume.Tags); err != nil {
		return err
	}
	return c.blocks.DeleteVolume(&block.DeleteVolumeRequest{Zone: zone, VolumeID: id}, scw.WithContext(ctx))
}

func (c *Client) deleteLocal(ctx context.Context, zone scw.Zone, id string) error {
	answer, err := c.instances.GetVolume(&instance.GetVolumeRequest{Zone: zone, VolumeID: id}, scw.WithContext(ctx))
	if err != nil {
		return err
	}
	if answer.Volume == nil {
		return errors.New("the answer names no volume")
	}
	if err := c.checkLocal(answer.Volume); err != nil {
		return err
	}
	if err := c.checkMachineGone(ctx, zone, answer.Volume.Tags); err != nil {
		return err
	}
	return c.instances.DeleteVolume(&instance.DeleteVolumeRequest{Zone: zone, VolumeID: id}, scw.WithContext(ctx))
}

// checkMachineGone fails unless the machine that a volume's mark names does not exist any
// more. A machine from which somebody took the pool's tag is not listed, but exists.
func (c *Client) checkMachineGone(ctx context.Context, zone scw.Zone, tags []string) error {
	id := markedBy(tags)
	if id == "" {
		return errors.New("no mark names its machine")
	}
	_, err := c.instances.GetServer(&instance.GetServerRequest{Zone: zone, ServerID: id}, scw.WithContext(ctx))
	if err == nil {
		return fmt.Errorf("its machine %s exists", id)
	}
	if !isGone(err) {
		return explain(err, "look for its machine %s", id)
	}
	return nil
}

// checkBlock returns why a block volume must not be deleted, or nil.
func (c *Client) checkBlock(volume *block.Volume) error {
	if len(volume.References) > 0 || volume.Status != block.VolumeStatusAvailable {
		return fmt.Errorf("it is %s", volume.Status)
	}
	return c.checkOwner(volume.ProjectID, volume.Tags)
}

// checkLocal returns why a local volume must not be deleted, or nil.
func (c *Client) checkLocal(volume *instance.Volume) error {
	if volume.Server != nil {
		return fmt.Errorf("it is attached to %s", volume.Server.ID)
	}
	if volume.State != instance.VolumeStateAvailable {
		return fmt.Errorf("it is %s", volume.State)
	}
	return c.checkOwner(volume.Project, volume.Tags)
}

func (c *Client) checkOwner(project string, tags []string) error {
	if project != c.project || !slices.Contains(tags, c.tag) {
		return fmt.Errorf("it does not belong to the pool: it is not in project %s with the tag %q", c.project, c.tag)
	}
	return nil
}
