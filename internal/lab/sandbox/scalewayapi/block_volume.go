package scalewayapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"divims/internal/pool"
)

// blockVolume is a volume of Block Storage. The fields and their order are as recorded.
type blockVolume struct {
	ID               string      `json:"id"`
	Name             string      `json:"name"`
	Type             string      `json:"type"`
	Size             int64       `json:"size"`
	ProjectID        string      `json:"project_id"`
	CreatedAt        blockTime   `json:"created_at"`
	UpdatedAt        blockTime   `json:"updated_at"`
	References       []reference `json:"references"`
	ParentSnapshotID *string     `json:"parent_snapshot_id"`
	Status           string      `json:"status"`
	Tags             []string    `json:"tags"`
	Specs            blockSpecs  `json:"specs"`
	LastDetachedAt   *blockTime  `json:"last_detached_at"`
	Zone             string      `json:"zone"`
}

// keyedBlockVolume is a volume in API version v1, which has one more field.
type keyedBlockVolume struct {
	blockVolume
	KMSKeyID *string `json:"kms_key_id"`
}

// reference names a resource that uses a volume.
type reference struct {
	ID                  string    `json:"id"`
	ProductResourceType string    `json:"product_resource_type"`
	ProductResourceID   string    `json:"product_resource_id"`
	CreatedAt           blockTime `json:"created_at"`
	Type                string    `json:"type"`
	Status              string    `json:"status"`
}

type blockSpecs struct {
	PerfIOPS int    `json:"perf_iops"`
	Class    string `json:"class"`
}

// blockTime is a time in the format of most products: 2025-11-04T10:18:40.216334Z.
type blockTime time.Time

// MarshalJSON writes the time in UTC.
func (t blockTime) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(time.Time(t).UTC().Format("2006-01-02T15:04:05.000000Z"))), nil
}

func (a *api) newBlockVolume(volume pool.Volume) blockVolume {
	note := a.metadata.volumes[volume.ID]
	view := blockVolume{
		ID: volume.ID, Name: note.name, Zone: volume.Zone, Size: note.size, ProjectID: a.Project,
		CreatedAt: blockTime(note.created), UpdatedAt: blockTime(note.created), References: []reference{},
		Status: "available", Tags: notNil(note.tags), Specs: blockSpecs{note.iops, "sbs"},
	}
	if a.isUpdating(note) {
		view.Specs.PerfIOPS = note.formerIOPS
	}
	view.Type = fmt.Sprintf("sbs_%dk", view.Specs.PerfIOPS/1000)
	if note.image != "" {
		parent := snapshotID(note.image)
		view.ParentSnapshotID = &parent
	}
	if volume.Attached {
		view.Status = "in_use"
		if a.isUpdating(note) {
			view.Status = "updating"
		}
		view.References = append(view.References, reference{
			derivedID("reference", volume.ID), "instance_server", note.machineID, blockTime(note.created), "exclusive", "attached",
		})
		return view
	}
	detached := blockTime(note.detached)
	view.LastDetachedAt, view.UpdatedAt = &detached, detached
	return view
}

// forAPIVersion returns a volume with the fields of the requested API version.
func forAPIVersion(r *http.Request, volume blockVolume) any {
	if strings.HasPrefix(r.URL.Path, "/block/v1/") {
		return keyedBlockVolume{blockVolume: volume}
	}
	return volume
}

// blockVolume returns the volume that a call is about.
func (a *api) blockVolume(r *http.Request) (pool.Volume, error) {
	id := r.PathValue("id")
	for _, volume := range a.volumes(pool.BlockVolume, r.PathValue("zone")) {
		if volume.ID == id {
			return volume, nil
		}
	}
	return pool.Volume{}, notFound("volume", id)
}

