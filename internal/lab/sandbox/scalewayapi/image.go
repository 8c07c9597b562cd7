package scalewayapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// image is an image. The fields and their order are as recorded.
type image struct {
	ID                string         `json:"id"`
	Name              string         `json:"name"`
	Organization      string         `json:"organization"`
	Project           string         `json:"project"`
	RootVolume        snapshot       `json:"root_volume"`
	ExtraVolumes      map[string]any `json:"extra_volumes"`
	Public            bool           `json:"public"`
	Arch              string         `json:"arch"`
	CreationDate      instanceTime   `json:"creation_date"`
	ModificationDate  instanceTime   `json:"modification_date"`
	DefaultBootscript *string        `json:"default_bootscript"`
	FromServer        string         `json:"from_server"`
	State             string         `json:"state"`
	Tags              []string       `json:"tags"`
	Zone              string         `json:"zone"`
}

// snapshot is the source of root volumes. Scaleway does not report the size of a block
// snapshot here, but in the snapshot itself.
type snapshot struct {
	VolumeType string `json:"volume_type"`
	ID         string `json:"id"`
	Size       int64  `json:"size"`
	Name       string `json:"name"`
}

func (a *api) newImage(i pool.Image) image {
	root := snapshot{VolumeType: "sbs_snapshot", ID: snapshotID(i.ID)}
	if i.LocalSize > 0 {
		root.VolumeType, root.Size = "l_ssd", i.LocalSize
	}
	return image{
		ID: i.ID, Name: i.Name, Zone: i.Zone, Organization: a.Project, Project: a.Project,
		RootVolume: root, ExtraVolumes: map[string]any{}, Arch: archOf(i.Arch), State: "available", Tags: []string{},
		CreationDate: instanceTime(i.Created), ModificationDate: instanceTime(i.Created),
	}
}

// snapshotID returns the id of an image's snapshot.
func snapshotID(imageID string) string { return derivedID("snapshot", imageID) }

// imageOf returns the image that a machine was created from, or nil if it was deleted.
func (a *api) imageOf(machine pool.Machine) *image {
	for _, i := range a.World.Images() {
		if i.ID == machine.ImageID {
			made := a.newImage(i)
			return &made
		}
	}
	return nil
}

func (a *api) listImages(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	images := []image{}
	for _, i := range a.World.Images() {
		if i.Zone == r.PathValue("zone") && strings.Contains(i.Name, query.Get("name")) {
			images = append(images, a.newImage(i))
		}
	}
	images = slices.DeleteFunc(images, func(i image) bool {
		return query.Get("public") == "true" || !matchesFilter(i.Arch, query.Get("arch")) || !hasAll(i.Tags, commaSeparated(query.Get("tags")))
	})
	slices.SortStableFunc(images, func(a, b image) int { return time.Time(b.CreationDate).Compare(time.Time(a.CreationDate)) })
	return list(r, "images", images)
}

func (a *api) getImage(r *http.Request, _ []byte) (response, error) {
	id := r.PathValue("id")
	for _, i := range a.World.Images() {
		if i.ID == id && i.Zone == r.PathValue("zone") {
			return ok(map[string]any{"image": a.newImage(i)})
		}
	}
	return response{}, notFound("instance_image", id)
}
