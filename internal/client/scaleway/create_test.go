package scaleway_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

const (
	create   = "POST " + par1 + "/servers"
	typeA    = "POP2-HC-8C-16G"
	typeB    = "GP1-M"
	userData = "#cloud-config\n"
)

// machinePath is the path of the machine that the fake creates.
var machinePath = par1 + "/servers/" + uuid(1)

// address is a reserved address of server 1 that no machine holds.
func address(number int, ip string) object {
	return object{
		"id": uuid(number), "address": ip, "prefix": nil, "reverse": nil, "server": nil, "organization": project, "project": project,
		"zone": "fr-par-1", "type": "routed_ipv4", "state": "detached", "tags": []string{poolTag, "divims-server-1"}, "ipam_id": uuid(number + 1),
	}
}

// readyCloud can create a machine for server 1 in fr-par-1. It also has the zone nl-ams-1.
func readyCloud(t *testing.T) *cloud {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers"))
	cloud.on("GET "+ams1+"/servers", list("servers"))
	cloud.on("GET "+par1+"/ips", list("ips", address(10, "51.15.1.1")))
	cloud.on("GET "+ams1+"/ips", list("ips"))
	for number, zone := range []string{par1, ams1} {
		cloud.on("GET "+zone+"/images", list("images", object{"id": uuid(20 + number), "name": "bbb-2025", "project": project,
			"creation_date": "2025-01-01T00:00:00Z", "state": "available"}))
	}
	cloud.on(create, made())
	cloud.on("PATCH "+machinePath+"/user_data/cloud-init", say(204, nil))
	cloud.on("PATCH "+machinePath, say(200, object{"server": stopped()}))
	cloud.on("POST "+machinePath+"/action", task())
	cloud.on("GET "+block1+"/volumes/"+uuid(501), say(200, blockVolume(501, nil)))
	cloud.on("PATCH "+block1+"/volumes/"+uuid(501), say(200, blockVolume(501, nil)))
	cloud.on("DELETE "+machinePath, say(204, nil))
	return cloud
}

// made returns the answer to a creation.
func made() script { return say(201, object{"server": stopped()}) }

// order returns the order of a machine for server 1.
func order() pool.MachineOrder {
	return pool.MachineOrder{
		Server:   pool.Server{Number: 1, Hostname: "bbb-w1", Domain: "bbb-w1.example.com"},
		Zones:    []string{"fr-par-1", "nl-ams-1"},
		Types:    []string{typeA, typeB},
		UserData: []byte(userData),
	}
}

