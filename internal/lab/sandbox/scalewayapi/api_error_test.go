package scalewayapi_test

import (
	"net/http"
	"testing"
	"time"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
)

const unknownID = "6170692d-7363-4616-8c65-00000000000f"

// A server is created only from existing resources of the own project.
func TestInvalidOrdersAreRefused(t *testing.T) {
	s := newSandbox(t, func(_ *world.Config, c *scalewayapi.Config) { c.Quotas = map[string]int{localType: 1} })
	s.create("first", map[string]any{"commercial_type": localType, "public_ips": []string{s.address(1)}})
	s.world.SellOut(world.Offer{Zone: "fr-par-1", Type: "POP2-8C-32G"})
	for _, test := range []struct {
		name   string
		change map[string]any
		status int
		kind   string
		// path leads to a value in the body, want is that value.
		path []any
		want any
	}{
		{"unknown image", map[string]any{"image": unknownID}, 404, "not_found", []any{"resource"}, "instance_image"},
		{"unknown address", map[string]any{"public_ips": []string{unknownID}}, 404, "not_found", []any{"resource"}, "instance_ip"},
		{"unknown address, old style", map[string]any{"public_ip": unknownID}, 404, "not_found", []any{"resource_id"}, unknownID},
		{"address of another server", map[string]any{"public_ips": []string{s.address(1)}}, 400, "invalid_arguments", []any{"details", 0, "argument_name"}, "public_ips"},
		{"one address twice", map[string]any{"public_ips": []string{s.address(2), s.address(2)}}, 400, "invalid_arguments", []any{"details", 0, "argument_name"}, "public_ips"},
		{"unknown type", map[string]any{"commercial_type": "NO-SUCH"}, 404, "not_found", []any{"resource_id"}, "NO-SUCH"},
		{"no type", map[string]any{"commercial_type": nil}, 400, "invalid_arguments", []any{"details", 0, "reason"}, "required"},
		{"no image and no volume", map[string]any{"image": nil}, 400, "invalid_arguments", []any{"details", 1, "argument_name"}, "volumes"},
		{"no name", map[string]any{"name": nil}, 400, "invalid_arguments", []any{"details", 0, "argument_name"}, "name"},
		{"no project", map[string]any{"project": nil}, 400, "invalid_arguments", []any{"details", 0, "argument_name"}, "project"},
		{"other project", map[string]any{"project": unknownID}, 403, "permissions_denied", []any{"details", 0, "action"}, "write"},
		{"out of stock", map[string]any{"commercial_type": "POP2-8C-32G"}, 412, "out_of_stock", []any{"resource"}, "POP2-8C-32G"},
		{"over quota", map[string]any{"commercial_type": localType}, 403, "quotas_exceeded", []any{"details", 0, "current"}, 1.0},
		{"local volume for a type with block volumes", map[string]any{"volumes": map[string]any{"0": map[string]any{"volume_type": "l_ssd"}}}, 400, "invalid_arguments", []any{"details", 0, "argument_name"}, "volumes"},
		{"existing volume", map[string]any{"volumes": map[string]any{"1": map[string]any{"id": unknownID}}}, 400, "invalid_arguments", []any{"details", 0, "argument_name"}, "volumes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := s.order("bbb-w2", test.change)
			if answer.status != test.status || answer.at("type") != test.kind || answer.at(test.path...) != test.want {
				t.Errorf("status %d, %v; want %d, %s with %v %v", answer.status, answer.body, test.status, test.kind, test.path, test.want)
			}
		})
	}
	if n := len(s.world.Machines()); n != 1 {
		t.Errorf("%d machines after refused orders, want only the first one", n)
	}
}

// address returns the id of a server's reserved address.
func (s *sandbox) address(number int) string {
	s.t.Helper()
	return s.call("GET", zone+"/ips?tags="+world.AddressTag(number), nil).at("ips", 0, "id").(string)
}

