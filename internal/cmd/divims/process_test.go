package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"divims/internal/client/storage"
	"divims/internal/config"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// evaluationInterval is the virtual time between two evaluations.
const evaluationInterval = 5 * time.Minute

// asDivims is an environment variable. If it is set, the test binary runs as divims.
const asDivims = "TEST_AS_DIVIMS"

// TestMain runs the tests or, in a process that a test starts, the program.
func TestMain(m *testing.M) {
	if os.Getenv(asDivims) != "" {
		main()
	}
	_ = os.Unsetenv("DIVIMS_TEST") // it would be taken for a setting
	// The memory limit of a process for one evaluation would make all tests slow.
	_ = os.Setenv("GOMEMLIMIT", "off")
	os.Exit(m.Run())
}

// newProgram returns a command that runs divims in a process of its own, not started yet.
func newProgram(ctx context.Context, environment []string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], arguments...)
	cmd.Env = append(slices.Clip(environment), asDivims+"=1")
	return cmd
}

// process is one run of the program in a process of its own.
type process struct {
	*exec.Cmd
	errOut bytes.Buffer
}

// newEvaluation returns `divims evaluate` with an environment, not started yet.
func newEvaluation(t *testing.T, environment []string) *process {
	t.Helper()
	p := &process{Cmd: newProgram(t.Context(), environment, "evaluate")}
	p.Stderr = &p.errOut
	return p
}

// end waits for the process and returns its exit status, -1 if it was killed.
func (p *process) end() (status int, err error) {
	var exit *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	return p.ProcessState.ExitCode(), nil
}

// stop suspends the process and returns when it has stopped.
func (p *process) stop() error {
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	var status syscall.WaitStatus
	_, err := syscall.Wait4(p.Process.Pid, &status, syscall.WUNTRACED, nil)
	if err == nil && !status.Stopped() {
		err = errors.New("the process ended before it could be suspended")
	}
	return err
}

// startSandbox starts a sandbox with these meetings. It returns the settings that point
// another process at it, followed by more settings.
func startSandbox(t *testing.T, meetings []demand.Meeting, more ...string) (*sandbox.Sandbox, []string) {
	t.Helper()
	s, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: sandboxStart, Seed: 1, Running: 1, Shipped: true, RecordingWork: 0.3, Zones: []string{"fr-par-1"},
		Servers:  pool.Servers(4, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		Meetings: meetings,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Faults().Reset()
	return s, append(s.Environment(), more...)
}

// onRealStorage reports whether the state is on a real S3 server, whose clock is the real
// one, and not on the sandbox's.
func onRealStorage() bool { return os.Getenv("DIVIMS_TEST_S3_URL") != "" }

// realStorage returns the settings for a pool of its own on the S3 server that
// DIVIMS_TEST_S3_URL, _REGION, _ACCESS_KEY and _SECRET_KEY describe. Without that it
// returns none, and the sandbox's storage is used.
func realStorage(t *testing.T) []string {
	t.Helper()
	if !onRealStorage() {
		return nil
	}
	settings := []string{
		"DIVIMS_STORAGE_PREFIX=" + strings.ReplaceAll(t.Name(), " ", "-"), "DIVIMS_STORAGE_BUCKET=divims-processes",
	}
	for _, name := range []string{"URL", "REGION", "ACCESS_KEY", "SECRET_KEY"} {
		settings = append(settings, "DIVIMS_STORAGE_"+name+"="+os.Getenv("DIVIMS_TEST_S3_"+name))
	}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Getenv("DIVIMS_TEST_S3_URL")), Region: os.Getenv("DIVIMS_TEST_S3_REGION"), UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("DIVIMS_TEST_S3_ACCESS_KEY"), SecretAccessKey: os.Getenv("DIVIMS_TEST_S3_SECRET_KEY")}, nil
		}),
	})
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("divims-processes"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(os.Getenv("DIVIMS_TEST_S3_REGION")),
		},
	})
	var owned *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &owned) {
		t.Fatalf("create the bucket: %v", err)
	}
	return settings
}

// storeOf opens the storage of an environment's settings.
func storeOf(t *testing.T, environment []string) *storage.Store {
	t.Helper()
	settings, err := config.Load(environment)
	if err != nil {
		t.Fatal(err)
	}
	return storage.New(storage.Config{Settings: settings.Storage, Pool: settings.Pool.Name}, http.DefaultClient)
}

// changes reports whether a call changes something of the pool.
func changes(call faults.Call) bool {
	switch call.Service {
	case "scalelite":
		return !strings.HasPrefix(call.Name, "get")
	case "bbb":
		return call.Name == "end"
	case "scaleway":
		return !strings.Contains(call.Name, "GET ")
	}
	return false
}

func changesAmong(calls []faults.Call) []faults.Call {
	return slices.DeleteFunc(calls, func(c faults.Call) bool { return !changes(c) })
}

// secondMachines returns the names that more than one machine has.
func secondMachines(w *world.World) []string {
	names := map[string]int{}
	for _, machine := range w.Machines() {
		names[machine.Name]++
	}
	var twice []string
	for name, count := range names {
		if count > 1 {
			twice = append(twice, name)
		}
	}
	return twice
}
