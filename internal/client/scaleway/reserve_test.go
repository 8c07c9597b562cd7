package scaleway_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"divims/internal/pool"
)

var (
	server1    = pool.Server{Number: 1, Hostname: "bbb-w1", Domain: "bbb-w1.example.com"}
	ipPath     = par1 + "/ips/" + uuid(10)
	reserved10 = pool.Address{ID: uuid(10), Zone: "fr-par-1"}
)

// provisioned returns an address of server 1 that Reserve has reserved.
func provisioned() object {
	made := address(10, "51.15.1.1")
	made["tags"] = []string{poolTag, "divims-server-1", "divims-provisioned"}
	return made
}

// TestReserveTagsInTheSameCall: the address is found even if the answer is lost.
func TestReserveTagsInTheSameCall(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("POST "+par1+"/ips", say(201, object{"ip": provisioned()}))
	got, err := cloud.client().Reserve(t.Context(), server1, "fr-par-1", pool.IPv4)
	if err != nil || got.IP.String() != "51.15.1.1" || got.ID != uuid(10) {
		t.Errorf("reserved %+v: %v", got, err)
	}
	want := object{"project": project, "type": "routed_ipv4", "tags": []any{poolTag, "divims-server-1", "divims-provisioned"}}
	if body := cloud.last("POST " + par1 + "/ips").json(t); !reflect.DeepEqual(body, want) {
		t.Errorf("asked for %v, want %v", body, want)
	}
}

// TestReserveANetwork: for IPv6 a whole network is reserved. A machine gets its first
// address.
func TestReserveANetwork(t *testing.T) {
	network := provisioned()
	network["address"], network["prefix"], network["type"] = nil, "2001:db8:1:2::/64", "routed_ipv6"
	cloud := newCloud(t)
	cloud.on("POST "+par1+"/ips", say(201, object{"ip": network}))
	got, err := cloud.client().Reserve(t.Context(), server1, "fr-par-1", pool.IPv6)
	if err != nil || got.IP.String() != "2001:db8:1:2::" || got.Host().String() != "2001:db8:1:2::1" {
		t.Errorf("reserved %+v: %v", got, err)
	}
}

// TestForeignAddressesAreNotChanged: an address is read again before each change.
func TestForeignAddressesAreNotChanged(t *testing.T) {
	change := map[string]func(*cloud) error{
		"reverse": func(c *cloud) error { return c.client().SetReverse(t.Context(), reserved10, "bbb-w1.example.com") },
		"release": func(c *cloud) error { return c.client().Release(t.Context(), reserved10) },
		"keep":    func(c *cloud) error { return c.client().Keep(t.Context(), reserved10, server1) },
	}
	for name, c := range map[string]struct {
		key     string
		value   any
		refused []string
	}{
		"ours":                       {"reverse", nil, nil},
		"another project's":          {"project", stranger, []string{"reverse", "release", "keep"}},
		"without tags":               {"tags", []string{}, []string{"reverse", "release"}},
		"another pool's":             {"tags", []string{"pool-b", "divims-server-1", "divims-provisioned"}, []string{"reverse", "release"}},
		"of no server":               {"tags", []string{poolTag, "divims-provisioned"}, []string{"reverse", "release"}},
		"reserved by a person":       {"tags", []string{poolTag, "divims-server-1"}, []string{"release"}},
		"held by a machine":          {"server", object{"id": uuid(1), "name": "bbb-w1"}, []string{"release"}},
		"another than was asked for": {"id", uuid(11), []string{"reverse", "release", "keep"}},
	} {
		for what, do := range change {
			t.Run(name+" "+what, func(t *testing.T) {
				found := provisioned()
				found[c.key] = c.value
				cloud := newCloud(t)
				cloud.on("GET "+ipPath, say(200, object{"ip": found}))
				cloud.on("PATCH "+ipPath, say(200, object{"ip": found}))
				cloud.on("DELETE "+ipPath, say(204, nil))
				err, wantRefusal := do(cloud), strings.Contains(strings.Join(c.refused, " "), what)
				if refused := err != nil && len(cloud.changes()) == 0; refused != wantRefusal {
					t.Errorf("%v, changes %v; want a refusal: %t", err, cloud.changes(), wantRefusal)
				}
			})
		}
	}
}

