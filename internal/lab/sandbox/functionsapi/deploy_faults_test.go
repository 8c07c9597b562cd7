package functionsapi_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"divims/internal/lab/sandbox/functionsapi"
)

// Scaleway is busy in one place during a deployment. Afterwards each function is ready,
// with exactly its one cron, and the output has neither a secret nor a dump.
func TestDeployWhileScalewayIsBusy(t *testing.T) {
	type refusals = []functionsapi.Refusal
	type day struct {
		name     string
		refusals refusals
		says     string
	}
	for group, days := range map[string][]day{
		"crons are made": {
			{"one is refused, because its function changes", refusals{{Call: "POST /crons", Status: 409, Times: 1}}, "which is missing"},
			{"none can be made for a while", refusals{{Call: "POST /crons", Status: 503, Times: 4}}, "which is missing"},
			{"one is made, but the answer says otherwise", refusals{{Call: "POST /crons", Status: 503, Times: 3, Done: true}}, "ready at"},
			{"too many requests", refusals{{Call: "POST /crons", Status: 429, Times: 2}, {Call: "DELETE /crons/{id}", Status: 429, Times: 2}, {Call: "GET /crons", Status: 429, Skip: 2, Times: 2}}, "ready at"},
		},
		"crons are deleted": {
			{"one is not deleted", refusals{{Call: "DELETE /crons/{id}", Status: 409, Times: 1}}, "ready at"},
			{"none can be deleted for a while", refusals{{Call: "DELETE /crons/{id}", Status: 503, Times: 4}}, "ready at"},
			{"one is deleted, but the answer says otherwise", refusals{{Call: "DELETE /crons/{id}", Status: 503, Times: 2, Done: true}}, "ready at"},
		},
		"functions are read": {
			{"the domains cannot be, which ends osls before it deploys", refusals{{Call: "GET /domains", Status: 503, Times: 1}}, "osls runs again"},
			{"one cannot be while it is built", refusals{{Call: "GET /functions/{id}", Status: 503, Times: 1}}, "ready at"},
			{"the lists cannot be at first", refusals{{Call: "GET /namespaces", Status: 503, Times: 2}, {Call: "GET /functions", Status: 429, Times: 1}}, "ready at"},
		},
	} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.startPools()
			if _, err := d.deploy(); err != nil {
				t.Fatal(err)
			}
			level := "debug"
			for i, day := range days {
				t.Run(day.name, func(t *testing.T) {
					d.T = t
					for _, r := range day.refusals {
						d.platform.Refuse(r)
					}
					next := []string{"warn", "error"}[i%2]
					d.change("pools/school.env", "DIVIMS_LOG_LEVEL="+level, "DIVIMS_LOG_LEVEL="+next)
					level = next
					d.wantDeployed(level, day.says)
					d.platform.Relent()
				})
			}
		})
	}
}

// wantDeployed deploys, and checks the functions, the log level of school and the output.
func (d *deployment) wantDeployed(level, says string) {
	d.Helper()
	output, err := d.deploy()
	if err != nil {
		d.Fatal(err)
	}
	d.wantFunctions()
	if got := d.function("school").Variables["DIVIMS_LOG_LEVEL"]; got != level {
		d.Errorf("the level of school is %q; want %q", got, level)
	}
	if lines := strings.Count(output, "\n"); !strings.Contains(output, says) || lines > 80 || strings.Contains(output, "httpsAgent") {
		d.Errorf("the output has %d lines; want it short, and to say %q:\n%s", lines, says, output)
	}
}

// A cron that cannot be corrected is reported, with what to do. --verify corrects it later,
// without another build.
func TestDeployTellsWhatItCannotCorrect(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.startPools()
	d.platform.Refuse(functionsapi.Refusal{Call: "POST /crons", Status: 403, Times: 100})
	output, err := d.deploy()
	if err == nil || !strings.Contains(output, `it has not exactly one cron trigger "*/5 * * * *"`) || !strings.Contains(output, "task deploy -- --verify") {
		t.Errorf("%v\nwant it to fail, and to say what to do", err)
	}
	d.platform.Relent()
	if output, err := d.deploy("--verify"); err != nil || strings.Contains(output, "Deploying") {
		t.Errorf("%v\n%s", err, output)
	}
	d.wantFunctions()
}

