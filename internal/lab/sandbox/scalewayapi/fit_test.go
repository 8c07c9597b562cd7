package scalewayapi_test

import (
	"net/http"
	"testing"

	"divims/internal/pool"
)

// A type that does not fit the image is refused with 400, one that does not exist with 404.
func TestTypesHaveToFitTheImage(t *testing.T) {
	s := newSandbox(t)
	s.world.AddImage(pool.Image{ID: "11111111-0000-4000-8000-000000000001", Zone: "fr-par-1", Name: "arm", Arch: "arm64"})
	s.world.AddImage(pool.Image{ID: "11111111-0000-4000-8000-000000000002", Zone: "fr-par-1", Name: "local", LocalSize: 20_000_000_000})
	s.world.AddImage(pool.Image{ID: "11111111-0000-4000-8000-000000000003", Zone: "fr-par-1", Name: "large", LocalSize: 700_000_000_000})
	for name, test := range map[string]struct {
		image, commercialType string
		want                  int
	}{
		"another architecture":   {"11111111-0000-4000-8000-000000000001", blockType, http.StatusBadRequest},
		"no local disk":          {"11111111-0000-4000-8000-000000000002", blockType, http.StatusBadRequest},
		"a local disk":           {"11111111-0000-4000-8000-000000000002", localType, http.StatusCreated},
		"a local disk too small": {"11111111-0000-4000-8000-000000000003", localType, http.StatusBadRequest},
		"no such type":           {imageID, "NOPE-1", http.StatusNotFound},
	} {
		answer := s.call("POST", zone+"/servers", map[string]any{"name": "bbb-w1", "commercial_type": test.commercialType, "image": test.image, "project": project})
		if answer.status != test.want {
			t.Errorf("%s: status %d, want %d: %v", name, answer.status, test.want, answer.body)
		}
	}
}
