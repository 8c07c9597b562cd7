package scaleway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Equipment returns what the settings give new machines in a zone, in words; nothing without
// such settings. The error names each setting with which no machine can be created.
func (c *Client) Equipment(ctx context.Context, zone string) (parts []string, err error) {
	group, problems := c.groupIn(ctx, scw.Zone(zone))
	if group != nil {
		parts = append(parts, "the security group "+group.Name)
	}
	if len(c.equipment.tags) > 0 {
		parts = append(parts, "the tags "+strings.Join(c.equipment.tags, " and "))
	}
	network, err := c.networkOf(ctx, scw.Zone(zone))
	problems = joinErrors(problems, err)
	if network != nil {
		parts = append(parts, "an interface in the private network "+network.Name)
	}
	volume, err := c.volumeIn(ctx, scw.Zone(zone))
	if volume != "" {
		parts = append(parts, volume)
	}
	return parts, joinErrors(problems, err)
}

// volumeIn returns the root volume that the settings give new machines, in words, and
// compares it with the newest image.
func (c *Client) volumeIn(ctx context.Context, zone scw.Zone) (string, error) {
	if c.equipment.volumeSize == 0 && c.equipment.volumeIOPS == 0 {
		return "", nil
	}
	newest, err := c.newestImage(ctx, zone)
	if errors.Is(err, errNoImage) {
		return "", nil // check reports that by itself
	}
	if err != nil {
		return "", err
	}
	image, err := c.imageByID(ctx, zone, newest.ID)
	if err != nil {
		return "", err
	}
	if c.equipment.volumeIOPS > 0 && !isBlockImage(image) {
		return "", fmt.Errorf("DIVIMS_ROOT_VOLUME_IOPS needs an image for block volumes: %s in %s is for local ones", newest.Name, zone)
	}
	text := "a root volume"
	if c.equipment.volumeSize > 0 {
		text += fmt.Sprintf(" of %d GB", c.equipment.volumeSize/scw.GB)
		least, err := c.imageSize(ctx, zone, image)
		switch {
		case err != nil:
			text += fmt.Sprintf(" (whether the image fits is unknown: %v)", err)
		case c.equipment.volumeSize < least:
			return "", fmt.Errorf("DIVIMS_ROOT_VOLUME_SIZE is %d, but the image %s in %s needs %d GB", c.equipment.volumeSize/scw.GB, newest.Name, zone, (least+scw.GB-1)/scw.GB)
		}
	}
	if c.equipment.volumeIOPS > 0 {
		text += fmt.Sprintf(" with %d operations per second", c.equipment.volumeIOPS)
	}
	return text, nil
}

// imageSize returns the least size of a root volume from an image. The image itself has the
// size of a local one only.
func (c *Client) imageSize(ctx context.Context, zone scw.Zone, image *instance.Image) (scw.Size, error) {
	if !isBlockImage(image) {
		return image.RootVolume.Size, nil
	}
	snapshot, err := c.blocks.GetSnapshot(&block.GetSnapshotRequest{Zone: zone, SnapshotID: image.RootVolume.ID}, scw.WithContext(ctx))
	if err != nil {
		return 0, explain(err, "read the snapshot %s", image.RootVolume.ID)
	}
	return snapshot.Size, nil
}

// Lacking returns what the settings give new machines and machines of the pool do not have,
// by the machine's ID and in words. What is on the volumes is not compared.
func (c *Client) Lacking(ctx context.Context, machines []pool.Machine) (map[string][]string, error) {
	ctx = ForEvaluation(ctx) // the groups of each zone are listed once
	lacking := map[string][]string{}
	for _, machine := range machines {
		if machine.BareMetal {
			continue
		}
		var parts []string
		group, err := c.groupIn(ctx, scw.Zone(machine.Zone))
		if err != nil {
			return nil, err
		}
		if group != nil && machine.SecurityGroup != group.ID {
			parts = append(parts, "the security group")
		}
		if slices.ContainsFunc(c.equipment.tags, func(tag string) bool { return !slices.Contains(machine.Tags, tag) }) {
			parts = append(parts, "tags")
		}
		if c.equipment.network != "" && !slices.Contains(machine.Networks, c.equipment.network) {
			parts = append(parts, "the private network")
		}
		if len(parts) > 0 {
			lacking[machine.ID] = parts
		}
	}
	return lacking, nil
}
