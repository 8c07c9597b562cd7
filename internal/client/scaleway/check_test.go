package scaleway_test

import (
	"reflect"
	"strings"
	"testing"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

func TestEquipmentIsSaidOrWhatIsWrongWithIt(t *testing.T) {
	image := func(rootVolume object) script {
		return say(200, object{"image": object{"id": uuid(20), "root_volume": rootVolume}})
	}
	snapshot := "GET " + block1 + "/snapshots/" + uuid(99)
	tests := map[string]struct {
		change func(*scaleway.Config)
		calls  map[string]script
		want   string // the parts, joined
		err    []string
	}{
		"no settings":            {change: func(*scaleway.Config) {}},
		"all":                    {change: equipped, want: "the security group bbb-servers; the tags team=video and gold; an interface in the private network bbb; a root volume of 40 GB with 15000 operations per second"},
		"the size of the image":  {change: func(c *scaleway.Config) { c.RootVolumeSize = 20 }, want: "a root volume of 20 GB"},
		"smaller than the image": {change: func(c *scaleway.Config) { c.RootVolumeSize = 10 }, err: []string{"DIVIMS_ROOT_VOLUME_SIZE is 10", "bbb-2025", "needs 20 GB"}},
		"smaller than a local image": {change: func(c *scaleway.Config) { c.RootVolumeSize = 10 }, calls: map[string]script{
			"GET " + par1 + "/images/" + uuid(20): image(object{"id": uuid(99), "size": 30000000000, "volume_type": "l_ssd"})}, err: []string{"needs 30 GB"}},
		"an image whose size is unknown": {change: func(c *scaleway.Config) { c.RootVolumeSize = 10 }, calls: map[string]script{snapshot: say(403, "")}, want: "a root volume of 10 GB (whether the image fits is unknown: "},
		"IOPS of a local volume": {change: func(c *scaleway.Config) { c.RootVolumeIOPS = 15000 }, calls: map[string]script{
			"GET " + par1 + "/images/" + uuid(20): image(object{"id": uuid(99), "size": 30000000000, "volume_type": "l_ssd"})}, err: []string{"DIVIMS_ROOT_VOLUME_IOPS", "bbb-2025"}},
		"several things at once": {change: equipped, calls: map[string]script{"GET " + par1 + "/security_groups": list("security_groups"), readNet: notFound("private_network", networkID)},
			err: []string{"DIVIMS_SECURITY_GROUP", "DIVIMS_PRIVATE_NETWORK"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := equippedCloud(t)
			cloud.on(snapshot, say(200, object{"id": uuid(99), "size": 20000000000, "status": "available", "zone": "fr-par-1"}))
			for call, answer := range test.calls {
				cloud.on(call, answer)
			}
			parts, err := cloud.client(test.change).Equipment(t.Context(), "fr-par-1")
			if got := strings.Join(parts, "; "); !strings.HasPrefix(got, test.want) && test.err == nil {
				t.Errorf("equipment is %q, want %q", got, test.want)
			}
			if (err != nil) != (test.err != nil) {
				t.Fatalf("error %v, want one: %t", err, test.err != nil)
			}
			for _, want := range test.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want %q in it", err, want)
				}
			}
		})
	}
}

func TestLackingNamesWhatOlderMachinesDoNotHave(t *testing.T) {
	older := with(instance(1, "bbb-w1"), object{"security_group": object{"id": uuid(399), "name": "Default security group"}})
	newer := with(instance(2, "bbb-w2"), object{
		"security_group": object{"id": groupID, "name": "bbb-servers"}, "tags": []string{poolTag, "gold", "team=video"},
		"private_nics": []object{{"id": uuid(304), "private_network_id": networkID}},
	})
	cloud := equippedCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers", older, newer))
	client := cloud.client(oneZone, equipped)
	machines, err := client.Machines(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	machines = append(machines, pool.Machine{ID: "host", Zone: "fr-par-1", BareMetal: true})
	got, err := client.Lacking(t.Context(), machines)
	if want := map[string][]string{uuid(1): {"the security group", "tags", "the private network"}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("lacking is %v, %v; want %v", got, err, want)
	}
	if got := cloud.count("GET " + par1 + "/security_groups"); got != 1 {
		t.Errorf("the groups were listed %d times", got)
	}
	if got, err := cloud.client(oneZone).Lacking(t.Context(), machines); err != nil || len(got) > 0 {
		t.Errorf("without settings, lacking is %v, %v", got, err)
	}
}
