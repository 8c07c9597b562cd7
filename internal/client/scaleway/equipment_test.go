package scaleway_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

const (
	groupID   = "00000000-0000-4000-8000-000000000301"
	networkID = "00000000-0000-4000-8000-000000000302"
	readNet   = "GET /vpc/v2/regions/fr-par/private-networks/" + networkID
)

// The calls that prepare the machine of readyCloud, in their order.
var (
	patchVolume = "PATCH " + block1 + "/volumes/" + uuid(501)
	addNIC      = "POST " + machinePath + "/private_nics"
	setData     = "PATCH " + machinePath + "/user_data/cloud-init"
	setTags     = "PATCH " + machinePath
	powerOn     = "POST " + machinePath + "/action"
	deleteIt    = "DELETE " + machinePath
)

// equipped has a value for each setting of new machines.
func equipped(config *scaleway.Config) {
	config.SecurityGroups = []string{"bbb-servers"}
	config.Tags = []string{"team=video", "gold"}
	config.PrivateNetwork = networkID
	config.RootVolumeSize, config.RootVolumeIOPS = 40, 15000
}

// equippedCloud is readyCloud with all that equipped needs.
func equippedCloud(t *testing.T) *cloud {
	cloud := readyCloud(t)
	cloud.on("GET "+par1+"/security_groups", list("security_groups", group(groupID, "bbb-servers"), group(uuid(303), "bbb-servers-old")))
	cloud.on("GET "+ams1+"/security_groups", list("security_groups"))
	cloud.on(readNet, say(200, object{"id": networkID, "name": "bbb", "project_id": project, "region": "fr-par"}))
	cloud.on("GET "+par1+"/images/"+uuid(20), say(200, object{"image": object{"id": uuid(20), "name": "bbb-2025", "project": project,
		"root_volume": object{"id": uuid(99), "name": "", "size": 0, "volume_type": "sbs_snapshot"}}}))
	cloud.on(addNIC, say(201, object{"private_nic": object{"id": uuid(304), "private_network_id": networkID, "server_id": uuid(1), "state": "available"}}))
	return cloud
}

func group(id, name string) object {
	return object{"id": id, "name": name, "project": project, "project_default": false, "zone": "fr-par-1"}
}

// All equipment is there before the machine is marked as prepared and started.
func TestCreateEquipsTheMachine(t *testing.T) {
	for name, test := range map[string]struct {
		userData string
		steps    []string
	}{
		"with user data":    {userData, []string{create, patchVolume, addNIC, setData, setTags, powerOn}},
		"without user data": {"", []string{create, patchVolume, addNIC, setTags, powerOn}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := equippedCloud(t)
			order := order()
			order.UserData = []byte(test.userData)
			machine, err := cloud.client(equipped).Create(t.Context(), order)
			if err != nil || machine.State != pool.Starting {
				t.Fatalf("machine is %+v, %v", machine, err)
			}
			if got := cloud.changes(); !reflect.DeepEqual(got, test.steps) {
				t.Errorf("changes are %v, want %v", got, test.steps)
			}
			want := object{
				"name": "bbb-w1", "project": project, "commercial_type": typeA, "image": uuid(20), "dynamic_ip_required": false, "public_ips": []any{uuid(10)},
				"security_group": groupID, "volumes": object{"0": object{"size": 40e9, "volume_type": "sbs_volume"}},
				"tags": []any{poolTag, "divims-server-1", "team=video", "gold", "divims-preparing"},
			}
			for call, want := range map[string]object{
				create:      want,
				patchVolume: {"tags": []any{"team=video", "gold"}, "perf_iops": 15000.0},
				addNIC:      {"private_network_id": networkID},
				setTags:     {"tags": []any{poolTag, "divims-server-1", "team=video", "gold"}},
			} {
				if got := cloud.last(call).json(t); !reflect.DeepEqual(got, want) {
					t.Errorf("%s with\n%v, want\n%v", call, got, want)
				}
			}
		})
	}
}