func TestCreateCompletesTheMachineAndStartsIt(t *testing.T) {
	cloud := readyCloud(t)
	machine, err := cloud.client().Create(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	if machine.ID != uuid(1) || machine.State != pool.Starting || machine.Zone != "fr-par-1" || len(machine.Volumes) != 1 {
		t.Errorf("machine is %+v", machine)
	}
	steps := []string{create, "PATCH " + machinePath + "/user_data/cloud-init", "PATCH " + machinePath, "POST " + machinePath + "/action"}
	if got := cloud.changes(); !reflect.DeepEqual(got, steps) {
		t.Errorf("changes are %v, want %v", got, steps)
	}
	want := object{
		"name": "bbb-w1", "project": project, "commercial_type": typeA, "image": uuid(20), "dynamic_ip_required": false,
		"public_ips": []any{uuid(10)}, "tags": []any{poolTag, "divims-server-1", "divims-preparing"},
	}
	if got := cloud.last(create).json(t); !reflect.DeepEqual(got, want) {
		t.Errorf("the machine is ordered with\n%v, want\n%v", got, want)
	}
	if got := cloud.last(steps[1]).body; got != userData {
		t.Errorf("user data is %q", got)
	}
	if got := cloud.last(steps[2]).json(t); !reflect.DeepEqual(got, object{"tags": []any{poolTag, "divims-server-1"}}) {
		t.Errorf("the prepared machine is changed to %v", got)
	}
	if got := cloud.last(steps[3]).json(t); !reflect.DeepEqual(got, object{"action": "poweron"}) {
		t.Errorf("the action is %v", got)
	}
}

func TestCreateWithoutUserDataNeedsNoPreparation(t *testing.T) {
	cloud := readyCloud(t)
	plain := order()
	plain.UserData = nil
	if _, err := cloud.client().Create(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	if got := cloud.changes(); !reflect.DeepEqual(got, []string{create, "POST " + machinePath + "/action"}) {
		t.Errorf("changes are %v", got)
	}
	if got := cloud.last(create).json(t)["tags"]; !reflect.DeepEqual(got, []any{poolTag, "divims-server-1"}) {
		t.Errorf("tags are %v", got)
	}
}

func TestCreateRefusesASecondMachine(t *testing.T) {
	foreign := with(instance(7, "bbb-w1"), object{"tags": []string{}})
	tests := map[string]struct {
		zone   string
		script script
		want   string // empty if the machine may be made
	}{
		"the pool's own":                    {ams1, list("servers", instance(7, "bbb-w1")), uuid(7)},
		"somebody else's":                   {ams1, list("servers", foreign), uuid(7)},
		"a name that contains the server's": {ams1, list("servers", instance(7, "bbb-w11"), instance(8, "x-bbb-w1")), ""},
		"unknown, because the list of the zone of its address is missing": {par1, say(500, ""), "500"},
		"unknown in a zone in which it has no address":                    {ams1, say(500, ""), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+test.zone+"/servers", test.script)
			_, err := cloud.client().Create(t.Context(), order())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one about %s", err, test.want)
			}
			if got := cloud.changes(); len(got) > 0 {
				t.Errorf("changes are %v, want none", got)
			}
		})
	}
}

func TestCreateFallsBackToOtherTypesAndZones(t *testing.T) {
	everywhere := func(cloud *cloud) {
		cloud.on("GET "+ams1+"/ips", list("ips", with(address(30, "51.15.2.2"), object{"zone": "nl-ams-1"})))
	}
	tests := map[string]struct {
		par1, ams1 []script // answers to creations
		want       []string // types and zones that were asked for, in order
		refused    []pool.Refusal
	}{
		"the first is available": {
			par1: []script{made()},
			want: []string{typeA + " par"},
		},
		"the next zone before the next type": {
			par1: []script{outOfStock()}, ams1: []script{made()},
			want: []string{typeA + " par", typeA + " ams"},
		},
		"the next type": {
			par1: []script{overQuota(), made()}, ams1: []script{outOfStock()},
			want: []string{typeA + " par", typeA + " ams", typeB + " par"},
		},
		"a type that the zone does not offer": {
			par1: []script{say(400, object{"type": "invalid_arguments", "message": "invalid argument(s)",
				"details": []object{{"argument_name": "commercial_type", "reason": "constraint", "help_message": "not available"}}})},
			ams1: []script{made()},
			want: []string{typeA + " par", typeA + " ams"},
		},
		"none is available": {
			par1: []script{outOfStock()},
			ams1: []script{overQuota(), say(412, object{"type": "precondition_failed", "precondition": "resource_still_in_use", "help_message": "wait"})},
			want: []string{typeA + " par", typeA + " ams", typeB + " par", typeB + " ams"},
			refused: []pool.Refusal{
				{Zone: "fr-par-1", Type: typeA, Reason: "out of stock", Stock: true},
				{Zone: "nl-ams-1", Type: typeA, Reason: "over quota of cp_servers_type_POP2_HC_8C_16G", Stock: true},
				{Zone: "fr-par-1", Type: typeB, Reason: "out of stock", Stock: true},
				{Zone: "nl-ams-1", Type: typeB, Reason: "precondition failed: resource_still_in_use wait"},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			everywhere(cloud)
			var asked []string
			noting := func(zone string, scripts []script) []script {
				var noted []script
				for _, answer := range scripts {
					noted = append(noted, func(got call) reply {
						asked = append(asked, got.json(t)["commercial_type"].(string)+" "+zone)
						return answer(got)
					})
				}
				return noted
			}
			cloud.on(create, noting("par", test.par1)...)
			cloud.on("POST "+ams1+"/servers", noting("ams", test.ams1)...)
			plain := order()
			plain.UserData = nil
			cloud.on("POST "+ams1+"/servers/"+uuid(1)+"/action", task())
			_, err := cloud.client().Create(t.Context(), plain)
			if !reflect.DeepEqual(asked, test.want) {
				t.Errorf("asked for %v, want %v", asked, test.want)
			}
			shortage, short := errors.AsType[*pool.RefusalError](err)
			if short != (test.refused != nil) {
				t.Fatalf("error %v, want a shortage: %v", err, test.refused != nil)
			}
			if short && !reflect.DeepEqual(shortage.Refusals, test.refused) {
				t.Errorf("shortages are %v, want %v", shortage.Refusals, test.refused)
			}
			if !short && err != nil {
				t.Error(err)
			}
		})
	}
}

