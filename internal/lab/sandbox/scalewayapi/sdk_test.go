package scalewayapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/scaleway/scaleway-sdk-go/api/baremetal/v1"
	blockapi "github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/domain/v2beta1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// sdk returns Scaleway's own client for the sandbox.
func (s *sandbox) sdk() *scw.Client {
	s.t.Helper()
	client, err := scw.NewClient(
		scw.WithAPIURL(s.server.URL), scw.WithAuth("SCW12345678901234567", secretKey),
		scw.WithDefaultProjectID(project), scw.WithDefaultZone(scw.ZoneFrPar1),
	)
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// must returns a function that returns the value, or fails the test if there is an error.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// A server is created stopped, started, changed and terminated through the SDK, and its
// volume is deleted.
func TestServerLifecycle(t *testing.T) {
	s := newSandbox(t)
	instances := instance.NewAPI(s.sdk())
	addresses := must(instances.ListIPs(&instance.ListIPsRequest{Tags: []string{world.AddressTag(2)}}))(t).IPs
	if len(addresses) != 1 || addresses[0].Server != nil {
		t.Fatalf("addresses of server 2: %v, want a free one", addresses)
	}
	image := imageID
	made := must(instances.CreateServer(&instance.CreateServerRequest{
		Name: "bbb-w2", CommercialType: blockType, Image: &image, Tags: []string{"pool"},
		PublicIPs: &[]string{addresses[0].ID}, DynamicIPRequired: scw.BoolPtr(false),
	}))(t).Server
	s.wait(time.Hour)
	server := sdkServer{t, instances, made.ID}
	if state := server.get().State; made.State != instance.ServerStateStopped || state != instance.ServerStateStopped {
		t.Errorf("created %s, an hour later %s; want stopped both times", made.State, state)
	}
	if got := made.PublicIPs[0].Address.String(); got != addresses[0].Address.String() {
		t.Errorf("created with the address %s, want %s", got, addresses[0].Address)
	}
	setUserData(t, instances, made.ID)
	server.setTags("pool", "ready")

	server.act(instance.ServerActionPoweron)
	if got := server.get(); got.State != instance.ServerStateStarting || got.Location != nil {
		t.Errorf("right after poweron: %s at %v, want starting without a location", got.State, got.Location)
	}
	s.wait(time.Minute)
	if got := server.get(); got.State != instance.ServerStateRunning || got.Location == nil {
		t.Errorf("a minute after poweron: %s at %v, want running at a location", got.State, got.Location)
	}

	server.act(instance.ServerActionTerminate)
	if got := server.get(); got.State != instance.ServerStateStopping || got.StateDetail != "terminating" {
		t.Errorf("right after terminate: %s %s, want stopping terminating", got.State, got.StateDetail)
	}
	s.wait(time.Minute)
	_, err := instances.GetServer(&instance.GetServerRequest{ServerID: made.ID})
	if missing := (&scw.ResourceNotFoundError{}); !errors.As(err, &missing) || missing.Resource != "instance_server" {
		t.Errorf("a minute after terminate: %v, want no such instance_server", err)
	}
	if held := must(instances.GetIP(&instance.GetIPRequest{IP: addresses[0].ID}))(t).IP.Server; held != nil {
		t.Errorf("the reserved address is attached to %v, want none", held)
	}
	deleteVolumeOf(t, blockapi.NewAPI(s.sdk()), made)
}

// sdkServer is a server, used through the SDK.
type sdkServer struct {
	t         *testing.T
	instances *instance.API
	id        string
}

func (s sdkServer) get() *instance.Server {
	s.t.Helper()
	return must(s.instances.GetServer(&instance.GetServerRequest{ServerID: s.id}))(s.t).Server
}

func (s sdkServer) act(action instance.ServerAction) {
	s.t.Helper()
	must(s.instances.ServerAction(&instance.ServerActionRequest{ServerID: s.id, Action: action}))(s.t)
}

// setTags changes the tags and checks that they are changed.
func (s sdkServer) setTags(tags ...string) {
	s.t.Helper()
	updated := must(s.instances.UpdateServer(&instance.UpdateServerRequest{ServerID: s.id, Tags: &tags}))(s.t).Server
	if !slices.Equal(updated.Tags, tags) || !slices.Equal(s.get().Tags, tags) {
		s.t.Errorf("tags after the update: %v, want %v", updated.Tags, tags)
	}
}

// deleteVolumeOf deletes the volume of a terminated server.
func deleteVolumeOf(t *testing.T, blocks *blockapi.API, server *instance.Server) {
	t.Helper()
	volumes := must(blocks.ListVolumes(&blockapi.ListVolumesRequest{}, scw.WithAllPages()))(t).Volumes
	if len(volumes) != 1 || volumes[0].ID != server.Volumes["0"].ID || volumes[0].Status != blockapi.VolumeStatusAvailable {
		t.Fatalf("volumes after terminate: %v, want the server's volume, available", volumes)
	}
	if detached := volumes[0].LastDetachedAt; detached == nil || !detached.After(*server.CreationDate) {
		t.Errorf("the volume was detached at %v, want a time after %v", detached, server.CreationDate)
	}
	if err := blocks.DeleteVolume(&blockapi.DeleteVolumeRequest{VolumeID: volumes[0].ID}); err != nil {
		t.Fatal(err)
	}
	if left := must(blocks.ListVolumes(&blockapi.ListVolumesRequest{}))(t).TotalCount; left != 0 {
		t.Errorf("%d volumes are left, want none", left)
	}
}

// setUserData sets the user data for cloud-init and reads it back.
func setUserData(t *testing.T, instances *instance.API, serverID string) {
	t.Helper()
	const content = "#cloud-config\npackages: [bbb]\n"
	err := instances.SetServerUserData(&instance.SetServerUserDataRequest{
		ServerID: serverID, Key: "cloud-init", Content: bytes.NewBufferString(content),
	})
	if err != nil {
		t.Fatal(err)
	}
	all := must(instances.GetAllServerUserData(&instance.GetAllServerUserDataRequest{ServerID: serverID}))(t).UserData
	if len(all) != 1 {
		t.Fatalf("user data: %v, want one key", all)
	}
	if got := must(io.ReadAll(all["cloud-init"]))(t); string(got) != content {
		t.Errorf("user data is %q, want it unchanged", got)
	}
}

// A volume does not inherit the tags of its server. Lists find it by its own tags.
func TestVolumeTagsAreSetByUpdateOnly(t *testing.T) {
	s := newSandbox(t)
	blocks := blockapi.NewAPI(s.sdk())
	s.create("bbb-w1", nil)
	tagged := func() []*blockapi.Volume {
		return must(blocks.ListVolumes(&blockapi.ListVolumesRequest{Tags: []string{"pool"}}))(t).Volumes
	}
	if found := tagged(); len(found) != 0 {
		t.Errorf("volumes with the server's tag: %v, want none", found)
	}
	volume := must(blocks.ListVolumes(&blockapi.ListVolumesRequest{}))(t).Volumes[0]
	if volume.Status != blockapi.VolumeStatusInUse || len(volume.References) != 1 {
		t.Errorf("volume of a server is %s with references %v, want in_use and one reference", volume.Status, volume.References)
	}
	must(blocks.UpdateVolume(&blockapi.UpdateVolumeRequest{VolumeID: volume.ID, Tags: &[]string{"pool", "old"}}))(t)
	if found := tagged(); len(found) != 1 {
		t.Errorf("%d volumes with the tag after the update, want 1", len(found))
	}
}

// Lists are paged. Names match by substring, and all wanted tags must be there.
func TestListsArePagedAndFiltered(t *testing.T) {
	s := newSandbox(t)
	instances := instance.NewAPI(s.sdk())
	for i := range 120 {
		s.create(fmt.Sprintf("bbb-w%d", i+1), nil)
		s.wait(time.Second)
	}
	count := func(request *instance.ListServersRequest, options ...scw.RequestOption) int {
		t.Helper()
		return len(must(instances.ListServers(request, options...))(t).Servers)
	}
	size := func(n uint32) *uint32 { return &n }
	page := func(n int32) *int32 { return &n }
	name, state, none := "bbb-w1", instance.ServerStateStopped, instance.ServerStateRunning
	for _, test := range []struct {
		name    string
		request instance.ListServersRequest
		want    int
	}{
		{"the default page size is 50", instance.ListServersRequest{}, 50},
		{"the second page of 100 has the rest", instance.ListServersRequest{PerPage: size(100), Page: page(2)}, 20},
		{"a page beyond the end is empty", instance.ListServersRequest{PerPage: size(100), Page: page(2_000_000_000)}, 0},
		{"names match by substring: bbb-w1 is in bbb-w10", instance.ListServersRequest{Name: &name, PerPage: size(100)}, 1 + 10 + 21},
		{"tags match as a whole", instance.ListServersRequest{Tags: []string{"bbb-w1"}}, 1},
		{"all tags must match", instance.ListServersRequest{Tags: []string{"pool", "bbb-w7"}}, 1},
		{"a part of a tag does not match", instance.ListServersRequest{Tags: []string{"poo"}}, 0},
		{"states match", instance.ListServersRequest{State: &state}, 50},
		{"other states do not", instance.ListServersRequest{State: &none}, 0},
		{"another zone is empty", instance.ListServersRequest{Zone: scw.ZoneNlAms1}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := count(&test.request); got != test.want {
				t.Errorf("%d servers, want %d", got, test.want)
			}
		})
	}
	if got := count(&instance.ListServersRequest{}, scw.WithAllPages()); got != 120 {
		t.Errorf("all pages have %d servers, want 120", got)
	}
	if header := s.call("GET", zone+"/servers?per_page=1", nil).header; header.Get("X-Total-Count") != "120" {
		t.Errorf("the header has a total of %s, want 120", header.Get("X-Total-Count"))
	}
	newest := must(instances.ListServers(&instance.ListServersRequest{}))(t).Servers[0].Name
	oldest := must(instances.ListServers(&instance.ListServersRequest{Order: instance.ListServersRequestOrderCreationDateAsc}))(t).Servers[0].Name
	if newest != "bbb-w120" || oldest != "bbb-w1" {
		t.Errorf("the first server is %s, in ascending order %s; want bbb-w120 and bbb-w1", newest, oldest)
	}
}

