package scalewayapi_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestScalewayCLI runs Scaleway's command line client against the sandbox. The
// environment variable DIVIMS_TEST_SCW is the path of the client; .ci/scw builds it and
// sets the variable.
func TestScalewayCLI(t *testing.T) {
	program := os.Getenv("DIVIMS_TEST_SCW")
	if program == "" {
		t.Skip("DIVIMS_TEST_SCW names no scw program")
	}
	c := cli{newSandbox(t), program}
	if found := c.serverStates(); len(found) != 0 {
		t.Errorf("servers of the empty pool: %v", found)
	}
	var made struct{ ID string }
	c.run(&made, "instance", "server", "create", "name=bbb-w1", "type="+blockType, "image="+imageID,
		"ip="+c.address(1), "dynamic-ip-required=false", "tags.0=pool", "stopped=true")
	if found := c.serverStates(); found["bbb-w1"] != "stopped" {
		t.Errorf("after create: %v, want bbb-w1 stopped", found)
	}
	c.run(nil, "instance", "server", "start", made.ID)
	c.wait(time.Minute)
	var running struct{ State string }
	c.run(&running, "instance", "server", "get", made.ID)
	if running.State != "running" {
		t.Errorf("a minute after its start the server is %s, want running", running.State)
	}
	c.run(nil, "instance", "server", "terminate", made.ID, "with-block=false")
	c.wait(time.Minute)
	if found := c.serverStates(); len(found) != 0 {
		t.Errorf("servers a minute after terminate: %v, want none", found)
	}
	c.deleteOnlyVolume()
	for _, list := range [][]string{
		{"instance", "image", "list"}, {"instance", "ip", "list"}, {"instance", "volume", "list"},
		{"instance", "server-type", "list"},
	} {
		c.run(nil, list...)
	}
}

// cli runs scw against a sandbox.
type cli struct {
	*sandbox
	program string
}

// run runs a command, and decodes its output unless into is nil.
func (c cli) run(into any, arguments ...string) {
	c.t.Helper()
	output := c.output(append(arguments, "zone=fr-par-1", "--output=json"))
	if into == nil {
		return
	}
	if err := json.Unmarshal(output, into); err != nil {
		c.t.Fatalf("scw %q: %v in %s", arguments, err, output)
	}
}

// serverStates returns the states of the pool's servers, by name.
func (c cli) serverStates() map[string]string {
	c.t.Helper()
	var servers []struct{ Name, State string }
	c.run(&servers, "instance", "server", "list", "name=bbb-w")
	found := map[string]string{}
	for _, server := range servers {
		found[server.Name] = server.State
	}
	return found
}

func (c cli) deleteOnlyVolume() {
	c.t.Helper()
	var volumes []struct{ ID string }
	c.run(&volumes, "block", "volume", "list")
	if len(volumes) != 1 {
		c.t.Fatalf("volumes left: %v, want one volume", volumes)
	}
	c.run(nil, "block", "volume", "delete", volumes[0].ID)
	if n := len(c.world.Volumes()); n != 0 {
		c.t.Errorf("%d volumes are left, want none", n)
	}
}

// output returns the output of scw, which runs with its own environment only.
func (c cli) output(arguments []string) []byte {
	c.t.Helper()
	command := exec.CommandContext(c.t.Context(), c.program, arguments...)
	command.Env = []string{
		"HOME=" + c.t.TempDir(), "SCW_API_URL=" + c.server.URL,
		"SCW_ACCESS_KEY=SCW12345678901234567", "SCW_SECRET_KEY=" + secretKey,
		"SCW_DEFAULT_PROJECT_ID=" + project, "SCW_DEFAULT_ORGANIZATION_ID=" + project,
		"SCW_DEFAULT_REGION=fr-par", "SCW_DEFAULT_ZONE=fr-par-1", "SCW_SEND_TELEMETRY=false",
	}
	output, err := command.Output()
	if err != nil {
		problem := ""
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			problem = string(failed.Stderr)
		}
		c.t.Fatalf("scw %q: %v\n%s%s", arguments, err, output, problem)
	}
	return output
}
