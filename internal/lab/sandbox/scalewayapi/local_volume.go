package scalewayapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"divims/internal/pool"
)

// volumeTypes are Scaleway's names for the kinds of volumes.
var volumeTypes = map[pool.VolumeKind]string{pool.LocalVolume: "l_ssd", pool.BlockVolume: "sbs_volume"}

// volumeSize is the size of every image, in bytes, and of a volume whose order has no size.
// Images of the world have no size.
const volumeSize = 20_000_000_000

// attachedBlockVolume is a volume of Block Storage in a server's response.
type attachedBlockVolume struct {
	Boot       bool   `json:"boot"`
	VolumeType string `json:"volume_type"`
	ID         string `json:"id"`
	State      string `json:"state"`
	Zone       string `json:"zone"`
}

// attachedLocalVolume is a local volume in a server's response.
type attachedLocalVolume struct {
	Boot bool `json:"boot"`
	localVolume
}

// localVolume is a volume in the Instances API.
type localVolume struct {
	ID               string        `json:"id"`
	Name             string        `json:"name"`
	VolumeType       string        `json:"volume_type"`
	ExportURI        *string       `json:"export_uri"`
	Organization     string        `json:"organization"`
	Project          string        `json:"project"`
	Server           *resourceName `json:"server"`
	Size             int64         `json:"size"`
	State            string        `json:"state"`
	CreationDate     instanceTime  `json:"creation_date"`
	ModificationDate instanceTime  `json:"modification_date"`
	Tags             []string      `json:"tags"`
	Zone             string        `json:"zone"`
}

// volumesOf returns a machine's volumes by index, as Instances shows them.
func (a *api) volumesOf(machine pool.Machine) map[string]any {
	volumes := map[string]any{}
	for i, volume := range machine.Volumes {
		if volume.Kind == pool.LocalVolume {
			volumes[strconv.Itoa(i)] = attachedLocalVolume{localVolume: a.newLocalVolume(volume)}
			continue
		}
		volumes[strconv.Itoa(i)] = attachedBlockVolume{
			VolumeType: "sbs_volume", ID: volume.ID, State: "available", Zone: machine.Zone,
		}
	}
	return volumes
}

func (a *api) newLocalVolume(volume pool.Volume) localVolume {
	note := a.metadata.volumes[volume.ID]
	view := localVolume{
		ID: volume.ID, Name: note.name, VolumeType: "l_ssd", Organization: a.Project, Project: a.Project,
		Size: note.size, State: "available", Tags: notNil(note.tags), Zone: volume.Zone,
		CreationDate: instanceTime(note.created), ModificationDate: instanceTime(note.created),
	}
	for _, machine := range a.World.Machines() {
		if volume.Attached && machine.ID == note.machineID {
			view.Server = &resourceName{machine.ID, machine.Name}
		}
	}
	return view
}

// volumes returns the volumes of a kind in a zone.
func (a *api) volumes(kind pool.VolumeKind, zone string) []pool.Volume {
	return slices.DeleteFunc(a.World.Volumes(), func(v pool.Volume) bool { return v.Kind != kind || v.Zone != zone })
}

// localVolume returns the volume that a call is about. The Instances API does not
// know the volumes of Block Storage.
func (a *api) localVolume(r *http.Request) (pool.Volume, error) {
	id := r.PathValue("id")
	for _, volume := range a.volumes(pool.LocalVolume, r.PathValue("zone")) {
		if volume.ID == id {
			return volume, nil
		}
	}
	return pool.Volume{}, notFound("instance_volume", id)
}

func (a *api) listLocalVolumes(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	volumes := []localVolume{}
	for _, volume := range a.volumes(pool.LocalVolume, r.PathValue("zone")) {
		view := a.newLocalVolume(volume)
		if strings.Contains(view.Name, query.Get("name")) && matchesFilter(view.VolumeType, query.Get("volume_type")) &&
			hasAll(view.Tags, commaSeparated(query.Get("tags"))) {
			volumes = append(volumes, view)
		}
	}
	return list(r, "volumes", volumes)
}

func (a *api) getLocalVolume(r *http.Request, _ []byte) (response, error) {
	volume, err := a.localVolume(r)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"volume": a.newLocalVolume(volume)})
}

// volumeUpdate has the supported fields of an update of either kind of volume.
type volumeUpdate struct {
	Name *string   `json:"name"`
	Tags *[]string `json:"tags"`
}

// apply changes a volume's name and tags.
func (u volumeUpdate) apply(note *volumeMetadata) {
	if u.Name != nil {
		note.name = *u.Name
	}
	if u.Tags != nil {
		note.tags = *u.Tags
	}
}

func (a *api) updateLocalVolume(r *http.Request, body []byte) (response, error) {
	volume, err := a.localVolume(r)
	if err != nil {
		return response{}, err
	}
	update, err := decodeStrictly[volumeUpdate](body)
	if err != nil {
		return response{}, err
	}
	update.apply(a.metadata.volumes[volume.ID])
	return ok(map[string]any{"volume": a.newLocalVolume(volume)})
}

// deleteLocalVolume refuses to delete an attached volume.
func (a *api) deleteLocalVolume(r *http.Request, _ []byte) (response, error) {
	volume, err := a.localVolume(r)
	if err != nil {
		return response{}, err
	}
	if volume.Attached {
		return response{}, preconditionFailed(http.StatusBadRequest, "resource_still_in_use", "volume is attached to a server")
	}
	if err := a.World.DeleteVolume(volume.ID); err != nil {
		return response{}, err
	}
	return noContent()
}
