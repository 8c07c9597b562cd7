package scaleway

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// A volume is marked when its machine is about to be deleted: it gets the pool's tag and
// a tag that names the machine. So a detached volume of a machine that is gone is
// certainly a leftover, while one that an operator detached from a living machine is
// never deleted. (CreateServer could not tag volumes anyway: its volume template has no
// tags.)

// markTag begins the tag of a volume that names the machine whose deletion leaves it.
const markTag = "divims-left-by="

// markedBy returns the ID of the machine that a volume's mark names; empty if the volume
// has no mark that names one.
func markedBy(tags []string) string {
	for _, tag := range tags {
		if id, ok := strings.CutPrefix(tag, markTag); ok {
			return id
		}
	}
	return ""
}

// withMark returns tags with the mark of a machine instead of any older one.
func (c *Client) withMark(tags []string, machineID string) []string {
	return append(c.withoutMark(tags), c.tag, markTag+machineID)
}

// withoutMark returns tags without a mark.
func (c *Client) withoutMark(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return tag == c.tag || strings.HasPrefix(tag, markTag)
	})
}

// markedVolume is a volume that was marked, and how to take the mark off again.
type markedVolume struct {
	id      string
	restore func(context.Context) error
}

// mark marks those volumes of the Instance that outlive it.
func (r *removal) mark(ctx context.Context) error {
	for _, volume := range r.server.Volumes {
		if volume == nil || !outlives(volume, r.server) {
			continue
		}
		err := r.markOne(ctx, volume.ID, r.client.tagsOf(r.zone, kindOf(volume), volume.ID))
		if err != nil && !isGone(err) {
			return explain(err, "mark volume %s", volume.ID)
		}
	}
	return nil
}

func (r *removal) markOne(ctx context.Context, id string, tags volumeTags) error {
	before, err := tags.read(ctx)
	if err != nil {
		return err
	}
	r.marked = append(r.marked, markedVolume{id: id, restore: func(ctx context.Context) error {
		return tags.write(ctx, r.client.withoutMark(before))
	}})
	if markedBy(before) == r.server.ID && slices.Contains(before, r.client.tag) {
		return nil
	}
	return tags.write(ctx, r.client.withMark(before, r.server.ID))
}

// outlives reports whether a volume stays when its machine is deleted. Block volumes
// always stay, scratch volumes never. Local volumes stay if the machine is stopped: they
// are deleted by a termination, but a stopped machine is deleted by another call.
func outlives(volume *instance.VolumeServer, server *instance.Server) bool {
	switch volume.VolumeType {
	case instance.VolumeServerVolumeTypeSbsVolume:
		return true
	case instance.VolumeServerVolumeTypeScratch:
		return false
	}
	return server.State == instance.ServerStateStopped
}

// UnmarkVolume takes the mark off a volume of the pool, because its machine was not
// deleted. It reads the machine again, and does nothing if it is gone or stopping.
func (c *Client) UnmarkVolume(ctx context.Context, volume pool.Volume) error {
	if err := c.unmark(ctx, volume); err != nil && !isGone(err) {
		return explain(err, "take the mark off volume %s", volume.ID)
	}
	return nil
}

func (c *Client) unmark(ctx context.Context, volume pool.Volume) error {
	zone := scw.Zone(volume.Zone)
	access := c.tagsOf(zone, volume.Kind, volume.ID)
	tags, err := access.read(ctx)
	if err != nil {
		return err
	}
	id := markedBy(tags)
	if id == "" || !slices.Contains(tags, c.tag) {
		return nil
	}
	answer, err := c.instances.GetServer(&instance.GetServerRequest{Zone: zone, ServerID: id}, scw.WithContext(ctx))
	if err != nil {
		return err
	}
	if answer.Server == nil || answer.Server.State == instance.ServerStateStopping {
		return nil
	}
	return access.write(ctx, c.withoutMark(tags))
}

// tagsOf returns access to the tags of a volume.
func (c *Client) tagsOf(zone scw.Zone, kind pool.VolumeKind, id string) volumeTags {
	if kind == pool.LocalVolume {
		return c.localTags(zone, id)
	}
	return c.blockTags(zone, id)
}

// volumeTags reads and replaces the tags of one volume.
type volumeTags struct {
	read  func(context.Context) ([]string, error)
	write func(context.Context, []string) error
}

func (c *Client) blockTags(zone scw.Zone, id string) volumeTags {
	return volumeTags{
		read: func(ctx context.Context) ([]string, error) {
			volume, err := c.blocks.GetVolume(&block.GetVolumeRequest{Zone: zone, VolumeID: id}, scw.WithContext(ctx))
			if err != nil {
				return nil, err
			}
			return volume.Tags, nil
		},
		write: func(ctx context.Context, tags []string) error {
			_, err := c.blocks.UpdateVolume(&block.UpdateVolumeRequest{Zone: zone, VolumeID: id, Tags: &tags}, scw.WithContext(ctx))
			return err
		},
	}
}

func (c *Client) localTags(zone scw.Zone, id string) volumeTags {
	return volumeTags{
		read: func(ctx context.Context) ([]string, error) {
			answer, err := c.instances.GetVolume(&instance.GetVolumeRequest{Zone: zone, VolumeID: id}, scw.WithContext(ctx))
			if err != nil {
				return nil, err
			}
			if answer.Volume == nil {
				return nil, errors.New("the answer names no volume")
			}
			return answer.Volume.Tags, nil
		},
		write: func(ctx context.Context, tags []string) error {
			_, err := c.instances.UpdateVolume(&instance.UpdateVolumeRequest{Zone: zone, VolumeID: id, Tags: &tags}, scw.WithContext(ctx))
			return err
		},
	}
}
