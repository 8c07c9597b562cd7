package scalewayapi_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestScalewayCLI drives the sandbox with Scaleway's own command line client.
// The environment variable DIVIMS_TEST_SCW is the path of its program; .ci/scw
// builds it and sets the variable.
func TestScalewayCLI(t *testing.T) {
	program := os.Getenv("DIVIMS_TEST_SCW")
	if program == "" {
		t.Skip("DIVIMS_TEST_SCW names no scw program")
	}
	s := newSandbox(t)
	scw := func(into any, arguments ...string) {
		t.Helper()
		output := s.runCLI(program, append(arguments, "zone=fr-par-1", "--output=json"))
		if into == nil {
			return
		}
		if err := json.Unmarshal(output, into); err != nil {
			t.Fatalf("scw %q: %v in %s", arguments, err, output)
		}
	}
	states := func() map[string]string {
		t.Helper()
		var servers []struct{ Name, State string }
		scw(&servers, "instance", "server", "list", "name=bbb-w")
		found := map[string]string{}
		for _, server := range servers {
			found[server.Name] = server.State
		}
		return found
	}

	if found := states(); len(found) != 0 {
		t.Errorf("servers of an empty pool: %v", found)
	}
	var made struct{ ID string }
	scw(&made, "instance", "server", "create", "name=bbb-w1", "type="+blockType, "image="+imageID,
		"ip="+s.address(1), "dynamic-ip-required=false", "tags.0=pool", "stopped=true")
	if found := states(); found["bbb-w1"] != "stopped" {
		t.Errorf("after create: %v, want bbb-w1 stopped", found)
	}
	scw(nil, "instance", "server", "start", made.ID)
	s.wait(time.Minute)
	var running struct{ State string }
	scw(&running, "instance", "server", "get", made.ID)
	if running.State != "running" {
		t.Errorf("a minute after start it is %s, want running", running.State)
	}
	scw(nil, "instance", "server", "terminate", made.ID, "with-block=false")
	s.wait(time.Minute)
	if found := states(); len(found) != 0 {
		t.Errorf("a minute after terminate: %v, want none", found)
	}

	var volumes []struct{ ID string }
	scw(&volumes, "block", "volume", "list")
	if len(volumes) != 1 {
		t.Fatalf("volumes left: %v, want one", volumes)
	}
	scw(nil, "block", "volume", "delete", volumes[0].ID)
	if n := s.world.Tally().LeftoverVolumes; n != 0 {
		t.Errorf("%d volumes left over, want none", n)
	}
	for _, list := range [][]string{
		{"instance", "image", "list"}, {"instance", "ip", "list"}, {"instance", "volume", "list"},
		{"instance", "server-type", "list"},
	} {
		scw(nil, list...)
	}
}

// runCLI runs scw with settings of its own and gives what it prints.
func (s *sandbox) runCLI(program string, arguments []string) []byte {
	s.t.Helper()
	command := exec.Command(program, arguments...)
	command.Env = []string{
		"HOME=" + s.t.TempDir(), "SCW_API_URL=" + s.server.URL,
		"SCW_ACCESS_KEY=SCW12345678901234567", "SCW_SECRET_KEY=" + secretKey,
		"SCW_DEFAULT_PROJECT_ID=" + project, "SCW_DEFAULT_ORGANIZATION_ID=" + project,
		"SCW_DEFAULT_REGION=fr-par", "SCW_DEFAULT_ZONE=fr-par-1", "SCW_SEND_TELEMETRY=false",
	}
	output, err := command.Output()
	if err != nil {
		problem := ""
		if failed, ok := err.(*exec.ExitError); ok {
			problem = string(failed.Stderr)
		}
		s.t.Fatalf("scw %q: %v\n%s%s", arguments, err, output, problem)
	}
	return output
}