func (a *api) listBlockVolumes(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	volumes := []blockVolume{}
	for _, volume := range a.volumes(pool.BlockVolume, r.PathValue("zone")) {
		view := a.newBlockVolume(volume)
		holder := ""
		if volume.Attached {
			holder = view.References[0].ProductResourceID
		}
		if hasAll(view.Tags, query["tags"]) && strings.Contains(view.Name, query.Get("name")) &&
			matchesAny(view.ID, query["volume_ids"]) && matchesFilter(view.Type, query.Get("volume_type")) &&
			matchesFilter(holder, query.Get("product_resource_id")) {
			volumes = append(volumes, view)
		}
	}
	if err := orderVolumes(volumes, query.Get("order_by")); err != nil {
		return response{}, err
	}
	versioned := make([]any, len(volumes))
	for i, volume := range volumes {
		versioned[i] = forAPIVersion(r, volume)
	}
	return listWithTotal(r, "volumes", versioned)
}

func orderVolumes(volumes []blockVolume, by string) error {
	byCreation := func(a, b blockVolume) int { return time.Time(a.CreatedAt).Compare(time.Time(b.CreatedAt)) }
	byName := func(a, b blockVolume) int { return strings.Compare(a.Name, b.Name) }
	compare := map[string]func(a, b blockVolume) int{
		"":                byCreation,
		"created_at_asc":  byCreation,
		"created_at_desc": func(a, b blockVolume) int { return byCreation(b, a) },
		"name_asc":        byName,
		"name_desc":       func(a, b blockVolume) int { return byName(b, a) },
	}[by]
	if compare == nil {
		return invalidArguments(argument{"order_by", "constraint", "unknown order"})
	}
	slices.SortStableFunc(volumes, compare)
	return nil
}

func (a *api) getBlockVolume(r *http.Request, _ []byte) (response, error) {
	volume, err := a.blockVolume(r)
	if err != nil {
		return response{}, err
	}
	return ok(forAPIVersion(r, a.newBlockVolume(volume)))
}

func (a *api) updateBlockVolume(r *http.Request, body []byte) (response, error) {
	volume, err := a.blockVolume(r)
	if err != nil {
		return response{}, err
	}
	if err := a.changeBlockVolume(volume, body); err != nil {
		return response{}, err
	}
	return ok(forAPIVersion(r, a.newBlockVolume(volume)))
}

// blockUpdate has the supported fields of an update of a block volume.
type blockUpdate struct {
	volumeUpdate
	PerfIOPS *int `json:"perf_iops"`
}

// defaultIOPS are the operations per second of a new volume. offeredIOPS are all that can be
// set.
const defaultIOPS = 5000

var offeredIOPS = []int{defaultIOPS, 15000}

// iopsTime is how long a change of the operations per second takes. Until then, the volume
// shows the former ones. Half a second was recorded.
const iopsTime = time.Second

func (a *api) isUpdating(note *volumeMetadata) bool { return a.World.Now().Before(note.updated) }

// changeBlockVolume changes a volume. While it is updating, all changes are refused; that is
// an assumption, because nobody recorded one.
func (a *api) changeBlockVolume(volume pool.Volume, body []byte) error {
	update, err := decodeStrictly[blockUpdate](body)
	if err != nil {
		return err
	}
	note := a.metadata.volumes[volume.ID]
	if update.PerfIOPS != nil && !slices.Contains(offeredIOPS, *update.PerfIOPS) {
		return invalidArguments(argument{"perf_iops", "constraint", "must be available for the volume's storage class"})
	}
	if a.isUpdating(note) {
		return transientState("volume", volume.ID, "updating")
	}
	if update.PerfIOPS != nil && *update.PerfIOPS != note.iops {
		note.iops, note.formerIOPS, note.updated = *update.PerfIOPS, note.iops, a.World.Now().Add(iopsTime)
	}
	update.apply(note)
	return nil
}

// deleteBlockVolume refuses to delete an attached volume.
func (a *api) deleteBlockVolume(r *http.Request, _ []byte) (response, error) {
	volume, err := a.blockVolume(r)
	if err != nil {
		return response{}, err
	}
	if a.isUpdating(a.metadata.volumes[volume.ID]) {
		return response{}, transientState("volume", volume.ID, "updating")
	}
	if volume.Attached {
		return response{}, preconditionFailed(http.StatusPreconditionFailed, "resource_still_in_use", "volume is attached")
	}
	if err := a.World.DeleteVolume(volume.ID); err != nil {
		return response{}, err
	}
	return noContent()
}
