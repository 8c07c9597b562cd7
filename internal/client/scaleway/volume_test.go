package scaleway_test

import (
	"reflect"
	"testing"

	"divims/internal/pool"
)

// leftover returns a detached block volume with the mark of machine 1.
func leftover(number int) object {
	return with(blockVolume(number, []string{poolTag, mark}), object{"status": "available", "references": []object{}})
}

// localVolume returns a detached local volume of the project.
func localVolume(number int, tags ...string) object {
	return object{"id": uuid(number), "name": "bbb-l_ssd", "size": 10000000000, "volume_type": "l_ssd", "organization": project,
		"project": project, "tags": tags, "server": nil, "state": "available", "zone": "fr-par-1",
		"creation_date": "2025-11-04T10:13:59.796140+00:00", "modification_date": "2025-11-04T10:13:59.796140+00:00"}
}

// reference is the reference to a volume by a machine or snapshot.
var reference = object{"id": uuid(99), "product_resource_type": "instance_server", "product_resource_id": uuid(1), "type": "exclusive", "status": "detaching"}

func TestLeftoversAreMarkedAndOfThePool(t *testing.T) {
	blocks := []object{
		leftover(1),
		with(leftover(2), object{"tags": []string{mark}}),
		with(leftover(3), object{"project_id": stranger}),
		with(leftover(4), object{"references": []object{reference}}),
		with(leftover(5), object{"status": "in_use"}),
		with(leftover(6), object{"status": "deleting"}),
		with(leftover(7), object{"tags": []string{poolTag}}),
	}
	locals := []object{
		localVolume(11, poolTag, mark),
		localVolume(12),
		with(localVolume(13, poolTag, mark), object{"server": object{"id": uuid(1), "name": "bbb-w1"}}),
		with(localVolume(14, poolTag), object{"state": "snapshotting"}),
	}
	cloud := newCloud(t)
	cloud.on("GET "+block1+"/volumes", blockList("volumes", blocks...))
	cloud.on("GET "+par1+"/volumes", list("volumes", locals...))
	got, err := cloud.client(oneZone).Leftovers(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tags := []string{poolTag, mark}
	want := []pool.Volume{
		{ID: uuid(1), Zone: "fr-par-1", Kind: pool.BlockVolume, Name: "bbb_sbs_volume_0", Tags: tags, MachineID: uuid(1)},
		{ID: uuid(4), Zone: "fr-par-1", Kind: pool.BlockVolume, Name: "bbb_sbs_volume_0", Tags: tags, MachineID: uuid(1), Attached: true},
		{ID: uuid(5), Zone: "fr-par-1", Kind: pool.BlockVolume, Name: "bbb_sbs_volume_0", Tags: tags, MachineID: uuid(1), Attached: true},
		{ID: uuid(7), Zone: "fr-par-1", Kind: pool.BlockVolume, Name: "bbb_sbs_volume_0", Tags: []string{poolTag}},
		{ID: uuid(11), Zone: "fr-par-1", Kind: pool.LocalVolume, Name: "bbb-l_ssd", Tags: tags, MachineID: uuid(1)},
		{ID: uuid(13), Zone: "fr-par-1", Kind: pool.LocalVolume, Name: "bbb-l_ssd", Tags: tags, MachineID: uuid(1), Attached: true},
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
			if got, err := cloud.client(oneZone).Leftovers(t.Context(), nil); err == nil || got != nil {
				t.Errorf("leftovers are %v, %v; want an error", got, err)
			}
		})
	}
}

