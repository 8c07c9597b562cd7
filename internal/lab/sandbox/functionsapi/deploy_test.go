package functionsapi_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/report"
)

// token is the token of the pool campus. osls must not expand the variable in it.
const token = "of-32-characters-or-more-${env:HOME}-$1"

// TestDeploy deploys two pools, has cron evaluate them, checks who can call the functions,
// and deploys again with other settings.
func TestDeploy(t *testing.T) {
	d := newDeployment(t)
	campus, school := d.startPools()
	if _, err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	d.wantFunctions()
	if got := d.function("campus").Secrets["DIVIMS_TOKEN"]; got != token {
		t.Errorf("the token arrives as %q", got)
	}
	d.wantArchive(d.function("campus").Archive)

	// The crons call campus at 06:05 and school at 06:07.
	for _, s := range []*sandbox.Sandbox{campus, school} {
		s.AdvanceTo(start.Add(5 * time.Minute))
	}
	d.tick(5*time.Minute, "campus")
	d.tick(7*time.Minute, "school")
	d.tick(8 * time.Minute)

	// Campus has 300 people and requires max(ceil(2 × 300 / 250), ceil(2 × 1 / 15)) = 3
	// servers; one runs. School has 100 people and requires only the one that runs.
	d.wantEvaluation("campus", campus, "Bearer "+token, 300, 3, 2)
	d.wantEvaluation("school", school, "", 100, 1, 0)
	d.wantAccessControl()

	// The second deployment sets campus to dry run and removes its token.
	d.change("pools/campus.env", "DIVIMS_TOKEN='"+token+"'", "DIVIMS_DRY_RUN=true")
	if _, err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	d.wantFunctions()
	d.wantDryRun(campus)
	for _, secret := range d.secrets {
		if strings.Contains(d.printed.String(), secret) {
			t.Error("a function has printed a secret")
		}
	}
}

// startPools starts the pools campus and school, which keep their state in the same bucket
// and under the same prefix.
func (d *deployment) startPools() (campus, school *sandbox.Sandbox) {
	d.Helper()
	campus = d.startPool("campus", 1, 300, "DIVIMS_TOKEN='"+token+"'", "DIVIMS_TIMEOUT=60s", "DIVIMS_CRON_MINUTE=0")
	settings := map[string]string{}
	for _, setting := range campus.Environment() {
		name, value, _ := strings.Cut(setting, "=")
		settings[name] = value
	}
	school = d.startPool("school", 2, 100, "DIVIMS_LOG_LEVEL=debug", "DIVIMS_CRON_MINUTE=2",
		"DIVIMS_STORAGE_URL="+settings["DIVIMS_STORAGE_URL"],
		"DIVIMS_STORAGE_ACCESS_KEY="+settings["DIVIMS_SCALEWAY_ACCESS_KEY"],
		"DIVIMS_STORAGE_SECRET_KEY="+settings["DIVIMS_SCALEWAY_SECRET_KEY"])
	d.secrets = append(d.secrets, token)
	return campus, school
}

// wantEvaluation checks the first evaluation of a pool, called by cron.
func (d *deployment) wantEvaluation(name string, s *sandbox.Sandbox, authorization string, people, servers, created int) {
	d.Helper()
	status := d.status(name, authorization)
	last := status.Last
	if last == nil || status.Pool != name || len(status.Decisions) != 1 {
		d.Fatalf("%s: status of the pool %q with %d decisions; want one decision of its own", name, status.Pool, len(status.Decisions))
	}
	required, _ := last.Plan.Required.Servers.Get()
	if last.Source != "cron" || last.Blind || last.Participants != people || required != servers {
		d.Errorf("%s: evaluated for %q, blind %v, %d people, %d servers required; want cron, false, %d, %d",
			name, last.Source, last.Blind, last.Participants, required, people, servers)
	}
	for _, server := range last.Servers {
		if len(server.Unseen) > 0 {
			d.Errorf("%s: %s has unseen values: %q", name, server.Domain, server.Unseen)
		}
	}
	if got := machinesCreated(s); got != created {
		d.Errorf("%s: %d machines created; want %d", name, got, created)
	}
}

