package scalewayapi_test

import (
	"net/http"
	"testing"
	"time"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
)

// withGroup adds a security group and two private networks to the usual sandbox.
func withGroup(_ *world.Config, c *scalewayapi.Config) {
	c.SecurityGroups = []string{"bbb"}
	c.PrivateNetworks = []scalewayapi.PrivateNetwork{{ID: networkID, Name: "bbb", Region: "fr-par"}, {ID: farNetworkID, Name: "bbb", Region: "nl-ams"}}
}

// As recorded, the modification date moves with an update that changes something, and
// not with one that changes nothing.
func TestModificationDateMovesWithChangesOnly(t *testing.T) {
	group := scalewayapi.SecurityGroupID(project, "fr-par-1", "bbb")
	for name, test := range map[string]struct {
		before, update map[string]any
		moves          bool
	}{
		"nothing":                        {nil, map[string]any{}, false},
		"other tags":                     {nil, map[string]any{"tags": []string{"pool"}}, true},
		"no tags":                        {nil, map[string]any{"tags": []string{}}, true},
		"the same tags":                  {nil, map[string]any{"tags": []string{"pool", "bbb-w1"}}, false},
		"another name":                   {nil, map[string]any{"name": "bbb-w2"}, true},
		"the same name":                  {nil, map[string]any{"name": "bbb-w1"}, false},
		"another security group":         {nil, map[string]any{"security_group": map[string]any{"id": group}}, true},
		"the security group that it has": {map[string]any{"security_group": map[string]any{"id": group}}, map[string]any{"security_group": map[string]any{"id": group}}, false},
		"a placement group":              {nil, map[string]any{"placement_group": group}, true},
		"no placement group":             {map[string]any{"placement_group": group}, map[string]any{"placement_group": nil}, true},
		"still no placement group":       {nil, map[string]any{"placement_group": nil}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t, withGroup)
			path := zone + "/servers/" + s.create("bbb-w1", nil)
			if test.before != nil {
				s.call("PATCH", path, test.before)
			}
			before := s.call("GET", path, nil).at("server", "modification_date")
			s.wait(time.Minute)
			answer := s.call("PATCH", path, test.update)
			if answer.status != http.StatusOK {
				t.Fatalf("status %d: %v", answer.status, answer.body)
			}
			if moved := answer.at("server", "modification_date") != before; moved != test.moves {
				t.Errorf("the modification date moved: %t, want %t", moved, test.moves)
			}
		})
	}
}
