package functionsapi_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/functionsapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// The project and the secret key. The plugin requires 36 characters for each.
const (
	project = "22222222-2222-2222-2222-222222222222"
	key     = "33333333-3333-3333-3333-333333333333"
)

// repository is the path of the repository's root.
const repository = "../../../.."

// deployment is a copy of the repository, from which `divims deploy` deploys to a platform
// with the real osls.
type deployment struct {
	*testing.T
	osls     string
	folder   string
	platform *functionsapi.Platform
	// printed is the output of the functions.
	printed *printed
	// secrets must not be printed by a deployment.
	secrets []string
	// refused is the number of refusals that were seen before.
	refused int
}

// newDeployment copies the repository and starts a platform. It skips the test without
// osls. DIVIMS_TEST_OSLS is the path of its program in node_modules, and
// DIVIMS_TEST_BUILD_CACHE a folder for build caches that can be used again; .ci/deploy sets
// both.
func newDeployment(t *testing.T) *deployment {
	t.Helper()
	osls := os.Getenv("DIVIMS_TEST_OSLS")
	if osls == "" {
		t.Skip("DIVIMS_TEST_OSLS names no osls program")
	}
	d := &deployment{T: t, osls: osls, folder: t.TempDir(), printed: &printed{}, secrets: []string{key}}
	d.copyRepository()
	modules := filepath.Dir(filepath.Dir(osls))
	if err := os.Symlink(modules, filepath.Join(d.folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	var err error
	d.platform, err = functionsapi.Start(functionsapi.Config{
		Project: project, Key: key, Log: d.printed, Cache: cmp.Or(os.Getenv("DIVIMS_TEST_BUILD_CACHE"), t.TempDir()),
		Hash: func(secrets []string) ([]string, error) { return hash(t.Context(), modules, secrets) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.platform.Close(); err != nil {
			t.Errorf("close the platform: %v", err)
		}
	})
	return d
}

// copyRepository copies the files that git does not ignore.
func (d *deployment) copyRepository() {
	d.Helper()
	command := exec.CommandContext(d.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	command.Dir = repository
	names, err := command.Output()
	if err != nil {
		d.Fatalf("list the repository's files: %v", err)
	}
	for name := range strings.SplitSeq(strings.Trim(string(names), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			d.Fatal(err)
		}
		d.write(name, string(text))
	}
}

// write writes a file of the copy.
func (d *deployment) write(name, text string) {
	d.Helper()
	name = filepath.Join(d.folder, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		d.Fatal(err)
	}
}

// change replaces the first occurrence of a text in a file of the copy.
func (d *deployment) change(name, before, after string) {
	d.Helper()
	text, err := os.ReadFile(filepath.Join(d.folder, name))
	if err != nil {
		d.Fatal(err)
	}
	if !strings.Contains(string(text), before) {
		d.Fatalf("%s does not contain %q", name, before)
	}
	d.write(name, strings.Replace(string(text), before, after, 1))
}

// divims builds the command line, once for all tests, and returns its path.
var divims = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("divims-deploy-test-%d", os.Getpid()))
	command := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./internal/cmd/divims")
	command.Dir = repository
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build divims: %w: %s", err, output)
	}
	return path, nil
})

// TestMain removes the command line.
func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv("DIVIMS_TEST_OSLS") != "" {
		if path, err := divims(); err == nil {
			_ = os.Remove(path)
		}
	}
	os.Exit(code)
}

// deploy runs `divims deploy` as task deploy does, and returns what it prints. It returns an
// error if the platform refused a call without a planned refusal, even if osls did not wait
// for the response.
func (d *deployment) deploy(arguments ...string) (string, error) {
	d.Helper()
	program, err := divims()
	if err != nil {
		d.Fatal(err)
	}
	return d.run(program, append([]string{"deploy"}, arguments...)...)
}