// The SDK converts the sandbox's errors into the types on which clients decide.
func TestErrorsHaveTheTypesOfTheSDK(t *testing.T) {
	s := newSandbox(t, func(_ *world.Config, c *scalewayapi.Config) { c.Quotas = map[string]int{localType: 0} })
	instances := instance.NewAPI(s.sdk())
	order := func(commercialType, image string) error {
		_, err := instances.CreateServer(&instance.CreateServerRequest{Name: "bbb-w1", CommercialType: commercialType, Image: &image})
		return err
	}
	starting := s.create("starting", nil)
	s.act(starting, "poweron")
	_, transient := instances.ServerAction(&instance.ServerActionRequest{ServerID: starting, Action: instance.ServerActionReboot})
	_, denied := instances.ListServers(&instance.ListServersRequest{Project: scw.StringPtr(secretKey)})
	s.world.SellOut(world.Offer{Zone: "fr-par-1", Type: blockType})

	check[*scw.OutOfStockError](t, "a type that is out of stock", order(blockType, imageID))
	check[*scw.QuotasExceededError](t, "more than the quota", order(localType, imageID))
	check[*scw.ResourceNotFoundError](t, "an unknown image", order(blockType, secretKey))
	check[*scw.ResourceNotFoundError](t, "an unknown type", order("NO-SUCH", imageID))
	check[*scw.InvalidArgumentsError](t, "no type", order("", imageID))
	check[*scw.TransientStateError](t, "an action during another one", transient)
	check[*scw.PermissionsDeniedError](t, "another project", denied)
	check[*scw.PreconditionFailedError](t, "delete of a server that is not stopped",
		instances.DeleteServer(&instance.DeleteServerRequest{ServerID: starting}))
}

