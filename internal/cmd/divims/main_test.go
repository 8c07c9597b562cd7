package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"divims/internal/client/storage"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/demand"
	"divims/internal/lab/figures"
	"divims/internal/lab/long"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// divims runs a command line and returns its exit status and outputs.
func divims(ctx context.Context, arguments ...string) (status int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	status = run(ctx, arguments, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestSandboxDayHarmsNobody checks that a day of each profile loses no meeting, recording
// or volume.
func TestSandboxDayHarmsNobody(t *testing.T) {
	for _, profile := range demand.Profiles() {
		t.Run(string(profile), func(t *testing.T) {
			if profile != demand.School {
				long.Only(t)
			}
			t.Parallel()
			hours := long.Pick(3, 24)
			status, out, errOut := divims(t.Context(), "sandbox", "--for", fmt.Sprintf("%dh", hours), "--speed", "0", "--servers", strconv.Itoa(long.Pick(4, 12)),
				"--profile", string(profile), "--seed", "1", "--listen", "127.0.0.1:0", "--json")
			var s figures.Figures
			if err := json.Unmarshal([]byte(lastLine(out)), &s); err != nil || status != 0 {
				t.Fatalf("status %d, %v: %s%s", status, err, out, errOut)
			}
			if s.VirtualHours != float64(hours) || s.Evaluations != 12*hours+1 || s.FailedEvaluations != 0 || s.MachinesCreated == 0 ||
				long.Run() && s.MachinesDeleted == 0 || s.PeakParticipants == 0 {
				t.Errorf("figures: %+v", s)
			}
			if s.InterruptedMeetings+s.LostRecordings+s.RefusedMeetings+s.LeftoverVolumes != 0 {
				t.Errorf("harm: %+v", s)
			}
		})
	}
}

// A run without an end is ended by an interruption, and shows its figures.
func TestSandboxEndsWhenInterrupted(t *testing.T) {
	for _, flags := range [][]string{{"--speed", "0"}, {"--speed", "60"}, {"--speed", "60", "--env-file", filepath.Join(t.TempDir(), "env")}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		status, out, errOut := divims(ctx, append([]string{"sandbox", "--servers", "2", "--listen", "127.0.0.1:0", "--json"}, flags...)...)
		if status != 0 || !strings.Contains(lastLine(out), `"virtual_hours":0`) {
			t.Errorf("%v: status %d: %s%s", flags, status, out, errOut)
		}
	}
}

// The run ends where --for says, also between two evaluations.
func TestSandboxRunsToItsEnd(t *testing.T) {
	day := filepath.Join(t.TempDir(), "day.txt")
	if err := os.WriteFile(day, []byte("+8m cron-stops for=3m\n+11m evaluate\n+12m state-lost\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := divims(t.Context(), "sandbox", "--for", "12m", "--speed", "0", "--servers", "2", "--scenario", day, "--listen", "127.0.0.1:0", "--json")
	var s figures.Figures
	if err := json.Unmarshal([]byte(lastLine(out)), &s); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s%s", status, err, out, errOut)
	}
	if s.VirtualHours != 0.2 || s.Evaluations != 3 {
		t.Errorf("%g hours and %d evaluations, want 0.2 and those at 0, 5 and 11 minutes", s.VirtualHours, s.Evaluations)
	}
	for _, line := range []string{"Mon 06:11  << cron-stops", "Mon 06:11  >> evaluate", "Mon 06:12  >> state-lost"} {
		if !strings.Contains(errOut, line) {
			t.Errorf("no line %q: %s", line, errOut)
		}
	}
}

func TestSandboxIsReproducible(t *testing.T) {
	day := func() string {
		_, out, _ := divims(t.Context(), "sandbox", "--for", fmt.Sprintf("%dh", long.Pick(1, 4)), "--speed", "0", "--seed", "5", "--listen", "127.0.0.1:0", "--json")
		return lastLine(out)
	}
	if one, two := day(), day(); one != two {
		t.Errorf("two runs with the same seed differ:\n%s\n%s", one, two)
	}
}

func TestSandboxInjectsFaults(t *testing.T) {
	_, out, errOut := divims(t.Context(), "sandbox", "--for", "5m", "--speed", "0", "--listen", "127.0.0.1:0", "--json",
		"--faults", "scalelite:getServers:403; seed=3")
	var s figures.Figures
	if err := json.Unmarshal([]byte(lastLine(out)), &s); err != nil || s.Evaluations != 2 || s.FailedEvaluations != 2 {
		t.Errorf("%v, %+v; want two failed evaluations: %s", err, s, errOut)
	}
	status, _, errOut := divims(t.Context(), "sandbox", "--faults", "scalelite:getServers:boom")
	if status != badUsage || !strings.Contains(errOut, `no kind "boom"`) {
		t.Errorf("status %d, %q", status, errOut)
	}
}

func TestInterruptedSandboxPrintsItsSummary(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	envFile := filepath.Join(t.TempDir(), "sandbox.env")
	var out strings.Builder
	progress := writerFunc(func(text []byte) (int, error) {
		if strings.Contains(string(text), "the page is at") { // everything listens
			interrupt()
		}
		return len(text), nil
	})
	status := run(ctx, []string{"sandbox", "--listen", "127.0.0.1:0", "--env-file", envFile}, &out, progress)
	if status != 0 || !strings.Contains(out.String(), "virtual hours") {
		t.Errorf("status %d, %q", status, out.String())
	}
	if _, err := os.Stat(envFile); err != nil {
		t.Error(err)
	}
}

// writerFunc is a function as a writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

func TestExitStatusOfBadUsage(t *testing.T) {
	for _, arguments := range [][]string{
		{}, {"nonsense"}, {"evaluate", "--nonsense"}, {"evaluate", "more"}, {"sandbox", "--servers", "0"},
		{"sandbox", "--profile", "circus"}, {"sandbox", "--speed", "-1"},
		{"sandbox", "--messages", filepath.Join(t.TempDir(), "missing", "file"), "--for", "1m", "--speed", "0", "--listen", "127.0.0.1:0"},
		{"sandbox", "--set", "MAX_CREATIONS", "--for", "1m", "--speed", "0", "--listen", "127.0.0.1:0"}, {"trace", "--weeks", "0"}, {"user-data"}, {"user-data", "third"},
	} {
		if status, out, errOut := divims(t.Context(), arguments...); status != badUsage || out != "" || errOut == "" {
			t.Errorf("%q: status %d, %q, %q", arguments, status, out, errOut)
		}
	}
}

// TestAllConfigurationErrorsAreReportedAtOnce also covers an unknown variable and a missing one.
func TestAllConfigurationErrorsAreReportedAtOnce(t *testing.T) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "DIVIMS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("DIVIMS_POOL_SIZE", "many")
	t.Setenv("DIVIMS_POLICY", "load")
	status, out, errOut := divims(t.Context(), "evaluate")
	if status != badUsage || out != "" {
		t.Errorf("status %d, %q", status, out)
	}
	for _, wanted := range []string{"DIVIMS_POOL_SIZE", "DIVIMS_POLICY ", "DIVIMS_SCALELITE_SECRET", "for example"} {
		if !strings.Contains(errOut, wanted) {
			t.Errorf("%q is missing in:\n%s", wanted, errOut)
		}
	}
}

// otherProcess starts a sandbox, and sets the environment so that commands use it.
func otherProcess(t *testing.T) (*sandbox.Sandbox, config.Settings) {
	t.Helper()
	s, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: sandboxStart, Seed: 1, Running: 1, Servers: pool.Servers(2, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, variable := range s.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	settings, err := config.Load(os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	return s, settings
}

func TestEvaluateAndStatus(t *testing.T) {
	s, _ := otherProcess(t)
	s.AdvanceTo(sandboxStart.Add(5 * time.Minute))
	status, out, errOut := divims(t.Context(), "evaluate", "--json", "--dry-run")
	var record cycle.Record
	if err := json.Unmarshal([]byte(out), &record); err != nil || status != 0 || !record.DryRun {
		t.Fatalf("status %d, %v: %s%s", status, err, out, errOut)
	}
	if status, out, _ := divims(t.Context(), "status"); status != 0 || !strings.Contains(out, "no evaluation") {
		t.Errorf("status %d, %q; a dry run must record nothing", status, out)
	}
	if status, out, errOut := divims(t.Context(), "evaluate"); status != 0 || !strings.Contains(out, "started by command line") {
		t.Fatalf("status %d: %s%s", status, out, errOut)
	}
	if status, out, _ := divims(t.Context(), "status"); status != 0 || !strings.Contains(out, "bbb-w2.sandbox.test") {
		t.Errorf("status %d, %q", status, out)
	}
}

func TestExitStatusOfAHeldLease(t *testing.T) {
	_, settings := otherProcess(t)
	store := storage.New(storage.Config{Settings: settings.Storage, Pool: settings.Pool.Name}, http.DefaultClient)
	if _, err := store.Acquire(t.Context(), "somebody", sandboxStart, sandboxStart.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	status, _, errOut := divims(t.Context(), "evaluate")
	if status != leaseHeld || !strings.Contains(errOut, "somebody") {
		t.Errorf("status %d, %q", status, errOut)
	}
}

func TestTraceLengthAndSeed(t *testing.T) {
	_, out, _ := divims(t.Context(), "trace", "--profile", "school", "--weeks", "2", "--peak", "300", "--seed", "3")
	rows := strings.Split(strings.TrimSpace(out), "\n")
	if rows[0] != "start,duration_s,participants,join_s,leave_s,recorded" || len(rows) < 100 {
		t.Fatalf("%d rows, the first %q", len(rows), rows[0])
	}
	end := traceStart.AddDate(0, 0, 14).UTC().Format(time.RFC3339)
	if last := rows[len(rows)-1]; last >= end || last < traceStart.AddDate(0, 0, 10).UTC().Format(time.RFC3339) {
		t.Errorf("last row %q, want one of the last days before %s", last, end)
	}
	if _, again, _ := divims(t.Context(), "trace", "--profile", "school", "--weeks", "2", "--peak", "300", "--seed", "3"); again != out {
		t.Error("two traces with the same seed differ")
	}
}

func TestUserDataOfAServer(t *testing.T) {
	_, settings := otherProcess(t)
	status, out, errOut := divims(t.Context(), "user-data", "2")
	if status != 0 || !strings.HasPrefix(out, "#cloud-config\n") || !strings.Contains(out, `fqdn: "bbb-w2.sandbox.test"`) {
		t.Errorf("status %d, %s%s", status, out, errOut)
	}
	if strings.Contains(out, settings.Stats.Password.Reveal()) {
		t.Error("the document contains the password")
	}
	if status, _, errOut := divims(t.Context(), "user-data", "3"); status != badUsage || !strings.Contains(errOut, "no server 3") {
		t.Errorf("status %d, %q for a server that does not exist", status, errOut)
	}
	t.Setenv("DIVIMS_SERVER_SETUP", "false")
	if status, out, errOut := divims(t.Context(), "user-data", "1"); status != 0 || out != "" {
		t.Errorf("status %d, %q, %q; want an empty document", status, out, errOut)
	}
	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte("#cloud-config\ntimezone: Europe/Paris\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DIVIMS_USER_DATA", "file:"+own)
	if status, out, _ := divims(t.Context(), "user-data", "1"); status != 0 || out != "#cloud-config\ntimezone: Europe/Paris\n" {
		t.Errorf("status %d, %q; want the operator's document alone", status, out)
	}
	t.Setenv("DIVIMS_SERVER_SETUP", "true")
	if status, out, _ := divims(t.Context(), "user-data", "1"); status != 0 || !strings.HasPrefix(out, "Content-Type: multipart/mixed") {
		t.Errorf("status %d, %.100q; want both documents", status, out)
	}
}