// After an answer that leaves open whether a machine was created, no other type or zone
// is tried: that could create a second machine. The whole zone is refused.
func TestCreateStopsAfterAnUnclearAnswer(t *testing.T) {
	tests := map[string]script{
		"a server error":         say(500, object{"message": "oops"}),
		"a gateway's error":      say(502, "<html></html>"),
		"too many requests":      say(429, ""),
		"no machine in it":       say(201, object{}),
		"a body that is no JSON": say(201, "<html></html>"),
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on(create, answer)
			_, err := cloud.client().Create(t.Context(), order())
			refused, ok := errors.AsType[*pool.RefusalError](err)
			if !ok || len(refused.Refusals) != 1 || refused.Refusals[0].Zone != "fr-par-1" || refused.Refusals[0].Type != "" || refused.Refusals[0].Reason == "" {
				t.Errorf("error %v, want one refusal of the zone", err)
			}
			if got := cloud.changes(); !reflect.DeepEqual(got, []string{create}) {
				t.Errorf("changes are %v, want one creation", got)
			}
		})
	}
}

// After a definite refusal of any kind the next type is tried.
func TestCreateGoesOnAfterADefiniteRefusal(t *testing.T) {
	tests := map[string]struct {
		answer script
		reason string
	}{
		"no permission":         {say(403, object{"type": "permissions_denied", "details": []object{{"resource": "instance", "action": "write"}}}), "insufficient permissions: write instance"},
		"no authentication":     {say(401, object{"type": "denied_authentication", "method": "api_key", "reason": "expired"}), "expired"},
		"nothing left to pay":   {say(402, object{"message": "payment required"}), "payment required"},
		"a bad argument":        {say(400, object{"type": "invalid_arguments", "details": []object{{"argument_name": "image", "reason": "constraint"}}}), "image does not respect constraint"},
		"a bad request":         {say(400, object{"type": "invalid_request_error", "message": "bad", "fields": object{"image": []string{"wrong architecture"}}}), "wrong architecture"},
		"an image that is gone": {notFound("instance_image", uuid(20)), "instance_image"},
		"an unknown resource":   {say(404, object{"type": "unknown_resource", "message": "?"}), ""},
		"a proxy's 404":         {say(404, "<html></html>"), "404"},
		"a conflict":            {say(409, object{"type": "transient_state", "resource": "ip", "resource_id": uuid(10), "current_state": "x"}), "transient"},
		"out of stock":          {outOfStock(), "out of stock"},
		"over quota":            {overQuota(), "over quota"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on(create, test.answer)
			_, err := cloud.client().Create(t.Context(), order())
			refused, ok := errors.AsType[*pool.RefusalError](err)
			if !ok || len(refused.Refusals) != 2 {
				t.Fatalf("error %v, want a refusal of both types", err)
			}
			for i, commercialType := range []string{typeA, typeB} {
				if got := refused.Refusals[i]; got.Type != commercialType || got.Zone != "fr-par-1" || got.Reason == "" || !strings.Contains(got.Reason, test.reason) {
					t.Errorf("refusal %+v, want one of %s with %q", got, commercialType, test.reason)
				}
			}
		})
	}
}