// Each setting works without the others.
func TestCreateWithOneSetting(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*scaleway.Config)
		steps  []string // without those after the preparation
	}{
		"security group": {func(c *scaleway.Config) { c.SecurityGroups = []string{groupID} }, []string{create}},
		"tags":           {func(c *scaleway.Config) { c.Tags = []string{"gold"} }, []string{create, patchVolume, setTags}},
		"network":        {func(c *scaleway.Config) { c.PrivateNetwork = networkID }, []string{create, addNIC, setTags}},
		"size":           {func(c *scaleway.Config) { c.RootVolumeSize = 40 }, []string{create}},
		"IOPS":           {func(c *scaleway.Config) { c.RootVolumeIOPS = 5000 }, []string{create, patchVolume, setTags}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := equippedCloud(t)
			plain := order()
			plain.UserData = nil
			if _, err := cloud.client(test.change).Create(t.Context(), plain); err != nil {
				t.Fatal(err)
			}
			if got, want := cloud.changes(), slices.Concat(test.steps, []string{powerOn}); !reflect.DeepEqual(got, want) {
				t.Errorf("changes are %v, want %v", got, want)
			}
		})
	}
}

// The size belongs to a volume of the image's type. Local volumes get tags, too.
func TestLocalVolumeIsEquipped(t *testing.T) {
	cloud := equippedCloud(t)
	local := with(stopped(), object{"volumes": object{"0": object{"id": uuid(501), "volume_type": "l_ssd"}, "1": object{"id": uuid(502), "volume_type": "scratch"}}})
	cloud.on("GET "+par1+"/images/"+uuid(20), say(200, object{"image": object{"id": uuid(20), "root_volume": object{"id": uuid(99), "size": 10000000000, "volume_type": "l_ssd"}}}))
	cloud.on(create, say(201, object{"server": local}))
	cloud.on("PATCH "+par1+"/volumes/"+uuid(501), say(200, object{"volume": localVolume(501)}))
	if _, err := cloud.client(equipped, func(c *scaleway.Config) { c.RootVolumeIOPS = 0 }).Create(t.Context(), order()); err != nil {
		t.Fatal(err)
	}
	if got := cloud.last(create).json(t)["volumes"]; !reflect.DeepEqual(got, object{"0": object{"size": 40e9, "volume_type": "l_ssd"}}) {
		t.Errorf("ordered with the volumes %v", got)
	}
	if got := cloud.last("PATCH " + par1 + "/volumes/" + uuid(501)).json(t); !reflect.DeepEqual(got, object{"tags": []any{"team=video", "gold"}}) {
		t.Errorf("the volume is changed to %v", got)
	}
}

// A machine whose volume can have no IOPS is deleted, and the next type is tried.
func TestLocalVolumeHasNoIOPS(t *testing.T) {
	cloud := equippedCloud(t)
	cloud.on(create, say(201, object{"server": with(stopped(), object{"volumes": object{"0": object{"id": uuid(502), "volume_type": "l_ssd"}}})}), made())
	cloud.on("GET "+par1+"/volumes/"+uuid(502), say(200, object{"volume": localVolume(502)}))
	cloud.on("PATCH "+par1+"/volumes/"+uuid(502), say(200, object{"volume": localVolume(502)}))
	if _, err := cloud.client(equipped).Create(t.Context(), order()); err != nil {
		t.Fatal(err)
	}
	if got := cloud.last(create).json(t)["commercial_type"]; got != typeB || !slices.Contains(cloud.changes(), deleteIt) {
		t.Errorf("the last type is %v, the changes are %v; want %s after a deletion", got, cloud.changes(), typeB)
	}
	cloud.on(create, say(201, object{"server": with(stopped(), object{"volumes": object{"0": object{"id": uuid(502), "volume_type": "l_ssd"}}})}))
	_, err := cloud.client(equipped).Create(t.Context(), order())
	if refused, ok := errors.AsType[*pool.RefusalError](err); !ok || len(refused.Refusals) != 2 || refused.Refusals[0].Type != typeA || !strings.Contains(err.Error(), "DIVIMS_ROOT_VOLUME_IOPS") {
		t.Errorf("error %v, want a refusal of both types that names the setting", err)
	}
}

// While the API of private networks fails, machines are created and connected all the same.
func TestOutageOfNetworksDelaysNoMachine(t *testing.T) {
	cloud := equippedCloud(t)
	cloud.on(readNet, say(503, ""))
	if _, err := cloud.client(equipped).Create(t.Context(), order()); err != nil {
		t.Fatal(err)
	}
	if got := cloud.changes(); !slices.Contains(got, addNIC) {
		t.Errorf("changes are %v, want %s among them", got, addNIC)
	}
}