// A server performs only the actions that its state allows, and lists just these.
func TestActionsDependOnTheState(t *testing.T) {
	s := newSandbox(t)
	in := map[string]string{}
	for _, state := range []string{"stopped", "starting", "running", "stopping", "stopped in place"} {
		in[state] = s.create(state, nil)
	}
	for _, state := range []string{"running", "stopping", "stopped in place"} {
		s.act(in[state], "poweron")
	}
	s.wait(time.Minute)
	s.act(in["stopped in place"], "stop_in_place")
	s.wait(time.Minute)
	s.act(in["starting"], "poweron")
	s.act(in["stopping"], "poweroff")

	for state, refusals := range map[string]map[string]int{
		"stopped":          {"poweroff": 400, "stop_in_place": 400, "reboot": 400, "terminate": 400},
		"starting":         {"poweron": 409, "poweroff": 409, "reboot": 409, "terminate": 409},
		"running":          {"poweron": 400},
		"stopping":         {"poweron": 409, "poweroff": 409, "reboot": 409, "terminate": 409},
		"stopped in place": {"stop_in_place": 400, "reboot": 400},
	} {
		t.Run(state, func(t *testing.T) {
			if got := s.state(in[state]); got != state {
				t.Fatalf("the server is %v", got)
			}
			for action, status := range refusals {
				if answer := s.act(in[state], action); answer.status != status {
					t.Errorf("%s: status %d %v, want %d", action, answer.status, answer.body, status)
				}
			}
			if got := s.state(in[state]); got != state {
				t.Errorf("the server is %v after the refused actions", got)
			}
			if state != "stopped" {
				if answer := s.call("DELETE", zone+"/servers/"+in[state], nil); answer.status != 400 {
					t.Errorf("delete: status %d, want 400", answer.status)
				}
			}
			allowed := s.call("GET", zone+"/servers/"+in[state]+"/action", nil).at("actions").([]any)
			for _, action := range allowed {
				if _, refused := refusals[action.(string)]; refused {
					t.Errorf("%v is refused but listed as allowed", action)
				}
			}
		})
	}
}

// A zone can run out of stock between the creation and the start of a server. The
// server can then be deleted, and another one created with its address.
func TestOutOfStockAtStart(t *testing.T) {
	s := newSandbox(t)
	address := map[string]any{"public_ips": []string{s.address(1)}}
	id := s.create("bbb-w1", address)
	s.world.SellOut(world.Offer{Zone: "fr-par-1", Type: blockType})
	if answer := s.act(id, "poweron"); answer.status != 412 || answer.at("type") != "out_of_stock" {
		t.Fatalf("poweron: status %d %v, want out of stock", answer.status, answer.body)
	}
	if answer := s.call("DELETE", zone+"/servers/"+id, nil); answer.status != 204 {
		t.Fatalf("delete: status %d %v", answer.status, answer.body)
	}
	if answer := s.call("GET", zone+"/servers/"+id, nil); answer.status != 404 {
		t.Errorf("get after delete: status %d, want 404", answer.status)
	}
	address["commercial_type"] = localType
	s.create("bbb-w1", address)
}

// Terminating a server deletes its local volumes only. Deleting it deletes none.
func TestVolumesThatStayBehind(t *testing.T) {
	for _, test := range []struct {
		name, commercialType string
		end                  func(s *sandbox, id string)
		blocks, locals       int
	}{
		{"block volume, terminated", blockType, terminate, 1, 0},
		{"block volume, deleted", blockType, remove, 1, 0},
		{"local volume, terminated", localType, terminate, 0, 0},
		{"local volume, deleted", localType, remove, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSandbox(t)
			test.end(s, s.create("bbb-w1", map[string]any{"commercial_type": test.commercialType}))
			blocks := s.call("GET", block+"/volumes", nil).at("volumes").([]any)
			locals := s.call("GET", zone+"/volumes", nil).at("volumes").([]any)
			if len(blocks) != test.blocks || len(locals) != test.locals {
				t.Fatalf("left: %v and %v; want %d block volumes and %d local volumes", blocks, locals, test.blocks, test.locals)
			}
			for _, volume := range blocks {
				s.deleteVolume(block, volume)
			}
			for _, volume := range locals {
				s.deleteVolume(zone, volume)
			}
			if n := len(s.world.Volumes()); n != 0 {
				t.Errorf("%d volumes are left, want none", n)
			}
		})
	}
}

func terminate(s *sandbox, id string) {
	s.act(id, "poweron")
	s.wait(time.Minute)
	s.act(id, "terminate")
	s.wait(time.Minute)
}

func remove(s *sandbox, id string) { s.call("DELETE", zone+"/servers/"+id, nil) }

func (s *sandbox) deleteVolume(product string, volume any) {
	s.t.Helper()
	id := volume.(map[string]any)["id"].(string)
	if answer := s.call("DELETE", product+"/volumes/"+id, nil); answer.status != http.StatusNoContent {
		s.t.Errorf("delete volume: status %d %v", answer.status, answer.body)
	}
}

// An attached volume cannot be deleted.
func TestAttachedVolumesAreNotDeleted(t *testing.T) {
	s := newSandbox(t)
	volume := func(id string) string {
		return s.call("GET", zone+"/servers/"+id, nil).at("server", "volumes", "0", "id").(string)
	}
	blockVolume := volume(s.create("block", nil))
	localVolume := volume(s.create("local", map[string]any{"commercial_type": localType}))
	for path, status := range map[string]int{block + "/volumes/" + blockVolume: 412, zone + "/volumes/" + localVolume: 400} {
		if answer := s.call("DELETE", path, nil); answer.status != status || answer.at("precondition") != "resource_still_in_use" {
			t.Errorf("delete %s: status %d %v, want %d", path, answer.status, answer.body, status)
		}
	}
}