// A zone that was refused as a whole is skipped for all types, and named once.
func TestRefusedZoneIsSkipped(t *testing.T) {
	cloud := readyCloud(t)
	again := order()
	again.Refused = []pool.Refusal{{Zone: "fr-par-1", Reason: "http error 503"}}
	_, err := cloud.client().Create(t.Context(), again)
	refused, ok := errors.AsType[*pool.RefusalError](err)
	if !ok || !reflect.DeepEqual(refused.Refusals, again.Refused) {
		t.Errorf("error %v, want the refusal of the zone once", err)
	}
	if got := cloud.changes(); len(got) > 0 {
		t.Errorf("changes are %v, want none", got)
	}
}

func TestCreateUsesTheOrderedImage(t *testing.T) {
	cloud := readyCloud(t)
	ordered := order()
	ordered.Images = map[string]string{"fr-par-1": uuid(21)}
	if _, err := cloud.client().Create(t.Context(), ordered); err != nil {
		t.Fatal(err)
	}
	if got := cloud.last(create).json(t)["image"]; got != uuid(21) {
		t.Errorf("the image is %v, want %s", got, uuid(21))
	}
}

func TestCreateUsesTheReservedAddress(t *testing.T) {
	resolving := func(c *scaleway.Config) { c.Resolver = names{"bbb-w1.example.com": "51.15.9.9"} }
	untagged := with(address(11, "51.15.9.9"), object{"tags": []string{}})
	held := object{"server": object{"id": uuid(77), "name": "bbb-w9"}, "state": "attached"}
	tests := map[string]struct {
		par1, ams1 []object
		change     func(*scaleway.Config)
		use        []any  // ids of the addresses
		err        string // or what the error says
	}{
		"the one with the tags":          {par1: []object{untagged, address(10, "51.15.1.1")}, use: []any{uuid(10)}},
		"tags go before the domain's":    {par1: []object{untagged, address(10, "51.15.1.1")}, change: resolving, use: []any{uuid(10)}},
		"the one that the domain has":    {par1: []object{with(untagged, object{"id": uuid(12), "address": "51.15.9.8"}), untagged}, change: resolving, use: []any{uuid(11)}},
		"an IPv6 network beside":         {par1: []object{address(10, "51.15.1.1"), with(address(13, ""), object{"address": nil, "prefix": "2001:bc8::/64", "type": "routed_ipv6"})}, use: []any{uuid(10), uuid(13)}},
		"another server's is not used":   {par1: []object{with(address(10, "51.15.1.1"), object{"tags": []string{poolTag, "divims-server-11"}})}, err: "no address is reserved"},
		"another pool's is not used":     {par1: []object{with(address(10, "51.15.1.1"), object{"tags": []string{"pool-b", "divims-server-1"}})}, err: "no address is reserved"},
		"another project's is not used":  {par1: []object{with(address(10, "51.15.1.1"), object{"project": stranger})}, err: "no address is reserved"},
		"none":                           {err: `give it the tags "pool-a" and "divims-server-1", or let bbb-w1.example.com resolve to one`},
		"the domain has somebody else's": {change: resolving, err: "51.15.9.9"},
		"it is held":                     {par1: []object{with(address(10, "51.15.1.1"), held)}, err: "held by machine " + uuid(77)},
		"the IPv6 network is held":       {par1: []object{address(10, "51.15.1.1"), with(address(13, "::1"), held)}, err: "held by machine " + uuid(77)},
		"only its IPv6 network is in the zone": {par1: []object{with(address(13, ""), object{"address": nil, "prefix": "2001:bc8::/64", "type": "routed_ipv6"})},
			ams1: []object{with(address(10, "51.15.1.1"), object{"zone": "nl-ams-1"})}, err: "it has no IPv4 address in fr-par-1 (51.15.1.1 is in nl-ams-1)"},
		"it has an IPv6 network only":       {par1: []object{with(address(13, ""), object{"address": nil, "prefix": "2001:bc8::/64", "type": "routed_ipv6"})}, use: []any{uuid(13)}},
		"it is in a zone that is not tried": {ams1: []object{with(address(10, "51.15.1.1"), object{"zone": "nl-ams-1"})}, err: "51.15.1.1 is in nl-ams-1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on("GET "+par1+"/ips", list("ips", test.par1...))
			cloud.on("GET "+ams1+"/ips", list("ips", test.ams1...))
			if test.change == nil {
				test.change = func(*scaleway.Config) {}
			}
			only := order()
			only.Zones = []string{"fr-par-1"}
			_, err := cloud.client(test.change).Create(t.Context(), only)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				if got := cloud.changes(); len(got) > 0 {
					t.Errorf("changes are %v, want none", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := cloud.last(create).json(t)["public_ips"]; !reflect.DeepEqual(got, test.use) {
				t.Errorf("addresses are %v, want %v", got, test.use)
			}
		})
	}
}

// The API's filter by project is not relied on.
func TestCreateFiltersAddressesItself(t *testing.T) {
	cloud := readyCloud(t)
	foreign := with(address(10, "51.15.1.1"), object{"project": stranger})
	cloud.on("GET "+par1+"/ips", func(call) reply { return reply{200, object{"ips": []object{foreign}}, 1} })
	if _, err := cloud.client().Create(t.Context(), order()); err == nil || len(cloud.changes()) > 0 {
		t.Errorf("error %v and changes %v, want an error and none", err, cloud.changes())
	}
}

func TestRecentRefusalIsNotTriedAgain(t *testing.T) {
	cloud := readyCloud(t)
	cloud.on(create, outOfStock())
	again := order()
	until := time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)
	again.Refused = []pool.Refusal{{Zone: "fr-par-1", Type: typeA, Reason: "out of stock", Until: until}}
	_, err := cloud.client().Create(t.Context(), again)
	shortage, ok := errors.AsType[*pool.RefusalError](err)
	if !ok || len(shortage.Refusals) != 2 || !shortage.Refusals[0].Until.Equal(until) || !shortage.Refusals[1].Until.IsZero() {
		t.Fatalf("error %v, want the old refusal as it was and the new one", err)
	}
	if got := cloud.changes(); !reflect.DeepEqual(got, []string{create}) {
		t.Errorf("changes are %v, want one creation, of the other type", got)
	}
}