// check fails the test if an error has not the type E.
func check[E error](t *testing.T, what string, err error) {
	t.Helper()
	if _, ok := errors.AsType[E](err); !ok {
		t.Errorf("%s: the error is a %T (%v), want a %T", what, err, err, *new(E))
	}
}

// The API reports prices and shortages.
func TestPricesAndStock(t *testing.T) {
	s := newSandbox(t)
	s.world.SellOut(world.Offer{Zone: "fr-par-1", Type: localType})
	instances := instance.NewAPI(s.sdk())
	types := must(instances.ListServersTypes(&instance.ListServersTypesRequest{}, scw.WithAllPages()))(t).Servers
	if price := types[blockType].HourlyPrice; price != 0.213 {
		t.Errorf("%s costs %v an hour, want 0.213", blockType, price)
	}
	stock := must(instances.GetServerTypesAvailability(&instance.GetServerTypesAvailabilityRequest{}, scw.WithAllPages()))(t).Servers
	if stock[blockType].Availability != instance.ServerTypesAvailabilityAvailable ||
		stock[localType].Availability != instance.ServerTypesAvailabilityShortage {
		t.Errorf("%s is %s and %s is %s, want available and shortage",
			blockType, stock[blockType].Availability, localType, stock[localType].Availability)
	}
}