// A new volume that is still in transition is changed a second later.
func TestVolumeInTransitionIsAwaited(t *testing.T) {
	cloud := equippedCloud(t)
	busy := object{"type": "transient_state", "resource": "volume", "resource_id": uuid(501), "current_state": "creating"}
	cloud.on(patchVolume, say(409, busy), say(200, object{"id": uuid(501)}))
	if _, err := cloud.client(equipped).Create(t.Context(), order()); err != nil {
		t.Fatal(err)
	}
	want := []string{create, patchVolume, patchVolume, addNIC, setData, setTags, powerOn}
	if got := cloud.changes(); !reflect.DeepEqual(got, want) {
		t.Errorf("changes are %v, want %v", got, want)
	}
}

func TestWrongEquipmentNamesTheSetting(t *testing.T) {
	foreign := with(group(groupID, "bbb-servers"), object{"project": stranger})
	tests := map[string]struct {
		call   string
		answer script
		want   []string
	}{
		"no security group":            {"GET " + par1 + "/security_groups", list("security_groups", group(uuid(303), "bbb-servers-old")), []string{"fr-par-1 has no security group bbb-servers", "DIVIMS_SECURITY_GROUP"}},
		"another project's group":      {"GET " + par1 + "/security_groups", func(call) reply { return reply{200, object{"security_groups": []object{foreign}}, 1} }, []string{"no security group", "DIVIMS_SECURITY_GROUP"}},
		"two security groups":          {"GET " + par1 + "/security_groups", list("security_groups", group(groupID, "bbb-servers"), group(uuid(303), "bbb-servers")), []string{"2 security groups", "by its ID"}},
		"groups that cannot be listed": {"GET " + par1 + "/security_groups", say(403, object{"type": "permissions_denied", "details": []object{{"resource": "compute_security_groups", "action": "read"}}}), []string{"DIVIMS_SECURITY_GROUP", "insufficient permissions"}},
		"no private network":           {readNet, notFound("private_network", networkID), []string{"DIVIMS_PRIVATE_NETWORK", networkID, "fr-par"}},
		"another project's network":    {readNet, say(200, object{"id": networkID, "project_id": stranger}), []string{"DIVIMS_PRIVATE_NETWORK", "not in project"}},
		"no permission for networks":   {readNet, say(403, object{"type": "permissions_denied", "details": []object{{"resource": "private_networks", "action": "read"}}}), []string{"DIVIMS_PRIVATE_NETWORK", "insufficient permissions"}},
		"an image that cannot be read": {"GET " + par1 + "/images/" + uuid(20), say(500, ""), []string{"DIVIMS_ROOT_VOLUME_SIZE"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := equippedCloud(t)
			cloud.on(test.call, test.answer)
			_, err := cloud.client(equipped).Create(t.Context(), order())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want %q in it", err, want)
				}
			}
			if got := cloud.changes(); len(got) > 0 {
				t.Errorf("changes are %v, want none", got)
			}
		})
	}
}

// A zone without the security group is passed over.
func TestOtherZoneHasTheSecurityGroup(t *testing.T) {
	cloud := equippedCloud(t)
	cloud.on("GET "+ams1+"/ips", list("ips", with(address(30, "51.15.2.2"), object{"zone": "nl-ams-1"})))
	there := order()
	there.Zones = []string{"nl-ams-1", "fr-par-1"}
	if _, err := cloud.client(func(c *scaleway.Config) { c.SecurityGroups = []string{"bbb-servers"} }).Create(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	if got := cloud.last(create).json(t)["security_group"]; got != groupID {
		t.Errorf("the group is %v, want that of fr-par-1", got)
	}
}

func TestRefusalNamesTheSetting(t *testing.T) {
	for name, test := range map[string]struct {
		answer script
		want   string
	}{
		"size":  {say(400, object{"type": "invalid_arguments", "details": []object{{"argument_name": "volumes.0.size", "reason": "constraint", "help_message": "too small"}}}), "DIVIMS_ROOT_VOLUME_SIZE"},
		"group": {notFound("instance_security_group", groupID), "DIVIMS_SECURITY_GROUP"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := equippedCloud(t)
			cloud.on(create, test.answer)
			_, err := cloud.client(equipped).Create(t.Context(), order())
			if refused, ok := errors.AsType[*pool.RefusalError](err); !ok || !strings.Contains(refused.Refusals[0].Reason, test.want) {
				t.Errorf("error %v, want a refusal that names %s", err, test.want)
			}
		})
	}
}

