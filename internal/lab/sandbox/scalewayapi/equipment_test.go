package scalewayapi_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	blockapi "github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/api/vpc/v2"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/lab/sandbox/scalewayapi"
)

// A server is created in a security group and with a larger volume, gets more operations
// per second and a private interface, and takes the interface with it when it is deleted.
func TestEquippedServer(t *testing.T) {
	s := newSandbox(t, withGroup)
	instances, blocks := instance.NewAPI(s.sdk()), blockapi.NewAPI(s.sdk())
	groups := must(instances.ListSecurityGroups(&instance.ListSecurityGroupsRequest{}))(t).SecurityGroups
	if len(groups) != 2 || !groups[0].ProjectDefault || groups[1].Name != "bbb" {
		t.Fatalf("security groups are %v, want the default one and bbb", groups)
	}
	if network := must(vpc.NewAPI(s.sdk()).GetPrivateNetwork(&vpc.GetPrivateNetworkRequest{Region: scw.RegionFrPar, PrivateNetworkID: networkID}))(t); network.ProjectID != project {
		t.Errorf("the private network is %+v", network)
	}
	image, size := imageID, 40*scw.GB
	server := must(instances.CreateServer(&instance.CreateServerRequest{
		Name: "bbb-w1", CommercialType: blockType, Image: &image, SecurityGroup: &groups[1].ID,
		Volumes: map[string]*instance.VolumeServerTemplate{"0": {Size: &size, VolumeType: instance.VolumeVolumeTypeSbsVolume}},
	}))(t).Server
	if server.SecurityGroup.ID != groups[1].ID || server.SecurityGroup.Name != "bbb" {
		t.Errorf("the server is in %+v, want bbb", server.SecurityGroup)
	}
	if members := must(instances.GetSecurityGroup(&instance.GetSecurityGroupRequest{SecurityGroupID: groups[1].ID}))(t).SecurityGroup.Servers; len(members) != 1 || members[0].ID != server.ID {
		t.Errorf("in the group are %v, want the server", members)
	}

	volumeID := server.Volumes["0"].ID
	iops, tags := uint32(15000), []string{"team=video"}
	volume := must(blocks.UpdateVolume(&blockapi.UpdateVolumeRequest{VolumeID: volumeID, PerfIops: &iops, Tags: &tags}))(t)
	if volume.Size != size || volume.Status != blockapi.VolumeStatusUpdating || *volume.Specs.PerfIops != 5000 || !slices.Equal(volume.Tags, tags) {
		t.Errorf("right after the update: %+v, want 40 GB, updating, with the former 5000", volume)
	}
	s.wait(time.Second)
	if volume = must(blocks.GetVolume(&blockapi.GetVolumeRequest{VolumeID: volumeID}))(t); volume.Status != blockapi.VolumeStatusInUse || *volume.Specs.PerfIops != 15000 || volume.Type != "sbs_15k" {
		t.Errorf("a second later: %+v, want 15000", volume)
	}

	nic := must(instances.CreatePrivateNIC(&instance.CreatePrivateNICRequest{ServerID: server.ID, PrivateNetworkID: networkID}))(t).PrivateNic
	if nic.State != instance.PrivateNICStateAvailable || !strings.HasPrefix(nic.MacAddress, "02:00:00:") {
		t.Errorf("the interface of a stopped server is %+v, want it available", nic)
	}
	if shown := must(instances.GetServer(&instance.GetServerRequest{ServerID: server.ID}))(t).Server.PrivateNics; len(shown) != 1 || shown[0].ID != nic.ID {
		t.Errorf("the server shows the interfaces %v", shown)
	}
	if err := instances.DeleteServer(&instance.DeleteServerRequest{ServerID: server.ID}); err != nil {
		t.Errorf("a stopped server with an interface: %v", err)
	}
}

// The interface of a running server takes half a minute.
func TestInterfaceOfARunningServerIsSynced(t *testing.T) {
	s := newSandbox(t, withGroup)
	id := s.create("bbb-w1", nil)
	s.act(id, "poweron")
	s.wait(time.Minute)
	path := zone + "/servers/" + id + "/private_nics"
	if answer := s.call("POST", path, map[string]any{"private_network_id": networkID}); answer.status != http.StatusCreated || answer.at("private_nic", "state") != "syncing" {
		t.Fatalf("status %d: %v", answer.status, answer.body)
	}
	s.wait(time.Minute)
	if answer := s.call("GET", path, nil); answer.at("private_nics", 0, "state") != "available" {
		t.Errorf("a minute later: %v", answer.body)
	}
}