// Setting a record again keeps its id. A reverse name is accepted once the name servers
// serve the name.
func TestDNSRecordsAndReverseNames(t *testing.T) {
	s := newSandbox(t)
	dns, instances := domain.NewAPI(s.sdk()), instance.NewAPI(s.sdk())
	ip := must(instances.CreateIP(&instance.CreateIPRequest{Tags: []string{"pool"}}))(t).IP
	set := func() *domain.Record {
		t.Helper()
		answer := must(dns.UpdateDNSZoneRecords(&domain.UpdateDNSZoneRecordsRequest{
			DNSZone: "example.com", DisallowNewZoneCreation: true,
			Changes: []*domain.RecordChange{{Set: &domain.RecordChangeSet{
				IDFields: &domain.RecordIdentifier{Name: "bbb-w9", Type: domain.RecordTypeA},
				Records:  []*domain.Record{{Name: "bbb-w9", Type: domain.RecordTypeA, TTL: 300, Data: ip.Address.String()}},
			}}},
		}))(t)
		return answer.Records[0]
	}
	if first, second := set(), set(); first.ID != second.ID {
		t.Errorf("the record has the id %s and, set again, %s; want the same id", first.ID, second.ID)
	}
	records := must(dns.ListDNSZoneRecords(&domain.ListDNSZoneRecordsRequest{DNSZone: "example.com"}, scw.WithAllPages()))(t)
	if records.TotalCount != 3 {
		t.Errorf("%d records, want two of name servers and one address", records.TotalCount)
	}
	reverse := func() error {
		_, err := instances.UpdateIP(&instance.UpdateIPRequest{
			IP: ip.ID, Reverse: &instance.NullableStringValue{Value: "bbb-w9.example.com"},
		})
		return err
	}
	check[*scw.InvalidArgumentsError](t, "a reverse name that does not resolve yet", reverse())
	s.wait(10 * time.Second)
	if err := reverse(); err != nil {
		t.Errorf("ten seconds after the record was set: %v", err)
	}
	_, err := dns.ListDNSZoneRecords(&domain.ListDNSZoneRecordsRequest{DNSZone: "example.org"})
	if err == nil {
		t.Error("the API listed the records of a domain of another project")
	}
}

// Bare metal servers are Elastic Metal servers, and not Instances.
func TestBareMetalServers(t *testing.T) {
	s := newSandbox(t, func(w *world.Config, _ *scalewayapi.Config) {
		w.Servers = pool.Servers(2, 1, "bbb-w{n}", "bbb-w{n}.example.com")
	})
	metal, instances := baremetal.NewAPI(s.sdk()), instance.NewAPI(s.sdk())
	hosts := must(metal.ListServers(&baremetal.ListServersRequest{}, scw.WithAllPages()))(t).Servers
	if len(hosts) != 1 || hosts[0].Name != "bbb-w1" || hosts[0].Status != baremetal.ServerStatusReady {
		t.Fatalf("Elastic Metal servers: %v, want bbb-w1, ready", hosts)
	}
	if n := len(must(instances.ListServers(&instance.ListServersRequest{}))(t).Servers); n != 0 {
		t.Errorf("%d Instances, want none", n)
	}
	host := must(metal.RebootServer(&baremetal.RebootServerRequest{ServerID: hosts[0].ID, BootType: baremetal.ServerBootTypeNormal}))(t)
	if host.Status == baremetal.ServerStatusReady {
		t.Error("a server is ready immediately after its reboot was requested")
	}
	s.wait(2 * time.Minute)
	if host = must(metal.GetServer(&baremetal.GetServerRequest{ServerID: host.ID}))(t); host.Status != baremetal.ServerStatusReady {
		t.Errorf("the server is %s two minutes after its reboot, want ready", host.Status)
	}
	if n := must(baremetal.NewAPI(newSandbox(t).sdk()).ListServers(&baremetal.ListServersRequest{}))(t).TotalCount; n != 0 {
		t.Errorf("a world without bare metal has %d Elastic Metal servers", n)
	}
}

// Calls work while other callers advance virtual time.
func TestConcurrentCalls(t *testing.T) {
	s := newSandbox(t)
	instances := instance.NewAPI(s.sdk())
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			id := s.create(fmt.Sprintf("server-%d", i), nil)
			for range 5 {
				s.wait(time.Second)
				if _, err := instances.ListServers(&instance.ListServersRequest{}); err != nil {
					t.Error(err)
				}
			}
			s.act(id, "poweron")
		})
	}
	group.Wait()
	s.wait(time.Minute)
	state := instance.ServerStateRunning
	if n := len(must(instances.ListServers(&instance.ListServersRequest{State: &state}))(t).Servers); n != 8 {
		t.Errorf("%d servers run, want 8", n)
	}
}
