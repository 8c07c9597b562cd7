package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/platform"
)

// BuildFunction builds the function of the module that the working directory is in
// and returns the program's name. The program is put into folder.
func BuildFunction(ctx context.Context, folder string) (program string, err error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the function's module: %w", err)
	}
	source := strings.TrimSpace(string(root))
	overlay, err := platform.WriteOverlay(folder, source, "divims", "Handle")
	if err != nil {
		return "", err
	}
	program = filepath.Join(folder, "function")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", program, "./"+platform.MainFolder)
	build.Dir = source
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the function: %w: %.1000s", err, output)
	}
	return program, nil
}

// Function is a running process of the function, as the platform hosts it.
type Function struct {
	// ColdStart is the time from the start of the process to its first answer, to
	// GET /healthz.
	ColdStart time.Duration

	surroundings *Process
	process      *exec.Cmd
	url          string
	leave        func()
}

// startTimeout is how long the function may take until its first answer.
const startTimeout = time.Minute

// StartFunction starts the function within a quota and waits for its first answer.
func (p *Process) StartFunction(ctx context.Context, program string, quota Quota) (*Function, error) {
	process, leave, err := quota.command(ctx, program)
	if err != nil {
		return nil, err
	}
	process.Env = p.environment
	begun := time.Now()
	address, err := platform.Start(process)
	if err != nil {
		leave()
		return nil, err
	}
	f := &Function{surroundings: p, process: process, url: address.String(), leave: leave}
	if err := f.awaitAnswer(ctx); err != nil {
		f.Stop()
		return nil, fmt.Errorf("wait for the function's first answer: %w", err)
	}
	f.ColdStart = time.Since(begun)
	return f, nil
}

// awaitAnswer sends GET /healthz, which waits in the listener's queue until the
// function serves.
func (f *Function) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

// Evaluate measures one evaluation, requested as the cron trigger does. Cost.Memory
// remains 0: Stop returns it.
func (f *Function) Evaluate(ctx context.Context) (Cost, error) {
	if _, err := f.surroundings.nextTraffic(); err != nil {
		return Cost{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/", strings.NewReader(`{"source":"cron"}`))
	if err != nil {
		return Cost{}, err
	}
	before, begun := f.cpuTime(), time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Cost{}, fmt.Errorf("request an evaluation: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Cost{}, fmt.Errorf("the function answers with status %d", response.StatusCode)
	}
	var record cycle.Record
	if err := json.NewDecoder(response.Body).Decode(&record); err != nil {
		return Cost{}, fmt.Errorf("read the decision record: %w", err)
	}
	cost := Cost{Wall: time.Since(begun), CPU: f.cpuTime() - before}
	if err := f.surroundings.check(record); err != nil {
		return Cost{}, err
	}
	cost.Traffic, err = f.surroundings.nextTraffic()
	return cost, err
}

// cpuTime returns the CPU time of the process, as Linux counts it for each of its threads,
// or 0 on other systems.
func (f *Function) cpuTime() (sum time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", f.process.Process.Pid))
	for _, thread := range threads {
		text, _ := os.ReadFile(thread) // fails for a thread that has just ended, which then counts 0
		nanoseconds, _, _ := bytes.Cut(text, []byte(" "))
		n, _ := strconv.ParseInt(string(nanoseconds), 10, 64)
		sum += time.Duration(n)
	}
	return sum
}

// Stop kills the process and returns its largest resident set in bytes.
func (f *Function) Stop() int64 {
	_ = f.process.Process.Kill()
	_ = f.process.Wait() // returns that it was killed
	f.leave()
	return peakMemory(f.process.ProcessState)
}
