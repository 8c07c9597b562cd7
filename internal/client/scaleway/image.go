package scaleway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// errNoImage means that there is no image whose name has the configured prefix.
var errNoImage = errors.New("no image")

// Images returns the newest image of the pool in each zone. Zones without one are left
// out. It fails if no zone has one.
func (c *Client) Images(ctx context.Context) ([]pool.Image, error) {
	images, err := inZones(ctx, c.zones, func(ctx context.Context, zone scw.Zone) ([]pool.Image, error) {
		image, err := c.newestImage(ctx, zone)
		switch {
		case errors.Is(err, errNoImage):
			return nil, nil
		case err != nil:
			return nil, err
		}
		return []pool.Image{image}, nil
	})
	if err == nil && len(images) == 0 {
		return nil, fmt.Errorf("%w in %s has a name beginning with %q", errNoImage, join(c.zones), c.imageName)
	}
	return images, err
}

// ImageIn returns the newest image of the pool in a zone.
func (c *Client) ImageIn(ctx context.Context, zone string) (pool.Image, error) {
	return c.newestImage(ctx, scw.Zone(zone))
}

// newestImage returns the newest usable image whose name has the configured prefix. The
// project's own images come before those shared by other projects. Public images of
// others are never used: anybody could publish one under our name.
func (c *Client) newestImage(ctx context.Context, zone scw.Zone) (pool.Image, error) {
	request := instance.ListImagesRequest{Zone: zone, Name: &c.imageName, PerPage: size()}
	found, err := readAll(
		func(image *instance.Image) string { return image.ID },
		func(page *int32) ([]*instance.Image, uint64, error) {
			request.Page = page
			answer, err := c.instances.ListImages(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Images, uint64(answer.TotalCount), nil
		})
	if err != nil {
		return pool.Image{}, explain(err, "list the images in %s", zone)
	}
	var best *instance.Image
	for _, image := range found {
		if c.canUse(image) && (best == nil || c.better(image, best)) {
			best = image
		}
	}
	if best == nil {
		return pool.Image{}, fmt.Errorf("%w in %s has a name beginning with %q", errNoImage, zone, c.imageName)
	}
	return toImage(zone, best), nil
}

// toImage translates an image.
func toImage(zone scw.Zone, image *instance.Image) pool.Image {
	translated := pool.Image{ID: image.ID, Zone: string(zone), Name: image.Name, Created: created(image), Arch: toArch(image.Arch)}
	add := func(kind string, size scw.Size) {
		switch kind {
		case "l_ssd":
			translated.LocalSize += toBytes(size)
		case "sbs_snapshot", "sbs_volume":
			translated.HasBlock = true
		}
	}
	if root := image.RootVolume; root != nil {
		add(string(root.VolumeType), root.Size)
	}
	for _, volume := range image.ExtraVolumes {
		if volume != nil {
			add(string(volume.VolumeType), volume.Size)
		}
	}
	return translated
}

// canUse reports whether machines may be created from an image. It checks the prefix
// again, because the API's filter matches anywhere in a name.
func (c *Client) canUse(image *instance.Image) bool {
	return strings.HasPrefix(image.Name, c.imageName) &&
		image.State == instance.ImageStateAvailable &&
		(image.Project == c.project || !image.Public)
}

func (c *Client) better(a, b *instance.Image) bool {
	if own := a.Project == c.project; own != (b.Project == c.project) {
		return own
	}
	return created(a).After(created(b))
}

func created(image *instance.Image) time.Time {
	if image.CreationDate == nil {
		return time.Time{}
	}
	return *image.CreationDate
}