func TestShortageSaysWhyOtherZonesWereNotTried(t *testing.T) {
	cloud := readyCloud(t)
	cloud.on(create, outOfStock())
	_, err := cloud.client().Create(t.Context(), order())
	shortage, ok := errors.AsType[*pool.RefusalError](err)
	if !ok || len(shortage.Refusals) != 2 {
		t.Fatalf("error %v, want a shortage of both types in one zone", err)
	}
	if !strings.Contains(err.Error(), "no address in nl-ams-1 (51.15.1.1 is in fr-par-1)") {
		t.Errorf("error %q does not say why nl-ams-1 was not tried", err)
	}
}

func TestMachineWithoutUserDataIsDeleted(t *testing.T) {
	for name, broken := range map[string]string{
		"the user data are refused": "PATCH " + machinePath + "/user_data/cloud-init",
		"the tag cannot be removed": "PATCH " + machinePath,
	} {
		t.Run(name, func(t *testing.T) {
			cloud := readyCloud(t)
			cloud.on(broken, say(500, ""))
			_, err := cloud.client().Create(t.Context(), order())
			if err == nil {
				t.Fatal("no error")
			}
			changes := cloud.changes()
			if got := changes[len(changes)-1]; got != "DELETE "+machinePath {
				t.Errorf("changes are %v, want a deletion at last", changes)
			}
			for _, change := range changes {
				if strings.HasSuffix(change, "/action") {
					t.Error("it was started")
				}
			}
		})
	}
}

