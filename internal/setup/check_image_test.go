package setup

import (
	"strings"
	"testing"

	"divims/internal/pool"
)

// TestCheckImage has images and types of a zone with what is said about them.
func TestCheckImage(t *testing.T) {
	block := pool.Image{Name: "bbb-1", Arch: "x86_64", HasBlock: true}
	local := pool.Image{Name: "bbb-1", Arch: "x86_64", LocalSize: 60_000_000_000}
	pop2 := pool.MachineType{Arch: "x86_64"}
	arm := pool.MachineType{Arch: "arm64"}
	gp1 := pool.MachineType{Arch: "x86_64", LocalStorage: 300_000_000_000}
	type types = map[string]pool.MachineType
	for name, test := range map[string]struct {
		image pool.Image
		types types
		want  string
	}{
		"both fit":                         {block, types{"A": pop2, "B": gp1}, "ok A, B fit the image bbb-1"},
		"one is not in the zone":           {block, types{"A": pop2}, "ok A fit the image bbb-1"},
		"none is in the zone":              {block, types{}, ""},
		"one has another architecture":     {block, types{"A": arm, "B": gp1}, "warning not every commercial type fits the image bbb-1: A has the architecture arm64, the image is for x86_64"},
		"all have another architecture":    {block, types{"A": arm}, "error no commercial type fits the image bbb-1: A has the architecture arm64, the image is for x86_64"},
		"a local image without local disk": {local, types{"A": pop2, "B": gp1}, "warning not every commercial type fits the image bbb-1: A has no local storage, and the image has local volumes (l_ssd)"},
		"a local image that is too large":  {local, types{"A": {LocalStorage: 20_000_000_000}}, "error no commercial type fits the image bbb-1: A has 20 GB of local storage, the image's local volumes have 60 GB"},
		"no block volumes":                 {block, types{"A": {NoBlock: true}}, "error no commercial type fits the image bbb-1: A cannot have block volumes (sbs_volume), and the image has some"},
		"a type that ended":                {block, types{"A": {Ended: true}, "B": pop2}, "warning not every commercial type fits the image bbb-1: A is no longer offered by Scaleway"},
		"nothing is said":                  {pool.Image{Name: "bbb-1"}, types{"A": {}}, "ok A fit the image bbb-1"},
		"the types cannot be read":         {block, nil, "unknown whether the commercial types fit the image: status 403"},
	} {
		c := checker{Config: Config{Types: []string{"A", "B"}}}
		c.seen.Images = map[string]pool.Reading[pool.Image]{"fr-par-1": pool.Seen(test.image)}
		c.seen.Types = map[string]pool.Reading[types]{"fr-par-1": pool.Seen(test.types)}
		if test.types == nil {
			c.seen.Types["fr-par-1"] = pool.Unknown[types]("status 403")
		}
		c.checkImage("fr-par-1", Error)
		got := ""
		if len(c.findings) > 0 {
			got = string(c.findings[0].Level) + " " + c.findings[0].What
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if strings.HasPrefix(got, "error") && !strings.Contains(c.findings[0].Fix, "zone=fr-par-1") {
			t.Errorf("%s: %q does not say how to list the types", name, c.findings[0].Fix)
		}
	}
}
