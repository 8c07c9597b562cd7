package scaleway_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

// blockVolume returns a block volume of the project that is in use.
func blockVolume(number int, tags []string) object {
	return object{
		"id": uuid(number), "name": "bbb_sbs_volume_0", "type": "sbs_5k", "size": 10000000000, "project_id": project,
		"created_at": "2025-11-04T10:13:59.796140Z", "updated_at": "2025-11-04T10:13:59.796140Z", "references": nil,
		"parent_snapshot_id": uuid(99), "status": "in_use", "tags": tags, "specs": object{"perf_iops": 5000, "class": "sbs"},
		"last_detached_at": nil, "zone": "fr-par-1",
	}
}

// mark is the tag by which the deletion of machine 1 marks volumes.
const mark = "divims-left-by=00000000-0000-4000-8000-000000000001"

// ordered is the machine to change, as the caller knows it.
func ordered() pool.Machine {
	return pool.Machine{ID: uuid(1), Zone: "fr-par-1", Name: "bbb-w1", Tags: []string{poolTag}}
}

// remove prepares a deletion and does it.
func remove(t *testing.T, client *scaleway.Client, machine pool.Machine) error {
	t.Helper()
	deletion, err := client.PrepareDelete(t.Context(), machine)
	if err != nil {
		return err
	}
	return deletion.Delete(t.Context())
}

func TestDeleteUsesTheCallThatTheStateAllows(t *testing.T) {
	terminate := []string{"PATCH " + block1 + "/volumes/" + uuid(501), "POST " + machinePath + "/action"}
	tests := map[string]struct {
		machine object
		want    []string
		err     string
	}{
		"running":          {machine: instance(1, "bbb-w1"), want: terminate},
		"stopped in place": {machine: with(instance(1, "bbb-w1"), object{"state": "stopped in place", "allowed_actions": []string{"poweron", "terminate"}}), want: terminate},
		"stopped":          {machine: stopped(), want: []string{"PATCH " + block1 + "/volumes/" + uuid(501), "DELETE " + machinePath}},
		"terminating":      {machine: with(instance(1, "bbb-w1"), object{"state": "stopping", "state_detail": "terminating"}), want: []string{}},
		"starting":         {machine: with(instance(1, "bbb-w1"), object{"state": "starting", "allowed_actions": []string{"stop_in_place", "backup"}}), want: []string{}, err: "starting"},
		"locked":           {machine: with(instance(1, "bbb-w1"), object{"state": "locked", "allowed_actions": []string{}}), want: []string{}, err: "locked"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+machinePath, say(200, object{"server": test.machine}))
			err := remove(t, cloud.client(), ordered())
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if got := cloud.changes(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("changes are %v, want %v", got, test.want)
			}
		})
	}
}

func TestDeleteMarksVolumesThatStay(t *testing.T) {
	volumes := object{
		"0": object{"id": uuid(501), "volume_type": "sbs_volume"},
		"1": object{"id": uuid(502), "volume_type": "l_ssd"},
		"2": object{"id": uuid(503), "volume_type": "scratch"},
	}
	block, local := "PATCH "+block1+"/volumes/"+uuid(501), "PATCH "+par1+"/volumes/"+uuid(502)
	tests := map[string]struct {
		machine object
		want    []string
	}{
		"termination leaves block volumes":                {instance(1, "bbb-w1"), []string{block}},
		"deletion of a stopped one leaves local ones too": {stopped(), []string{block, local}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+machinePath, say(200, object{"server": with(test.machine, object{"volumes": volumes})}))
			cloud.on("GET "+block1+"/volumes/"+uuid(501), say(200, blockVolume(501, []string{"gold"})))
			cloud.on("GET "+par1+"/volumes/"+uuid(502), say(200, object{"volume": localVolume(502, "gold")}))
			cloud.on(local, say(200, object{"volume": localVolume(502)}))
			if err := remove(t, cloud.client(), ordered()); err != nil {
				t.Fatal(err)
			}
			tagged := map[string]bool{}
			for _, change := range cloud.changes() {
				if strings.HasPrefix(change, "PATCH ") {
					tagged[change] = true
				}
			}
			if len(tagged) != len(test.want) {
				t.Errorf("tagged %v, want %v", tagged, test.want)
			}
			for _, change := range test.want {
				if got := cloud.last(change).json(t); !reflect.DeepEqual(got, object{"tags": []any{"gold", poolTag, mark}}) {
					t.Errorf("%s with %v, want the pool's tag and the machine's name added", change, got)
				}
			}
		})
	}
}