func TestWrongEquipmentIsRefused(t *testing.T) {
	const unknown = "00000000-0000-4000-8000-0000000000ff"
	s := newSandbox(t, withGroup)
	id := s.create("bbb-w1", nil)
	volumeID := s.call("GET", zone+"/servers/"+id, nil).at("server", "volumes", "0", "id").(string)
	nics := zone + "/servers/" + id + "/private_nics"
	volume := func(size int64, volumeType, commercialType string) map[string]any {
		return map[string]any{"commercial_type": commercialType, "volumes": map[string]any{"0": map[string]any{"size": size, "volume_type": volumeType}}}
	}
	s.call("POST", nics, map[string]any{"private_network_id": networkID})
	for name, test := range map[string]struct {
		call   func() reply
		status int
		kind   string
	}{
		"unknown security group": {func() reply { return s.order("bbb-w2", map[string]any{"security_group": unknown}) }, 404, "not_found"},
		"security group by name": {func() reply { return s.order("bbb-w2", map[string]any{"security_group": "bbb"}) }, 400, "invalid_arguments"},
		"another zone's group": {func() reply {
			return s.order("bbb-w2", map[string]any{"security_group": scalewayapi.SecurityGroupID(project, "nl-ams-1", "bbb")})
		}, 404, "not_found"},
		"unknown private network":   {func() reply { return s.call("POST", nics, map[string]any{"private_network_id": unknown}) }, 404, "not_found"},
		"another region's network":  {func() reply { return s.call("POST", nics, map[string]any{"private_network_id": farNetworkID}) }, 404, "not_found"},
		"no private network":        {func() reply { return s.call("POST", nics, map[string]any{}) }, 400, "invalid_arguments"},
		"a second interface in it":  {func() reply { return s.call("POST", nics, map[string]any{"private_network_id": networkID}) }, 400, "precondition_failed"},
		"smaller than the image":    {func() reply { return s.order("bbb-w2", volume(10_000_000_000, "sbs_volume", blockType)) }, 400, "invalid_arguments"},
		"larger than local storage": {func() reply { return s.order("bbb-w2", volume(700_000_000_000, "l_ssd", localType)) }, 400, "invalid_arguments"},
		"a size without a type":     {func() reply { return s.order("bbb-w2", volume(40_000_000_000, "", blockType)) }, 400, "invalid_arguments"},
		"IOPS that are not offered": {func() reply { return s.call("PATCH", block+"/volumes/"+volumeID, map[string]any{"perf_iops": 10000}) }, 400, "invalid_arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			if answer := test.call(); answer.status != test.status || answer.at("type") != test.kind {
				t.Errorf("status %d: %v; want %d %s", answer.status, answer.body, test.status, test.kind)
			}
		})
	}
	local := s.create("bbb-w3", map[string]any{"commercial_type": localType})
	localID := s.call("GET", zone+"/servers/"+local, nil).at("server", "volumes", "0", "id").(string)
	if answer := s.call("PATCH", zone+"/volumes/"+localID, map[string]any{"perf_iops": 15000}); answer.status != http.StatusBadRequest {
		t.Errorf("IOPS of a local volume: status %d: %v", answer.status, answer.body)
	}
}

// While a volume is updating, it is neither changed nor deleted, but its machine can start.
func TestUpdatingVolume(t *testing.T) {
	s := newSandbox(t)
	id := s.create("bbb-w1", nil)
	path := block + "/volumes/" + s.call("GET", zone+"/servers/"+id, nil).at("server", "volumes", "0", "id").(string)
	s.call("PATCH", path, map[string]any{"perf_iops": 15000})
	for _, method := range []string{"PATCH", "DELETE"} {
		if answer := s.call(method, path, map[string]any{"tags": []string{"x"}}); answer.status != http.StatusConflict || answer.at("current_state") != "updating" {
			t.Errorf("%s: status %d: %v", method, answer.status, answer.body)
		}
	}
	if answer := s.act(id, "poweron"); answer.status != http.StatusAccepted {
		t.Errorf("poweron: status %d: %v", answer.status, answer.body)
	}
	s.wait(time.Second)
	if answer := s.call("PATCH", path, map[string]any{"tags": []string{"x"}}); answer.status != http.StatusOK {
		t.Errorf("a second later: status %d: %v", answer.status, answer.body)
	}
}

// The answers have the fields that were recorded in 2025.
func TestEquipmentHasTheRecordedFields(t *testing.T) {
	s := newSandbox(t, withGroup)
	id := s.create("bbb-w1", nil)
	volume := s.call("GET", block+"/volumes/"+s.call("GET", zone+"/servers/"+id, nil).at("server", "volumes", "0", "id").(string), nil)
	for name, test := range map[string]struct {
		got  any
		want string
	}{
		"security group": {s.call("GET", zone+"/security_groups", nil).at("security_groups", 0), "creation_date description enable_default_security id inbound_default_policy " +
			"modification_date name organization organization_default outbound_default_policy project project_default servers state stateful tags zone"},
		"private interface": {s.call("POST", zone+"/servers/"+id+"/private_nics", map[string]any{"private_network_id": networkID}).at("private_nic"),
			"creation_date id ipam_ip_ids mac_address modification_date private_network_id server_id state tags zone"},
		"private network": {s.call("GET", "/vpc/v2/regions/fr-par/private-networks/"+networkID, nil).body,
			"created_at dhcp_enabled id name organization_id project_id region subnets tags updated_at vpc_id"},
		"snapshot": {s.call("GET", block+"/snapshots/"+volume.at("parent_snapshot_id").(string), nil).body,
			"class created_at id name parent_volume project_id references size status tags updated_at zone"},
	} {
		t.Run(name, func(t *testing.T) {
			if fields := strings.Join(slices.Sorted(maps.Keys(test.got.(map[string]any))), " "); fields != test.want {
				t.Errorf("the fields are\n%s, want\n%s", fields, test.want)
			}
		})
	}
}
