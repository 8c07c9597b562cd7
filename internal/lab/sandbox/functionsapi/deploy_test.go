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

// token is the campus' own; osls must not take it for a variable.
const token = "of-32-characters-or-more-${env:HOME}-$1"

// TestDeploy deploys two pools for the first time, has cron evaluate them, knocks
// at their doors, and deploys again with other settings.
func TestDeploy(t *testing.T) {
	d := newDeployment(t)
	// Both keep their state in the same bucket, and under the same prefix.
	campus := d.startPool("campus", 1, 300, "DIVIMS_TOKEN='"+token+"'", "DIVIMS_TIMEOUT=60s")
	storage := map[string]string{}
	for _, setting := range campus.Environment() {
		name, value, _ := strings.Cut(setting, "=")
		storage[name] = value
	}
	school := d.startPool("school", 2, 100, "DIVIMS_LOG_LEVEL=debug",
		"DIVIMS_STORAGE_URL="+storage["DIVIMS_STORAGE_URL"],
		"DIVIMS_STORAGE_ACCESS_KEY="+storage["DIVIMS_SCALEWAY_ACCESS_KEY"],
		"DIVIMS_STORAGE_SECRET_KEY="+storage["DIVIMS_SCALEWAY_SECRET_KEY"])
	if err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	d.wantFunctions()
	if got := d.function("campus").Secrets["DIVIMS_TOKEN"]; got != token {
		t.Errorf("the token arrives as %q", got)
	}
	d.wantArchive(d.function("campus").Archive)

	// 06:05 is the campus' minute, 06:07 the school's.
	for _, s := range []*sandbox.Sandbox{campus, school} {
		s.AdvanceTo(start.Add(5 * time.Minute))
	}
	d.tick(5*time.Minute, "campus")
	d.tick(7*time.Minute, "school")
	d.tick(8 * time.Minute)

	// The campus has 300 people: max(ceil(2 × 300 / 250), ceil(2 × 1 / 15)) = 3
	// servers, of which one runs. The school has 100, and needs only that one.
	for _, test := range []struct {
		name                 string
		s                    *sandbox.Sandbox
		authorization        string
		people, servers, new int
	}{
		{"campus", campus, "Bearer " + token, 300, 3, 2},
		{"school", school, "", 100, 1, 0},
	} {
		status := d.status(test.name, test.authorization)
		last := status.Last
		if last == nil || status.Pool != test.name || len(status.Decisions) != 1 {
			t.Fatalf("%s: the status is of %q with %d decisions; want one evaluation of its own", test.name, status.Pool, len(status.Decisions))
		}
		required, _ := last.Plan.Required.Servers.Get()
		if last.Source != "cron" || last.Blind || last.Participants != test.people || required != test.servers {
			t.Errorf("%s: evaluated for %q, blind %v, %d people, %d servers required; want cron, false, %d, %d",
				test.name, last.Source, last.Blind, last.Participants, required, test.people, test.servers)
		}
		for _, server := range last.Servers {
			if len(server.Unseen) > 0 {
				t.Errorf("%s: of %s was not seen: %q", test.name, server.Domain, server.Unseen)
			}
		}
		if created := machinesCreated(test.s); created != test.new {
			t.Errorf("%s: %d machines created; want %d", test.name, created, test.new)
		}
	}
	d.wantDoorsClosed()

	// Later the campus only watches, and without a lock of its own.
	d.change("pools/campus.env", "DIVIMS_TOKEN='"+token+"'", "DIVIMS_DRY_RUN=true")
	if err := d.deploy(); err != nil {
		t.Fatal(err)
	}
	d.wantFunctions()
	campus.AdvanceTo(start.Add(10 * time.Minute))
	var record cycle.Record
	if err := json.Unmarshal(d.tick(10*time.Minute, "campus"), &record); err != nil {
		t.Fatal(err)
	}
	if !record.DryRun || len(record.Plan.Load.Missing) != 0 {
		t.Errorf("after the second deployment: %+v; want a dry run", record)
	}
	if status := d.status("campus", ""); len(status.Decisions) != 2 || !status.Last.DryRun || machinesCreated(campus) != 2 {
		t.Errorf("%d decisions and %d machines created after the second deployment; want the decision of before it, a dry one, and 2",
			len(status.Decisions), machinesCreated(campus))
	}
	if token, there := d.function("campus").Secrets["DIVIMS_TOKEN"]; there {
		t.Errorf("the token is still there: %q", token)
	}
	for _, secret := range []string{token, storage["DIVIMS_SCALEWAY_SECRET_KEY"], storage["DIVIMS_SCALELITE_SECRET"]} {
		if strings.Contains(d.printed.String(), secret) {
			t.Error("a function has printed a secret")
		}
	}
}

