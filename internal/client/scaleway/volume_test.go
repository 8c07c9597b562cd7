package scaleway_test

import (
	"reflect"
	"testing"

	"divims/internal/pool"
)

// leftover returns a detached block volume with the pool's tag.
func leftover(number int) object {
	return with(blockVolume(number, []string{poolTag}), object{"status": "available", "references": []object{}})
}

// localVolume returns a detached local volume of the project.
func localVolume(number int, tags ...string) object {
	return object{"id": uuid(number), "name": "bbb-l_ssd", "size": 10000000000, "volume_type": "l_ssd", "organization": project,
		"project": project, "tags": tags, "server": nil, "state": "available", "zone": "fr-par-1",
		"creation_date": "2025-11-04T10:13:59.796140+00:00", "modification_date": "2025-11-04T10:13:59.796140+00:00"}
}

// reference is the reference to a volume by a machine or snapshot.
var reference = object{"id": uuid(99), "product_resource_type": "instance_server", "product_resource_id": uuid(1), "type": "exclusive", "status": "detaching"}

func TestLeftoversAreDetachedAndOfThePool(t *testing.T) {
	blocks := []object{
		leftover(1),
		with(leftover(2), object{"tags": []string{}}),
		with(leftover(3), object{"project_id": stranger}),
		with(leftover(4), object{"references": []object{reference}}),
		with(leftover(5), object{"status": "in_use"}),
		with(leftover(6), object{"status": "deleting"}),
	}
	locals := []object{
		localVolume(11, poolTag),
		localVolume(12),
		with(localVolume(13, poolTag), object{"server": object{"id": uuid(1), "name": "bbb-w1"}}),
		with(localVolume(14, poolTag), object{"state": "snapshotting"}),
	}
	cloud := newCloud(t)
	cloud.on("GET "+block1+"/volumes", blockList("volumes", blocks...))
	cloud.on("GET "+par1+"/volumes", list("volumes", locals...))
	got, err := cloud.client(oneZone).Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []pool.Volume{
		{ID: uuid(1), Zone: "fr-par-1", Kind: pool.BlockVolume, Name: "bbb_sbs_volume_0", Tags: []string{poolTag}},
		{ID: uuid(11), Zone: "fr-par-1", Kind: pool.LocalVolume, Name: "bbb-l_ssd", Tags: []string{poolTag}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("leftovers are %+v, want %+v", got, want)
	}
	if query := cloud.last("GET " + block1 + "/volumes").query; query.Get("project_id") != project || query.Get("tags") != poolTag {
		t.Errorf("block volumes are asked for with %v", query)
	}
}

func TestLeftoversAreCompleteOrAnError(t *testing.T) {
	for _, broken := range []string{"GET " + block1 + "/volumes", "GET " + par1 + "/volumes"} {
		t.Run(broken, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on("GET "+block1+"/volumes", blockList("volumes", leftover(1)))
			cloud.on("GET "+par1+"/volumes", list("volumes"))
			cloud.on(broken, say(503, ""))
			if got, err := cloud.client(oneZone).Leftovers(t.Context()); err == nil || got != nil {
				t.Errorf("leftovers are %v, %v; want an error", got, err)
			}
		})
	}
}

func TestDeleteVolumeDeletesOnlyLeftovers(t *testing.T) {
	path, localPath := block1+"/volumes/"+uuid(1), par1+"/volumes/"+uuid(1)
	local := func(volume object) object { return object{"volume": volume} }
	tests := map[string]struct {
		kind   pool.VolumeKind
		get    script
		delete script
		err    bool
		gone   bool // whether a deletion was asked for
	}{
		"a leftover":                       {pool.BlockVolume, say(200, leftover(1)), say(204, nil), false, true},
		"one that is gone already":         {pool.BlockVolume, notFound("block_volume", uuid(1)), nil, false, false},
		"one that goes just now":           {pool.BlockVolume, say(200, leftover(1)), notFound("block_volume", uuid(1)), false, true},
		"one that cannot be deleted":       {pool.BlockVolume, say(200, leftover(1)), say(500, ""), true, true},
		"one that nobody knows of":         {pool.BlockVolume, say(404, "<html></html>"), nil, true, false},
		"one without the tag":              {pool.BlockVolume, say(200, with(leftover(1), object{"tags": []string{}})), nil, true, false},
		"another project's":                {pool.BlockVolume, say(200, with(leftover(1), object{"project_id": stranger})), nil, true, false},
		"one that is still held":           {pool.BlockVolume, say(200, with(leftover(1), object{"status": "in_use", "references": []object{reference}})), nil, true, false},
		"a local leftover":                 {pool.LocalVolume, say(200, local(localVolume(1, poolTag))), say(204, nil), false, true},
		"a local one without the tag":      {pool.LocalVolume, say(200, local(localVolume(1))), nil, true, false},
		"a local one that is held":         {pool.LocalVolume, say(200, local(with(localVolume(1, poolTag), object{"server": object{"id": uuid(1)}}))), nil, true, false},
		"a local one that is gone already": {pool.LocalVolume, notFound("instance_volume", uuid(1)), nil, false, false},
		"an answer without a local volume": {pool.LocalVolume, say(200, object{}), nil, true, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			at := path
			if test.kind == pool.LocalVolume {
				at = localPath
			}
			cloud.on("GET "+at, test.get)
			if test.delete != nil {
				cloud.on("DELETE "+at, test.delete)
			}
			err := cloud.client().DeleteVolume(t.Context(), pool.Volume{ID: uuid(1), Zone: "fr-par-1", Kind: test.kind})
			if (err != nil) != test.err {
				t.Errorf("error %v, want one: %v", err, test.err)
			}
			if got := len(cloud.changes()) > 0; got != test.gone {
				t.Errorf("deletion asked for: %v, want %v", got, test.gone)
			}
		})
	}
}