// osls is killed while functions are built. They are ready in the end, with their crons.
func TestDeployAfterOslsIsKilled(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.startPools()
	folder := filepath.Join(d.folder, "node_modules")
	if err := os.Remove(folder); err != nil { // it is a link
		t.Fatal(err)
	}
	modules := filepath.Dir(filepath.Dir(d.osls))
	d.write("node_modules/.bin/osls", "#!/bin/sh\necho $$ >osls.pid\nexec '"+d.osls+"' \"$@\"\n")
	if err := os.Chmod(filepath.Join(folder, ".bin/osls"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(modules, "serverless-scaleway-functions"), filepath.Join(folder, "serverless-scaleway-functions")); err != nil {
		t.Fatal(err)
	}
	d.platform.Refuse(functionsapi.Refusal{Call: "GET /functions/{id}", Times: 1, Before: func() {
		text, err := os.ReadFile(filepath.Join(d.folder, "osls.pid"))
		if err != nil {
			t.Error(err)
			return
		}
		id, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Error(err)
			return
		}
		_ = syscall.Kill(id, syscall.SIGKILL)
	}})
	if _, err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	d.wantFunctions()
}

// A pool is added by its file alone, and removed by a command after its file is gone.
// Functions without a file are named.
func TestAddAndRemoveAPool(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.startPool("campus", 1, 0)
	if _, err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	d.startPool("school", 2, 0, "DIVIMS_CRON_MINUTE=3", "DIVIMS_FUNCTION_MEMORY=512", "DIVIMS_FUNCTION_DOMAINS=divims.example.com", "DIVIMS_PRIVATE_NETWORK="+project)
	if _, err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	if f := d.function("school"); f.MemoryLimit != 512 || !slices.Equal(f.Schedules, []string{"3-59/5 * * * *"}) {
		t.Errorf("school has %d MB and the crons %q", f.MemoryLimit, f.Schedules)
	}
	// The plugin gives domains to functions that exist only.
	if _, err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	if f := d.function("school"); f.PrivateNetwork != project || !slices.Equal(f.Domains, []string{"divims.example.com"}) {
		t.Errorf("school is in the network %q and has the domains %q", f.PrivateNetwork, f.Domains)
	}
	if output, err := d.deploy("--remove", "school"); err == nil || !strings.Contains(output, "move it away first") {
		t.Errorf("a pool with a file was removed: %v\n%s", err, output)
	}
	if err := os.Remove(filepath.Join(d.folder, "pools/school.env")); err != nil {
		t.Fatal(err)
	}
	if output, err := d.deploy("--verify"); err != nil || !strings.Contains(output, "task deploy -- --remove school") {
		t.Errorf("%v\n%s\nwant it to name school", err, output)
	}
	d.platform.Refuse(functionsapi.Refusal{Call: "DELETE /functions/{id}", Status: 409, Times: 2})
	if _, err := d.deploy("--remove", "school"); err != nil {
		t.Error(err)
	}
	if n := len(d.platform.Functions()); n != 1 {
		t.Errorf("%d functions; want only campus", n)
	}
}

// osls without the command deploys the same functions, after the same check.
func TestPlainOslsDeploys(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.startPools()
	d.change("pools/campus.env", "DIVIMS_POOL=campus", "DIVIMS_POOL=campus&a=b")
	if output, err := d.run(d.osls, "deploy"); err == nil || !strings.Contains(output, "ends the value of DIVIMS_POOL at the character &") {
		t.Errorf("a wrong file was accepted: %v\n%s", err, output)
	}
	d.change("pools/campus.env", "DIVIMS_POOL=campus&a=b", "DIVIMS_POOL=campus")
	if _, err := d.run(d.osls, "deploy"); err != nil {
		t.Fatal(err)
	}
	d.wantFunctions()
}

// Fields and variables that no setting has come from a file of the operator's own.
func TestOwnFields(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.startPool("campus", 1, 0)
	d.write("pools/own.js", `module.exports = () => {
  const functions = require("./functions.js")();
  functions.campus.minScale = 1;
  functions.campus.secret.HTTPS_PROXY = "http://proxy.example.com:3128";
  return functions;
};
`)
	text, err := os.ReadFile(filepath.Join(repository, "serverless.yml"))
	if err != nil {
		t.Fatal(err)
	}
	d.write("own.yml", strings.Replace(string(text), "pools/functions.js", "pools/own.js", 1))
	if _, err := d.deploy("--", "--config", "own.yml"); err != nil {
		t.Fatal(err)
	}
	if f := d.function("campus"); f.MinScale != 1 || f.Secrets["HTTPS_PROXY"] != "http://proxy.example.com:3128" {
		t.Errorf("campus has at least %d instances and the proxy %q", f.MinScale, f.Secrets["HTTPS_PROXY"])
	}
}