// wantFunctions looks at what is deployed of both pools.
func (d *deployment) wantFunctions() {
	d.Helper()
	if n := len(d.platform.Functions()); n != 2 {
		d.Fatalf("%d functions; want 2", n)
	}
	for name, schedule := range map[string]string{"campus": "*/5 * * * *", "school": "2-59/5 * * * *"} {
		f := d.function(name)
		if f.Status != "ready" || f.Privacy != "private" || f.MemoryLimit != 256 || f.MaxScale != 1 || f.Timeout != 5*time.Minute {
			d.Errorf("%s is %s, %s, with %d MB, at most %d times, for %s; want ready, private, 256, 1, 5m",
				name, f.Status, f.Privacy, f.MemoryLimit, f.MaxScale, f.Timeout)
		}
		if !slices.Equal(f.Schedules, []string{schedule}) {
			d.Errorf("%s has the crons %q; want %q alone", name, f.Schedules, schedule)
		}
		if f.Variables["DIVIMS_POOL"] != name || f.Variables["DIVIMS_TIMEZONE"] != "" {
			d.Errorf("%s has the settings of another pool: %q", name, f.Variables)
		}
		for variable := range f.Variables {
			if strings.Contains(variable, "SECRET") || strings.Contains(variable, "TOKEN") || strings.Contains(variable, "PASSWORD") {
				d.Errorf("%s of %s is no secret", variable, name)
			}
		}
	}
}

// maximumArchive is the size that the archive keeps below, in bytes.
const maximumArchive = 2 << 20

// wantArchive holds the archive against what the function is made of: all of that,
// and nothing else. There is no vendor folder.
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
	if len(archive) > maximumArchive {
		d.Errorf("the archive has %d bytes; want at most %d", len(archive), maximumArchive)
	}
	d.Logf("the archive: %d files, %d bytes; the function: %d bytes", len(got), len(archive), d.function("campus").ProgramBytes)
}

// sources are the files of our packages that the function is built of.
func (d *deployment) sources() []string {
	d.Helper()
	const format = `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}{{end}}`
	command := exec.Command("go", "list", "-deps", "-f", format, ".")
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

// tick is a minute after the start, at which the named functions are called, and
// each answers that it has evaluated its pool. It gives the last answer.
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
			d.Errorf("%s answers cron with %d: %s\n%s", call.Function, call.Status, call.Body, d.printed)
		}
	}
	if !slices.Equal(called, names) {
		d.Errorf("at minute %s cron calls %v; want %v", after, called, names)
	}
	return answer
}

// status asks a function for its pool's status.
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
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		d.Fatal(err)
	}
	return response.StatusCode, answer
}

// wantDoorsClosed knocks at the campus' function, which the platform guards by its
// key and the function by its token, and at the school's, which has the key only.
func (d *deployment) wantDoorsClosed() {
	d.Helper()
	const evaluation, cron = `{"dry_run":true}`, `{"source":"cron"}`
	for _, test := range []struct {
		who, pool, method, path, body string
		key, authorization            string
		want                          int
	}{
		{"nobody", "campus", "GET", "/", "", "", "", 403},
		{"nobody", "campus", "GET", "/healthz", "", "", "", 403},
		{"somebody else", "campus", "POST", "/", cron, project, "", 403},
		{"who pretends to be cron", "campus", "POST", "/", cron, "", "Bearer " + token, 403},
		{"who has the key only", "campus", "GET", "/", "", key, "", 401},
		{"who has the key only", "campus", "POST", "/evaluate", evaluation, key, "", 401},
		{"who has the key and a wrong token", "campus", "PUT", "/pause", "{}", key, "Bearer " + key, 401},
		{"who has both", "campus", "GET", "/metrics", "", key, "Bearer " + token, 200},
		{"who has both, and asks for something else", "campus", "POST", "/evaluate", `{"dryrun":true}`, key, "Bearer " + token, 400},
		{"nobody", "school", "GET", "/metrics", "", "", "", 403},
		{"who has the key", "school", "POST", "/evaluate", evaluation, key, "", 200},
	} {
		status, answer := d.request(test.method, d.function(test.pool).URL+test.path, test.body, test.key, test.authorization)
		if status != test.want {
			d.Errorf("%s asks the %s for %s %s: %d %.200s; want %d", test.who, test.pool, test.method, test.path, status, answer, test.want)
		}
	}
}

func machinesCreated(s *sandbox.Sandbox) int {
	created := 0
	s.With(func(w *world.World) { created = w.Tally().MachinesCreated })
	return created
}