// run runs a program that deploys. It fails the test if a secret is printed.
func (d *deployment) run(program string, arguments ...string) (string, error) {
	d.Helper()
	command := exec.CommandContext(d.Context(), program, arguments...)
	command.Dir = d.folder
	command.Env = append(d.goCaches(),
		"PATH="+os.Getenv("PATH"), "HOME="+d.TempDir(), "CI=1",
		"SCW_FUNCTION_URL="+d.platform.URL(), "SCW_CONTAINER_URL="+d.platform.URL()+"/none",
		"SCW_SECRET_KEY="+key, "SCW_DEFAULT_PROJECT_ID="+project,
		"DIVIMS_TIMEZONE=Nowhere", // a setting of another pool; the functions must not get it
	)
	output, err := command.CombinedOutput()
	refusals := d.platform.Refusals()[d.refused:]
	d.refused += len(refusals)
	if err == nil && len(refusals) > 0 {
		err = fmt.Errorf("refused: %q", refusals)
	}
	for _, secret := range d.secrets {
		if strings.Contains(string(output), secret) {
			d.Errorf("%q is printed:\n%s", secret, output)
		}
	}
	if err != nil {
		return string(output), fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, output)
	}
	return string(output), nil
}

// goCaches returns the variables that let `go run` find its caches without a home.
func (d *deployment) goCaches() []string {
	d.Helper()
	var variables []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"} {
		value, err := exec.CommandContext(d.Context(), "go", "env", name).Output()
		if err != nil {
			d.Fatal(err)
		}
		variables = append(variables, name+"="+strings.TrimSpace(string(value)))
	}
	return variables
}

// function returns a deployed function.
func (d *deployment) function(name string) functionsapi.Function {
	d.Helper()
	for _, f := range d.platform.Functions() {
		if f.Name == name {
			return f
		}
	}
	d.Fatalf("there is no function %s", name)
	return functionsapi.Function{}
}

// hash hashes secrets with the plugin's argon2, at a low cost.
func hash(ctx context.Context, modules string, secrets []string) ([]string, error) {
	const script = `
		const argon2 = require(process.argv[1] + "/argon2");
		const secrets = JSON.parse(require("fs").readFileSync(0, "utf8"));
		Promise.all(secrets.map((s) => argon2.hash(s, { memoryCost: 1024, timeCost: 2, parallelism: 1 })))
			.then((hashes) => console.log(JSON.stringify(hashes)));`
	text, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, "node", "-e", script, modules)
	command.Stdin = bytes.NewReader(text)
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("hash with argon2: %w", err)
	}
	var hashes []string
	err = json.Unmarshal(output, &hashes)
	return hashes, err
}

// printed collects the output of several functions.
type printed struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(text []byte) (int, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.text.Write(text)
}

func (p *printed) String() string {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.text.String()
}

// start is the start of the sandboxes. It is a full hour.
var start = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

// startPool starts a sandbox of four servers, the first of which runs, with one meeting
// from a minute after the start. It writes the settings for it to pools/NAME.env,
// followed by more lines of shell.
func (d *deployment) startPool(name string, seed uint64, people int, more ...string) *sandbox.Sandbox {
	d.Helper()
	s, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: start, Seed: seed, Running: 1, RecordingWork: 1, Shipped: true,
		Servers:  pool.Servers(4, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		Meetings: []demand.Meeting{{Start: start.Add(time.Minute), Duration: 3 * time.Hour, Participants: people, Join: time.Minute, Leave: time.Minute}},
	}})
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = s.Close() })
	settings := filepath.Join(d.TempDir(), name+".sh")
	if err := s.WriteEnvFile(settings); err != nil {
		d.Fatal(err)
	}
	for _, setting := range s.Environment() {
		if name, value, _ := strings.Cut(setting, "="); strings.HasSuffix(name, "SECRET") || strings.HasSuffix(name, "SECRET_KEY") {
			d.secrets = append(d.secrets, value)
		}
	}
	d.write("pools/"+name+".env", strings.Join(append([]string{
		". '" + settings + "'",
		// The platform cannot read files of this machine, so the certificates are a secret.
		`DIVIMS_CA_CERTIFICATES=$(cat "${DIVIMS_CA_CERTIFICATES#file:}")`,
		"DIVIMS_POOL=" + name,
	}, more...), "\n")+"\n")
	return s
}