// If that deletion fails too, the machine still has preparingTag: it is listed as
// preparing and cannot be started.
func TestUnfinishedMachineIsListedAsPreparing(t *testing.T) {
	cloud := readyCloud(t)
	cloud.on("PATCH "+machinePath+"/user_data/cloud-init", say(500, ""))
	cloud.on("DELETE "+machinePath, say(500, ""))
	if _, err := cloud.client().Create(t.Context(), order()); err == nil || !strings.Contains(err.Error(), "delete the machine "+uuid(1)) {
		t.Errorf("error %v, want both failures in it", err)
	}
	unfinished := with(stopped(), object{"tags": cloud.last(create).json(t)["tags"]})
	cloud.on("GET "+par1+"/servers", say200(unfinished))
	cloud.on("GET "+machinePath, say(200, object{"server": unfinished}))
	machines, err := cloud.client(oneZone).Machines(t.Context(), nil)
	if err != nil || len(machines) != 1 || machines[0].Detail != pool.Preparing {
		t.Fatalf("machines are %+v, %v; want one that is preparing", machines, err)
	}
	if err := cloud.client().PowerOn(t.Context(), machines[0]); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Errorf("error %v, want a refusal to start it", err)
	}
}

// say200 returns a list of one machine.
func say200(machine object) script {
	return func(call) reply { return reply{200, object{"servers": []object{machine}}, 1} }
}

func TestMachineThatCannotBeStarted(t *testing.T) {
	action := "POST " + machinePath + "/action"
	t.Run("comes back, stopped and complete, to be started later", func(t *testing.T) {
		cloud := readyCloud(t)
		cloud.on(action, say(500, ""))
		machine, err := cloud.client().Create(t.Context(), order())
		if err == nil || machine.ID != uuid(1) || machine.State != pool.Stopped || machine.Detail == pool.Preparing {
			t.Errorf("machine is %+v, %v; want it stopped beside an error", machine, err)
		}
	})
	t.Run("is given up for another type when the zone is out of stock", func(t *testing.T) {
		cloud := readyCloud(t)
		cloud.on(action, outOfStock(), task())
		if _, err := cloud.client().Create(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		var deletions, creations int
		for _, change := range cloud.changes() {
			switch change {
			case "DELETE " + machinePath:
				deletions++
			case create:
				creations++
			}
		}
		if deletions != 1 || creations != 2 {
			t.Errorf("changes are %v, want one deletion between two creations", cloud.changes())
		}
		if got := cloud.last(create).json(t)["commercial_type"]; got != typeB {
			t.Errorf("the second is a %v, want a %s", got, typeB)
		}
	})
	t.Run("and cannot be deleted is not followed by a second creation", func(t *testing.T) {
		cloud := readyCloud(t)
		cloud.on(action, outOfStock())
		cloud.on("DELETE "+machinePath, say(412, object{"type": "precondition_failed", "precondition": "resource_still_in_use"}))
		_, err := cloud.client().Create(t.Context(), order())
		if refused, ok := errors.AsType[*pool.RefusalError](err); !ok || len(refused.Refusals) != 1 || !strings.Contains(err.Error(), "delete the machine") {
			t.Errorf("error %v, want the refusal and that the machine was not deleted", err)
		}
		creations := 0
		for _, change := range cloud.changes() {
			if change == create {
				creations++
			}
		}
		if creations != 1 {
			t.Errorf("%d creations, want 1", creations)
		}
	})
}

func TestCreateRefusesInvalidOrders(t *testing.T) {
	metal, typeless, zoneless := order(), order(), order()
	metal.Server.BareMetal, typeless.Types, zoneless.Zones = true, nil, nil
	for name, order := range map[string]pool.MachineOrder{"bare metal": metal, "no type": typeless, "no zone": zoneless} {
		t.Run(name, func(t *testing.T) {
			if _, err := newCloud(t).client().Create(t.Context(), order); err == nil {
				t.Error("no error")
			}
		})
	}
}