// TestReverseNamesWaitForTheName: only a refusal of the name itself is ErrUnresolved.
func TestReverseNamesWaitForTheName(t *testing.T) {
	for argument, want := range map[string]bool{"reverse": true, "tags": false} {
		cloud := newCloud(t)
		cloud.on("GET "+ipPath, say(200, object{"ip": provisioned()}))
		cloud.on("PATCH "+ipPath, say(400, object{"type": "invalid_arguments", "message": "invalid argument(s)",
			"details": []object{{"argument_name": argument, "reason": "constraint", "help_message": "Your reverse must resolve."}}}))
		err := cloud.client().SetReverse(t.Context(), reserved10, "bbb-w1.example.com")
		if err == nil || errors.Is(err, pool.ErrUnresolved) != want {
			t.Errorf("%s: %v; want it to be ErrUnresolved: %t", argument, err, want)
		}
	}
}

// TestReleaseOfAMissingAddress checks that releasing a missing address is no error.
func TestReleaseOfAMissingAddress(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+ipPath, say(404, object{"type": "not_found", "resource": "instance_ip", "resource_id": uuid(10)}))
	if err := cloud.client().Release(t.Context(), reserved10); err != nil {
		t.Error(err)
	}
}

// TestKeepPreservesOtherTags: an operator's own tags stay.
func TestKeepPreservesOtherTags(t *testing.T) {
	found := provisioned()
	found["tags"] = []string{"cost-centre-7"}
	cloud := newCloud(t)
	cloud.on("GET "+ipPath, say(200, object{"ip": found}))
	cloud.on("PATCH "+ipPath, say(200, object{"ip": found}))
	if err := cloud.client().Keep(t.Context(), reserved10, server1); err != nil {
		t.Fatal(err)
	}
	want := object{"tags": []any{"cost-centre-7", poolTag, "divims-server-1"}}
	if body := cloud.last("PATCH " + ipPath).json(t); !reflect.DeepEqual(body, want) {
		t.Errorf("asked for %v, want %v", body, want)
	}
}

// TestRecordsOfAZone: names are full names, other names and types are left out, and a
// zone is never created.
func TestRecordsOfAZone(t *testing.T) {
	const records = "/domain/v2beta1/dns-zones/example.com/records"
	record := func(n int, name, kind, data string) object {
		return object{"id": uuid(n), "name": name, "type": kind, "data": data, "ttl": 300, "priority": 0}
	}
	cloud := newCloud(t)
	cloud.on("GET "+records, blockList("records", record(1, "", "NS", "ns0.dom.scw.cloud."), record(2, "bbb-w1", "A", "51.15.1.1"),
		record(3, "bbb-w2", "CNAME", "bbb-w2.ext"), record(4, "bbb-w3", "CNAME", "bbb-w3.example.org."), record(5, "www", "A", "51.15.9.9"),
		record(6, "bbb-w1", "TXT", "a text.")))
	cloud.on("PATCH "+records, say(200, object{"records": []object{}}))
	zone := cloud.client().DNS("example.com")
	found, err := zone.Records(t.Context(), []string{"bbb-w1.example.com", "bbb-w2.example.com", "bbb-w3.example.com"})
	want := []pool.DNSRecord{
		{Name: "bbb-w1.example.com", Type: pool.RecordA, Data: "51.15.1.1"},
		{Name: "bbb-w2.example.com", Type: pool.RecordCNAME, Data: "bbb-w2.ext.example.com"},
		{Name: "bbb-w3.example.com", Type: pool.RecordCNAME, Data: "bbb-w3.example.org"},
	}
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Errorf("records %v (%v), want %v", found, err, want)
	}
	if err := zone.Write(t.Context(), want[1]); err != nil {
		t.Fatal(err)
	}
	body := cloud.last("PATCH " + records).json(t)
	set := body["changes"].([]any)[0].(object)["set"].(object)["records"].([]any)[0].(object)
	if body["disallow_new_zone_creation"] != true || set["name"] != "bbb-w2" || set["data"] != "bbb-w2.ext.example.com." {
		t.Errorf("asked for %v", body)
	}
	if err := zone.Write(t.Context(), pool.DNSRecord{Name: "bbb-w1.example.org", Type: pool.RecordA, Data: "51.15.1.1"}); err == nil {
		t.Error("a record is written outside the zone")
	}
}