func TestDeleteFailsIfVolumesCannotBeMarked(t *testing.T) {
	terminated := func(cloud *cloud) bool {
		changes := cloud.changes()
		return len(changes) > 0 && changes[len(changes)-1] == "POST "+machinePath+"/action"
	}
	tests := map[string]struct {
		get, patch script
		ends       bool
	}{
		"a volume that cannot be read":   {say(500, ""), say(200, blockVolume(501, nil)), false},
		"a volume that cannot be marked": {say(200, blockVolume(501, nil)), say(500, ""), false},
		"a volume that is gone":          {notFound("block_volume", uuid(501)), say(500, ""), true},
		"a volume that is marked":        {say(200, blockVolume(501, []string{poolTag, mark})), say(500, ""), true},
		"a volume with another's mark":   {say(200, blockVolume(501, []string{poolTag, "divims-left-by=" + uuid(2)})), say(500, ""), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+machinePath, say(200, object{"server": instance(1, "bbb-w1")}))
			cloud.on("GET "+block1+"/volumes/"+uuid(501), test.get)
			cloud.on("PATCH "+block1+"/volumes/"+uuid(501), test.patch)
			err := remove(t, cloud.client(), ordered())
			if (err == nil) != test.ends || terminated(cloud) != test.ends {
				t.Errorf("error %v, terminated: %v; want the end: %v", err, terminated(cloud), test.ends)
			}
		})
	}
}

// TestCanceledDeletionTakesTheMarksOff checks that the mark of a volume is taken
// off if its machine was not deleted, and stays if that is not known.
func TestCanceledDeletionTakesTheMarksOff(t *testing.T) {
	action := "POST " + machinePath + "/action"
	volume := "PATCH " + block1 + "/volumes/" + uuid(501)
	tests := map[string]struct {
		delete  script // nil: not called
		changes []string
		marked  bool // at the end
	}{
		"nobody tried to delete it": {nil, []string{volume, volume}, false},
		"the deletion was refused":  {say(403, object{"type": "permissions_denied", "details": []object{}}), []string{volume, action, volume}, false},
		"a proxy refused it":        {say(404, "<html></html>"), []string{volume, action, volume}, false},
		"it changes its state already": {say(409, object{"type": "transient_state", "resource": "instance", "resource_id": uuid(1), "current_state": "stopping"}),
			[]string{volume, action}, true},
		"it is not known what became": {say(502, "<html></html>"), []string{volume, action}, true},
		"the answer was too many":     {say(429, ""), []string{volume, action}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+machinePath, say(200, object{"server": instance(1, "bbb-w1")}))
			cloud.on("GET "+block1+"/volumes/"+uuid(501), say(200, blockVolume(501, []string{"gold"})))
			deletion, err := cloud.client().PrepareDelete(t.Context(), ordered())
			if err != nil {
				t.Fatal(err)
			}
			if test.delete != nil {
				cloud.on(action, test.delete)
				if err := deletion.Delete(t.Context()); err == nil {
					t.Fatal("no error")
				}
			}
			if err := deletion.Cancel(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := cloud.changes(); !reflect.DeepEqual(got, test.changes) {
				t.Fatalf("changes are %v, want %v", got, test.changes)
			}
			want := object{"tags": []any{"gold"}}
			if test.marked {
				want = object{"tags": []any{"gold", poolTag, mark}}
			}
			if got := cloud.last(volume).json(t); !reflect.DeepEqual(got, want) {
				t.Errorf("the volume's tags are %v, want %v", got, want)
			}
		})
	}
}