// A machine that misses any step is deleted, and never started. An unclear answer refuses
// the zone, a definite one no more than this machine.
func TestMachineThatCannotBeEquippedIsDeleted(t *testing.T) {
	denied := say(403, object{"type": "permissions_denied", "details": []object{{"resource": "compute_private_networks", "action": "write"}}})
	for call, script := range map[string]map[string]script{
		patchVolume: {"unclear": say(500, ""), "definite": denied},
		addNIC:      {"unclear": say(500, ""), "definite": denied},
		setData:     {"unclear": say(500, ""), "definite": denied},
		setTags:     {"unclear": say(500, ""), "definite": denied},
	} {
		for kind, answer := range script {
			t.Run(call+" "+kind, func(t *testing.T) {
				cloud := equippedCloud(t)
				cloud.on(call, answer, say(200, object{}))
				_, err := cloud.client(equipped).Create(t.Context(), order())
				if refused, ok := errors.AsType[*pool.RefusalError](err); err == nil || ok != (kind == "unclear") || ok && refused.Refusals[0].Type != "" {
					t.Errorf("error %v; want a refusal of the zone: %t", err, kind == "unclear")
				}
				changes := cloud.changes()
				if changes[len(changes)-1] != deleteIt || slices.Contains(changes, powerOn) {
					t.Errorf("changes are %v, want a deletion at last and no start", changes)
				}
			})
		}
	}
}

// A machine whose volume is still changing stays, complete, for the next evaluation.
func TestTransitionAtTheStart(t *testing.T) {
	cloud := equippedCloud(t)
	cloud.on(powerOn, say(409, object{"type": "transient_state", "resource": "volume", "resource_id": uuid(501), "current_state": "updating"}))
	machine, err := cloud.client(equipped).Create(t.Context(), order())
	if _, refused := errors.AsType[*pool.RefusalError](err); err == nil || refused || machine.ID != uuid(1) || machine.State != pool.Stopped || machine.Detail == pool.Preparing {
		t.Errorf("machine is %+v, %v; want it stopped, and an error that refuses nothing", machine, err)
	}
	if slices.Contains(cloud.changes(), deleteIt) {
		t.Errorf("changes are %v, want no deletion", cloud.changes())
	}
}

// What creations have in common is read once in an evaluation, and again in the next one.
func TestManyCreationsListOnce(t *testing.T) {
	cloud := equippedCloud(t)
	const machines = 20
	var addresses []object
	for number := range machines {
		addresses = append(addresses, with(address(1000+number, fmt.Sprintf("51.15.1.%d", number+1)), object{"tags": []string{poolTag, fmt.Sprintf("divims-server-%d", number+1)}}))
	}
	cloud.on("GET "+par1+"/ips", list("ips", addresses...))
	client := cloud.client(equipped)
	for evaluation := 1; evaluation <= 2; evaluation++ {
		ctx := scaleway.ForEvaluation(t.Context())
		var all sync.WaitGroup
		for number := range machines {
			all.Go(func() {
				order := order()
				order.Server = pool.Server{Number: number + 1, Hostname: fmt.Sprintf("bbb-w%d", number+1), Domain: fmt.Sprintf("bbb-w%d.example.com", number+1)}
				if _, err := client.Create(ctx, order); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, call := range []string{"GET " + par1 + "/ips", "GET " + ams1 + "/ips", "GET " + par1 + "/images", "GET " + par1 + "/security_groups", readNet, "GET " + par1 + "/images/" + uuid(20)} {
			if got := cloud.count(call); got != evaluation {
				t.Errorf("evaluation %d: %d calls %s so far, want one for each evaluation", evaluation, got, call)
			}
		}
		if got := cloud.count(create); got != evaluation*machines {
			t.Errorf("evaluation %d: %d creations so far", evaluation, got)
		}
	}
}

// A list that could not be read is read again by the next creation.
func TestFailedListIsNotKept(t *testing.T) {
	cloud := equippedCloud(t)
	cloud.on("GET "+par1+"/ips", say(http.StatusServiceUnavailable, ""), list("ips", address(10, "51.15.1.1")))
	client, ctx := cloud.client(equipped), scaleway.ForEvaluation(t.Context())
	if _, err := client.Create(ctx, order()); err == nil {
		t.Fatal("no error")
	}
	if _, err := client.Create(ctx, order()); err != nil {
		t.Errorf("the second creation: %v", err)
	}
}
