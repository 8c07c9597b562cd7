package scaleway

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"

	"divims/internal/pool"
)

// TestTypesAreTranslated has types as Scaleway describes them, shortened.
func TestTypesAreTranslated(t *testing.T) {
	for name, test := range map[string]struct {
		json string
		want pool.MachineType
	}{
		"with local storage":    {`{"arch":"x86_64","volumes_constraint":{"min_size":0,"max_size":300},"per_volume_constraint":{"l_ssd":{"min_size":1,"max_size":800}},"capabilities":{"block_storage":true}}`, pool.MachineType{Arch: "x86_64", LocalStorage: 300}},
		"without local storage": {`{"arch":"arm64","volumes_constraint":{"min_size":0,"max_size":0},"per_volume_constraint":{"l_ssd":{"min_size":0,"max_size":0}},"capabilities":{"block_storage":true}}`, pool.MachineType{Arch: "arm64"}},
		"no block volumes":      {`{"arch":"x86_64","volumes_constraint":{"max_size":300},"capabilities":{"block_storage":false}}`, pool.MachineType{Arch: "x86_64", LocalStorage: 300, NoBlock: true}},
		"one that has ended":    {`{"arch":"x86_64","volumes_constraint":{"max_size":0},"end_of_service":true}`, pool.MachineType{Arch: "x86_64", Ended: true}},
		"nothing is known":      {`{"arch":"unknown_arch"}`, pool.MachineType{LocalStorage: math.MaxInt64}},
	} {
		var details instance.ServerType
		if err := json.Unmarshal([]byte(test.json), &details); err != nil {
			t.Fatal(err)
		}
		if got := toType(&details); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// TestVolumesOfImagesAreTranslated has images with the kinds of volumes that they can have.
func TestVolumesOfImagesAreTranslated(t *testing.T) {
	for name, test := range map[string]struct {
		json string
		want pool.Image
	}{
		"local":         {`{"arch":"x86_64","root_volume":{"volume_type":"l_ssd","size":10}}`, pool.Image{Arch: "x86_64", LocalSize: 10}},
		"two local":     {`{"root_volume":{"volume_type":"l_ssd","size":10},"extra_volumes":{"1":{"volume_type":"l_ssd","size":5}}}`, pool.Image{LocalSize: 15}},
		"block":         {`{"root_volume":{"volume_type":"sbs_snapshot","size":0}}`, pool.Image{HasBlock: true}},
		"either":        {`{"root_volume":{"volume_type":"unified","size":10}}`, pool.Image{}},
		"no volumes":    {`{"arch":"unknown_arch"}`, pool.Image{}},
		"local & block": {`{"root_volume":{"volume_type":"l_ssd","size":10},"extra_volumes":{"1":{"volume_type":"sbs_snapshot"}}}`, pool.Image{LocalSize: 10, HasBlock: true}},
	} {
		var image instance.Image
		if err := json.Unmarshal([]byte(test.json), &image); err != nil {
			t.Fatal(err)
		}
		if got := toImage("", &image); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
