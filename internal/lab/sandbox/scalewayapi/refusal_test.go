package scalewayapi_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
)

// A refused call is answered with the status and the text, and changes nothing. Other
// calls go on.
func TestCallsAreRefusedByName(t *testing.T) {
	s := newSandbox(t)
	running := s.create("bbb-w1", nil)
	s.act(running, "poweron")
	stopped := s.create("bbb-w2", nil)
	s.wait(time.Hour)
	for name, call := range map[string]func() reply{
		"POST servers":          func() reply { return s.order("bbb-w3", nil) },
		"GET servers":           func() reply { return s.call("GET", zone+"/servers/"+running, nil) },
		"PATCH servers":         func() reply { return s.call("PATCH", zone+"/servers/"+running, map[string]any{"name": "x"}) },
		"DELETE servers":        func() reply { return s.call("DELETE", zone+"/servers/"+stopped, nil) },
		"POST action:terminate": func() reply { return s.act(running, "terminate") },
		"POST action:poweron":   func() reply { return s.act(stopped, "poweron") },
		"PATCH user_data":       func() reply { return s.call("PATCH", zone+"/servers/"+stopped+"/user_data/cloud-init", "x") },
		"GET volumes":           func() reply { return s.call("GET", block+"/volumes", nil) },
		"GET availability":      func() reply { return s.call("GET", zone+"/products/servers/availability", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.world.Machines())
			states := []any{s.state(running), s.state(stopped)}
			end := s.world.Refuse(name, world.RefusedError{Status: 418, Text: "not on a Monday"})
			if answer := call(); answer.status != 418 || answer.at("message") != "not on a Monday" {
				t.Errorf("status %d: %v", answer.status, answer.body)
			}
			if answer := s.call("GET", zone+"/images", nil); answer.status != http.StatusOK {
				t.Errorf("another call: status %d: %v", answer.status, answer.body)
			}
			end()
			if got := []any{s.state(running), s.state(stopped)}; got[0] != states[0] || got[1] != states[1] || len(s.world.Machines()) != before {
				t.Errorf("the refused call changed the states %v to %v", states, got)
			}
		})
	}
	if answer := s.act(running, "terminate"); answer.status != http.StatusAccepted {
		t.Errorf("after all refusals: status %d: %v", answer.status, answer.body)
	}
}

// A refusal of each of two overlapping events holds until its own end.
func TestOverlappingShortagesEndEachByItself(t *testing.T) {
	s := newSandbox(t)
	instances := instance.NewAPI(s.sdk())
	order := func() error {
		image := imageID
		_, err := instances.CreateServer(&instance.CreateServerRequest{Name: "bbb-w1", CommercialType: blockType, Image: &image})
		return err
	}
	restockZone := s.world.SellOut(world.Offer{Zone: "fr-par-1"})
	restockType := s.world.SellOut(world.Offer{Type: blockType})
	restockZone()
	check[*scw.OutOfStockError](t, "the type is still out of stock", order())
	raise := s.world.ExhaustQuota(world.Offer{})
	restockType()
	check[*scw.QuotasExceededError](t, "every quota is exhausted", order())
	raise()
	if err := order(); err != nil {
		t.Errorf("after all events: %v", err)
	}
}

// During an outage of a zone, creations there fail, and lists go on.
func TestOutageOfAZone(t *testing.T) {
	s := newSandbox(t)
	id := s.create("bbb-w1", nil)
	end := s.world.BeginOutage("fr-par-1")
	if answer := s.order("bbb-w2", nil); answer.status != http.StatusServiceUnavailable {
		t.Errorf("create: status %d: %v", answer.status, answer.body)
	}
	if listed := s.call("GET", zone+"/servers", nil); listed.status != http.StatusOK || listed.at("servers", 0, "id") != id {
		t.Errorf("list: status %d: %v", listed.status, listed.body)
	}
	end()
	s.create("bbb-w2", nil)
}

func TestStartsAreRefused(t *testing.T) {
	s := newSandbox(t)
	id := s.create("bbb-w1", map[string]any{"public_ips": []string{s.address(1)}})
	other := s.create("bbb-w2", map[string]any{"public_ips": []string{s.address(2)}})
	end := s.world.RefuseStarts(1, 500)
	for _, test := range []struct {
		id     string
		status int
	}{{id, 500}, {other, http.StatusAccepted}} {
		if answer := s.act(test.id, "poweron"); answer.status != test.status {
			t.Errorf("start: status %d, want %d: %v", answer.status, test.status, answer.body)
		}
	}
	end()
	if answer := s.act(id, "poweron"); answer.status != http.StatusAccepted {
		t.Errorf("start after the event: status %d: %v", answer.status, answer.body)
	}
}

func TestCallsAreNamedByTheLastFixedWord(t *testing.T) {
	calls := scalewayapi.Calls()
	for _, name := range []string{
		"POST servers", "GET servers", "PATCH servers", "DELETE servers", "GET action", "POST action:terminate", "POST action:poweron",
		"PATCH user_data", "DELETE volumes", "GET volumes", "GET ips", "GET images", "GET availability", "PATCH records", "GET quota", "POST reboot",
	} {
		if !slices.Contains(calls, name) {
			t.Errorf("there is no call %q among %q", name, calls)
		}
	}
}