func TestPowerOnAndReboot(t *testing.T) {
	tests := map[string]struct {
		machine object
		reboot  bool
		action  string // empty for an error
	}{
		"a stopped machine starts":             {machine: stopped(), action: "poweron"},
		"a running machine does not start":     {machine: instance(1, "bbb-w1")},
		"an unfinished machine does not start": {machine: with(stopped(), object{"tags": []string{poolTag, "divims-preparing"}})},
		"a running machine reboots":            {machine: instance(1, "bbb-w1"), reboot: true, action: "reboot"},
		"a stopped machine cannot be rebooted": {machine: stopped(), reboot: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+machinePath, say(200, object{"server": test.machine}))
			act := cloud.client().PowerOn
			if test.reboot {
				act = cloud.client().Reboot
			}
			err := act(t.Context(), ordered())
			if test.action == "" {
				if got := cloud.changes(); err == nil || len(got) > 0 {
					t.Errorf("error %v and changes %v, want an error and none", err, got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := cloud.last("POST " + machinePath + "/action").json(t); got["action"] != test.action {
				t.Errorf("the action is %v, want %s", got, test.action)
			}
		})
	}
}

// Whether a machine belongs to the pool is decided by the API's answer, not by the
// caller's values.
func TestForeignMachinesAreNotTouched(t *testing.T) {
	tests := map[string]object{
		"without the tag":    with(instance(1, "bbb-w1"), object{"tags": []string{}}),
		"in another project": with(instance(1, "bbb-w1"), object{"project": stranger}),
		"another machine":    instance(2, "bbb-w1"),
		"no machine":         nil,
	}
	for name, machine := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+machinePath, say(200, object{"server": machine}))
			client := cloud.client()
			for action, err := range map[string]error{
				"power on": client.PowerOn(t.Context(), ordered()),
				"reboot":   client.Reboot(t.Context(), ordered()),
				"delete":   remove(t, client, ordered()),
			} {
				if err == nil || !strings.Contains(err.Error(), action+" bbb-w1") {
					t.Errorf("%s: error %v", action, err)
				}
			}
			if got := cloud.changes(); len(got) > 0 {
				t.Errorf("changes are %v, want none", got)
			}
		})
	}
}

func TestAdoptedMachineBelongsToThePool(t *testing.T) {
	cloud := readyCloud(t)
	cloud.on("GET "+machinePath, say(200, object{"server": with(instance(1, "bbb-w1"), object{"tags": []string{}})}))
	if err := remove(t, cloud.client(adopt), ordered()); err != nil {
		t.Error(err)
	}
}

func TestDeleteOfAMissingMachine(t *testing.T) {
	cloud := readyCloud(t)
	cloud.on("GET "+machinePath, notFound("instance_server", uuid(1)))
	if err := remove(t, cloud.client(), ordered()); !errors.Is(err, pool.ErrGone) {
		t.Errorf("error %v, want pool.ErrGone", err)
	}
}

func TestBareMetalIsRebootedAndNeverDeleted(t *testing.T) {
	path := metal1 + "/servers/" + uuid(1)
	machine := pool.Machine{ID: uuid(1), Zone: "fr-par-1", Name: "bbb-w1", BareMetal: true}
	t.Run("reboot and power on", func(t *testing.T) {
		cloud := newCloud(t)
		cloud.on("GET "+path, say(200, host(1, "bbb-w1", "ready")))
		cloud.on("POST "+path+"/reboot", say(200, host(1, "bbb-w1", "starting")))
		cloud.on("POST "+path+"/start", say(200, host(1, "bbb-w1", "starting")))
		if err := cloud.client(bareMetal).Reboot(t.Context(), machine); err != nil {
			t.Error(err)
		}
		if err := cloud.client(bareMetal).PowerOn(t.Context(), machine); err != nil {
			t.Error(err)
		}
		for _, what := range []string{"/reboot", "/start"} {
			if got := cloud.last("POST " + path + what).json(t); got["boot_type"] != "normal" {
				t.Errorf("%s with %v, want a normal boot", what, got)
			}
		}
	})
	t.Run("delete", func(t *testing.T) {
		if err := remove(t, newCloud(t).client(bareMetal), machine); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a host of another name is not touched", func(t *testing.T) {
		cloud := newCloud(t)
		cloud.on("GET "+path, say(200, host(1, "bbb-w2", "ready")))
		if err := cloud.client(bareMetal).Reboot(t.Context(), machine); err == nil {
			t.Error("no error")
		}
	})
}