// wantDryRun checks campus after the second deployment.
func (d *deployment) wantDryRun(campus *sandbox.Sandbox) {
	d.Helper()
	campus.AdvanceTo(start.Add(10 * time.Minute))
	var record cycle.Record
	if err := json.Unmarshal(d.tick(10*time.Minute, "campus"), &record); err != nil {
		d.Fatal(err)
	}
	if !record.DryRun || len(record.Plan.Load.Missing) != 0 {
		d.Errorf("after the second deployment: %+v; want a dry run", record)
	}
	if status := d.status("campus", ""); len(status.Decisions) != 2 || !status.Last.DryRun || machinesCreated(campus) != 2 {
		d.Errorf("%d decisions and %d machines created after the second deployment; want the first decision, a dry run, and 2 machines",
			len(status.Decisions), machinesCreated(campus))
	}
	if token, there := d.function("campus").Secrets["DIVIMS_TOKEN"]; there {
		d.Errorf("the token is still there: %q", token)
	}
}

// wantFunctions checks what is deployed for both pools.
func (d *deployment) wantFunctions() {
	d.Helper()
	if n := len(d.platform.Functions()); n != 2 {
		d.Fatalf("%d functions; want 2", n)
	}
	for name, schedule := range map[string]string{"campus": "*/5 * * * *", "school": "2-59/5 * * * *"} {
		f := d.function(name)
		if f.Status != "ready" || f.Privacy != "private" || f.MemoryLimit != 256 || f.MaxScale != 1 || f.Timeout != 5*time.Minute {
			d.Errorf("%s is %s, %s, with %d MB, at most %d instances, timeout %s; want ready, private, 256, 1, 5m",
				name, f.Status, f.Privacy, f.MemoryLimit, f.MaxScale, f.Timeout)
		}
		if !slices.Equal(f.Schedules, []string{schedule}) {
			d.Errorf("%s has the crons %q; want only %q", name, f.Schedules, schedule)
		}
		if f.Variables["DIVIMS_POOL"] != name || f.Variables["DIVIMS_TIMEZONE"] != "" {
			d.Errorf("%s has the settings of another pool: %q", name, f.Variables)
		}
		for variable := range f.Variables {
			if strings.Contains(variable, "SECRET") || strings.Contains(variable, "TOKEN") || strings.Contains(variable, "PASSWORD") {
				d.Errorf("%s of %s is not a secret variable", variable, name)
			}
		}
	}
}

// maxArchiveSize limits the size of the archive, in bytes.
const maxArchiveSize = 2 << 20

// wantArchive checks that the archive has exactly the files that the function is built
// from, and no vendor folder.
func (d *deployment) wantArchive(archive []byte) {
	d.Helper()
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		d.Fatal(err)
	}
	var got []string
	for _, file := range files.File {
		got = append(got, file.Name)
	}
	want := append(d.sources(), "go.mod", "go.sum")
	slices.Sort(got)
	slices.Sort(want)
	for _, name := range got {
		if _, needed := slices.BinarySearch(want, name); !needed {
			d.Errorf("the function does not need %s, which is in the archive", name)
		}
	}
	for _, name := range want {
		if _, there := slices.BinarySearch(got, name); !there {
			d.Errorf("the function needs %s, which is not in the archive", name)
		}
	}
	if len(archive) > maxArchiveSize {
		d.Errorf("the archive has %d bytes; want at most %d", len(archive), maxArchiveSize)
	}
	d.Logf("the archive: %d files, %d bytes; the function: %d bytes", len(got), len(archive), d.function("campus").ProgramBytes)
}

