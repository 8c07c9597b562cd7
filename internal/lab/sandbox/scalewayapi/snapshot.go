package scalewayapi

import "net/http"

// blockSnapshot is a snapshot of Block Storage, from which an image's volumes are made. The
// fields and their order are as recorded.
type blockSnapshot struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	ParentVolume *string     `json:"parent_volume"`
	Size         int64       `json:"size"`
	ProjectID    string      `json:"project_id"`
	CreatedAt    blockTime   `json:"created_at"`
	UpdatedAt    blockTime   `json:"updated_at"`
	References   []reference `json:"references"`
	Status       string      `json:"status"`
	Tags         []string    `json:"tags"`
	Class        string      `json:"class"`
	Zone         string      `json:"zone"`
}

// getSnapshot serves the snapshots of images.
func (a *api) getSnapshot(r *http.Request, _ []byte) (response, error) {
	zone, id := r.PathValue("zone"), r.PathValue("id")
	for _, image := range a.World.Images() {
		if image.Zone == zone && snapshotID(image.ID) == id {
			return ok(blockSnapshot{
				ID: id, Name: image.Name, Size: volumeSize, ProjectID: a.Project, References: []reference{}, Tags: []string{}, Zone: zone,
				CreatedAt: blockTime(image.Created), UpdatedAt: blockTime(image.Created), Status: "available", Class: "sbs",
			})
		}
	}
	return response{}, notFound("snapshot", id)
}