// A running server gets a dynamic address unless the request says no.
func TestDynamicAddress(t *testing.T) {
	s := newSandbox(t)
	for name, test := range map[string]struct {
		change map[string]any
		want   int
	}{
		"not requested":                 {nil, 0},
		"no preference":                 {map[string]any{"dynamic_ip_required": nil}, 1},
		"with a reserved address":       {map[string]any{"dynamic_ip_required": true, "public_ips": []string{s.address(1)}}, 1},
		"with a newly reserved address": {map[string]any{"public_ips": []any{s.call("POST", zone+"/ips", map[string]any{"project": project}).at("ip", "id")}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			id := s.create("server", test.change)
			s.act(id, "poweron")
			s.wait(time.Minute)
			addresses := s.call("GET", zone+"/servers/"+id, nil).at("server", "public_ips").([]any)
			if len(addresses) != test.want {
				t.Fatalf("addresses: %v, want %d", addresses, test.want)
			}
			for _, address := range addresses {
				if dynamic := address.(map[string]any)["dynamic"]; dynamic != (name == "no preference") {
					t.Errorf("an address has dynamic=%v", dynamic)
				}
			}
		})
	}
}

// Invalid calls, and calls without the key or for another project, are refused as
// Scaleway does.
func TestInvalidCallsAreRefused(t *testing.T) {
	s := newSandbox(t)
	id := s.create("bbb-w1", nil)
	address := s.address(2)
	for _, test := range []struct {
		name, method, path string
		body               any
		status             int
		kind               any
	}{
		{"list of another project", "GET", zone + "/servers?project=" + unknownID, nil, 403, "permissions_denied"},
		{"volumes of another project", "GET", block + "/volumes?project_id=" + unknownID, nil, 403, "permissions_denied"},
		{"address for another project", "POST", zone + "/ips", map[string]any{"project": unknownID}, 403, "permissions_denied"},
		{"page of 101", "GET", zone + "/servers?per_page=101", nil, 400, "invalid_arguments"},
		{"page 0", "GET", zone + "/servers?page=0", nil, 400, "invalid_arguments"},
		{"unknown order", "GET", zone + "/servers?order=best_first", nil, 400, "invalid_arguments"},
		{"unknown server", "GET", zone + "/servers/" + unknownID, nil, 404, "not_found"},
		{"server of another zone", "GET", "/instance/v1/zones/nl-ams-1/servers/" + id, nil, 404, "not_found"},
		{"unknown volume", "GET", block + "/volumes/" + unknownID, nil, 404, "not_found"},
		{"unknown user data", "GET", zone + "/servers/" + id + "/user_data/cloud-init", nil, 404, "not_found"},
		{"unknown action", "POST", zone + "/servers/" + id + "/action", map[string]any{"action": "explode"}, 400, "invalid_arguments"},
		{"update of a field that is not served", "PATCH", zone + "/servers/" + id, map[string]any{"protected": true}, 400, "invalid_arguments"},
		{"body that is not JSON", "POST", zone + "/servers", "}{", 400, "invalid_arguments"},
		{"body that is too large", "POST", zone + "/servers", string(make([]byte, 2<<20)), 400, "invalid_arguments"},
		{"reverse name that does not resolve to the address", "PATCH", zone + "/ips/" + address, map[string]any{"reverse": "bbb-w2.example.com"}, 400, "invalid_arguments"},
		{"two changes in one", "PATCH", "/domain/v2beta1/dns-zones/example.com/records", map[string]any{"changes": []any{map[string]any{"clear": map[string]any{}, "delete": map[string]any{"id": unknownID}}}}, 400, "invalid_arguments"},
		{"record without data", "PATCH", "/domain/v2beta1/dns-zones/example.com/records", map[string]any{"changes": []any{map[string]any{"add": map[string]any{"records": []any{map[string]any{"type": "A", "ttl": 60}}}}}}, 400, "invalid_arguments"},
		{"unknown DNS zone", "GET", "/domain/v2beta1/dns-zones/sub.example.com/records", nil, 404, "not_found"},
		{"path that is not served", "GET", "/instance/v1/zones/fr-par-1/snapshots", nil, 404, nil},
		{"method that is not served", "PUT", zone + "/servers/" + id, nil, 404, nil},
		{"invalid zone", "GET", "/instance/v1/zones/moon/servers", nil, 404, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := s.call(test.method, test.path, test.body)
			if answer.status != test.status || answer.at("type") != test.kind {
				t.Errorf("status %d, %v; want %d, type %v", answer.status, answer.body, test.status, test.kind)
			}
		})
	}
	for key, reason := range map[string]string{"": "invalid_argument", unknownID: "not_found"} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", s.server.URL+zone+"/servers", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Auth-Token", key)
		if answer := s.send(request); answer.status != 401 || answer.at("reason") != reason {
			t.Errorf("key %q: status %d, %v; want 401, %s", key, answer.status, answer.body, reason)
		}
	}
}
