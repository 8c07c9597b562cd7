package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"divims/internal/cycle"
)

// mainOfFunction is what Scaleway writes around Handle, as far as it matters here.
const mainOfFunction = `package main

import (
	"net/http"
	"os"

	"divims"
)

func main() {
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(divims.Handle)))
}
`

// BuildFunction builds the function from its source, which the working directory
// is in, and gives the program, which is put into the folder.
func BuildFunction(ctx context.Context, folder string) (program string, err error) {
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "function")
	if err := os.WriteFile(source, []byte(mainOfFunction), 0o600); err != nil {
		return "", fmt.Errorf("write the function's main: %w", err)
	}
	said, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the function: %w: %.1000s", err, said)
	}
	return program, nil
}

// Function is the function as the platform runs it: a process that stays.
type Function struct {
	// ColdStart is the time from the start of the process to its first answer, of
	// GET /healthz.
	ColdStart time.Duration

	around  *Around
	process *exec.Cmd
	url     string
	leave   func()
}

// StartFunction starts the function within a quota, and waits for its first answer.
func (a *Around) StartFunction(ctx context.Context, program string, quota Quota) (*Function, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	f := &Function{around: a, url: "http://127.0.0.1:" + port}
	if f.process, f.leave, err = quota.command(ctx, program); err != nil {
		return nil, err
	}
	f.process.Env = append(a.environment[:len(a.environment):len(a.environment)], "PORT="+port)
	begun := time.Now()
	if err := f.process.Start(); err != nil {
		f.leave()
		return nil, fmt.Errorf("start the function: %w", err)
	}
	for !f.answers() {
		if ctx.Err() != nil || time.Since(begun) > time.Minute {
			f.Stop()
			return nil, fmt.Errorf("the function does not answer")
		}
		time.Sleep(time.Millisecond)
	}
	f.ColdStart = time.Since(begun)
	return f, nil
}

// freePort is one that nobody listened on a moment ago.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

func (f *Function) answers() bool {
	response, err := http.Get(f.url + "/healthz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Evaluate measures one evaluation, as cron asks for it. The memory is known only
// when the function has ended.
func (f *Function) Evaluate(ctx context.Context) (Cost, error) {
	if _, err := f.around.next(); err != nil {
		return Cost{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/", strings.NewReader(`{"source":"cron"}`))
	if err != nil {
		return Cost{}, err
	}
	before, begun := f.time(), time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Cost{}, fmt.Errorf("ask the function for an evaluation: %w", err)
	}
	defer response.Body.Close()
	var record cycle.Record
	if err := json.NewDecoder(response.Body).Decode(&record); err != nil || response.StatusCode != http.StatusOK {
		return Cost{}, fmt.Errorf("the function answers with status %d (%w)", response.StatusCode, err)
	}
	cost := Cost{Wall: time.Since(begun), CPU: f.time() - before}
	if err := f.around.check(record); err != nil {
		return Cost{}, err
	}
	cost.Traffic, err = f.around.next()
	return cost, err
}

// time is the CPU time that the process has had, by Linux's account of its threads;
// 0 elsewhere.
func (f *Function) time() (sum time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", f.process.Process.Pid))
	for _, thread := range threads {
		text, _ := os.ReadFile(thread) // one that has just ended counts nothing
		nanoseconds, _, _ := bytes.Cut(text, []byte(" "))
		n, _ := strconv.ParseInt(string(nanoseconds), 10, 64)
		sum += time.Duration(n)
	}
	return sum
}

// Stop ends the function, and gives its largest resident set, in bytes.
func (f *Function) Stop() int64 {
	_ = f.process.Process.Kill()
	_ = f.process.Wait() // with the error that it was killed
	f.leave()
	return peakMemory(f.process.ProcessState)
}