// sources returns the files of DiViMS's packages that the function is built from.
func (d *deployment) sources() []string {
	d.Helper()
	const format = `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}{{end}}`
	command := exec.CommandContext(d.Context(), "go", "list", "-deps", "-f", format, ".")
	command.Dir = d.folder
	list, err := command.Output()
	if err != nil {
		d.Fatalf("list the function's files: %v", err)
	}
	var names []string
	for name := range strings.Lines(string(list)) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, strings.TrimPrefix(name, d.folder+"/"))
		}
	}
	return names
}

// tick runs the crons of a minute after the start. It checks that exactly the named
// functions are called and respond with status 200, and returns the last response.
func (d *deployment) tick(after time.Duration, names ...string) (answer []byte) {
	d.Helper()
	calls, err := d.platform.Tick(d.Context(), start.Add(after))
	if err != nil {
		d.Fatal(err)
	}
	var called []string
	for _, call := range calls {
		called, answer = append(called, call.Function), call.Body
		if call.Status != http.StatusOK {
			d.Errorf("%s responded to cron with %d: %s\n%s", call.Function, call.Status, call.Body, d.printed)
		}
	}
	if !slices.Equal(called, names) {
		d.Errorf("at minute %s cron called %v; want %v", after, called, names)
	}
	return answer
}

// status returns the status that a function serves of its pool.
func (d *deployment) status(name, authorization string) report.Status {
	d.Helper()
	code, body := d.request(http.MethodGet, d.function(name).URL+"/", "", key, authorization)
	if code != http.StatusOK {
		d.Fatalf("the status of %s: %d %s", name, code, body)
	}
	var status report.Status
	if err := json.Unmarshal(body, &status); err != nil {
		d.Fatal(err)
	}
	return status
}

func (d *deployment) request(method, address, body, key, authorization string) (status int, answer []byte) {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, address, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if key != "" {
		r.Header.Set("X-Auth-Token", key)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err = io.ReadAll(response.Body); err != nil {
		d.Fatal(err)
	}
	return response.StatusCode, answer
}

// wantAccessControl checks who may call which function. The platform requires its key
// for both, and campus requires its token in addition.
func (d *deployment) wantAccessControl() {
	d.Helper()
	const evaluation, cron = `{"dry_run":true}`, `{"source":"cron"}`
	for _, test := range []struct {
		caller, pool, method, path, body string
		key, authorization               string
		want                             int
	}{
		{"without a key", "campus", "GET", "/", "", "", "", 403},
		{"without a key", "campus", "GET", "/healthz", "", "", "", 403},
		{"with another key", "campus", "POST", "/", cron, project, "", 403},
		{"without a key, as cron", "campus", "POST", "/", cron, "", "Bearer " + token, 403},
		{"with the key only", "campus", "GET", "/", "", key, "", 401},
		{"with the key only", "campus", "POST", "/evaluate", evaluation, key, "", 401},
		{"with the key and a wrong token", "campus", "PUT", "/pause", "{}", key, "Bearer " + key, 401},
		{"with key and token", "campus", "GET", "/metrics", "", key, "Bearer " + token, 200},
		{"with key and token, but an unknown field", "campus", "POST", "/evaluate", `{"dryrun":true}`, key, "Bearer " + token, 400},
		{"without a key", "school", "GET", "/metrics", "", "", "", 403},
		{"with the key", "school", "POST", "/evaluate", evaluation, key, "", 200},
	} {
		status, answer := d.request(test.method, d.function(test.pool).URL+test.path, test.body, test.key, test.authorization)
		if status != test.want {
			d.Errorf("%s %s of %s, %s: %d %.200s; want %d", test.method, test.path, test.pool, test.caller, status, answer, test.want)
		}
	}
}

func machinesCreated(s *sandbox.Sandbox) int {
	created := 0
	s.With(func(w *world.World) { created = w.Tally().MachinesCreated })
	return created
}