func TestDeleteVolumeDeletesOnlyLeftovers(t *testing.T) {
	path, localPath := block1+"/volumes/"+uuid(1), par1+"/volumes/"+uuid(1)
	local := func(volume object) object { return object{"volume": volume} }
	tests := map[string]struct {
		kind    pool.VolumeKind
		get     script
		delete  script
		err     bool
		gone    bool   // whether a deletion was asked for
		machine script // nil: it is gone
	}{
		"a leftover":                       {pool.BlockVolume, say(200, leftover(1)), say(204, nil), false, true, nil},
		"one that is gone already":         {pool.BlockVolume, notFound("block_volume", uuid(1)), nil, false, false, nil},
		"one that goes just now":           {pool.BlockVolume, say(200, leftover(1)), notFound("block_volume", uuid(1)), false, true, nil},
		"one that cannot be deleted":       {pool.BlockVolume, say(200, leftover(1)), say(500, ""), true, true, nil},
		"one that nobody knows of":         {pool.BlockVolume, say(404, "<html></html>"), nil, true, false, nil},
		"one without the tag":              {pool.BlockVolume, say(200, with(leftover(1), object{"tags": []string{}})), nil, true, false, nil},
		"another project's":                {pool.BlockVolume, say(200, with(leftover(1), object{"project_id": stranger})), nil, true, false, nil},
		"one that is still held":           {pool.BlockVolume, say(200, with(leftover(1), object{"status": "in_use", "references": []object{reference}})), nil, true, false, nil},
		"a local leftover":                 {pool.LocalVolume, say(200, local(localVolume(1, poolTag, mark))), say(204, nil), false, true, nil},
		"a local one without the tag":      {pool.LocalVolume, say(200, local(localVolume(1))), nil, true, false, nil},
		"a local one that is held":         {pool.LocalVolume, say(200, local(with(localVolume(1, poolTag, mark), object{"server": object{"id": uuid(1)}}))), nil, true, false, nil},
		"a local one that is gone already": {pool.LocalVolume, notFound("instance_volume", uuid(1)), nil, false, false, nil},
		"one whose machine exists":         {pool.BlockVolume, say(200, leftover(1)), nil, true, false, say(200, object{"server": instance(1, "bbb-w1")})},
		"one whose machine lost its tag":   {pool.BlockVolume, say(200, leftover(1)), nil, true, false, say(200, object{"server": with(instance(1, "bbb-w1"), object{"tags": []string{}})})},
		"one whose machine is not read":    {pool.BlockVolume, say(200, leftover(1)), nil, true, false, say(404, "<html></html>")},
		"one marked by an earlier version": {pool.BlockVolume, say(200, with(leftover(1), object{"tags": []string{poolTag}})), nil, true, false, nil},
		"a local one whose machine exists": {pool.LocalVolume, say(200, local(localVolume(1, poolTag, mark))), nil, true, false, say(200, object{"server": instance(1, "bbb-w1")})},
		"an answer without a local volume": {pool.LocalVolume, say(200, object{}), nil, true, false, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			at := path
			if test.kind == pool.LocalVolume {
				at = localPath
			}
			cloud.on("GET "+at, test.get)
			cloud.on("GET "+machinePath, notFound("instance_server", uuid(1)))
			if test.machine != nil {
				cloud.on("GET "+machinePath, test.machine)
			}
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

// TestUnmarkVolume checks that a volume loses its mark only if the machine that the mark
// names exists and is not being deleted.
func TestUnmarkVolume(t *testing.T) {
	found := func(changes object) script { return say(200, object{"server": with(instance(1, "bbb-w1"), changes)}) }
	tests := map[string]struct {
		tags    []string
		machine script
		err     bool
		want    []any // tags; nil if they are not changed
	}{
		"its machine runs":        {[]string{"gold", poolTag, mark}, found(nil), false, []any{"gold"}},
		"its machine is stopping": {[]string{poolTag, mark}, found(object{"state": "stopping"}), false, nil},
		"its machine is gone":     {[]string{poolTag, mark}, notFound("instance_server", uuid(1)), false, nil},
		"its machine is not read": {[]string{poolTag, mark}, say(503, ""), true, nil},
		"it has no mark":          {[]string{"gold", poolTag}, found(nil), false, nil},
		"it is not the pool's":    {[]string{"pool-b", mark}, found(nil), false, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := block1 + "/volumes/" + uuid(501)
			cloud := newCloud(t)
			cloud.on("GET "+path, say(200, blockVolume(501, test.tags)))
			cloud.on("PATCH "+path, say(200, blockVolume(501, nil)))
			cloud.on("GET "+machinePath, test.machine)
			err := cloud.client().UnmarkVolume(t.Context(), pool.Volume{ID: uuid(501), Zone: "fr-par-1", Kind: pool.BlockVolume})
			if (err != nil) != test.err {
				t.Errorf("error %v, want one: %v", err, test.err)
			}
			if test.want == nil {
				if got := cloud.changes(); len(got) > 0 {
					t.Errorf("changes are %v, want none", got)
				}
				return
			}
			if got := cloud.last("PATCH " + path).json(t); !reflect.DeepEqual(got, object{"tags": test.want}) {
				t.Errorf("the tags become %v, want %v", got, test.want)
			}
		})
	}
}
