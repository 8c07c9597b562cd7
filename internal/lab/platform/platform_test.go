package platform_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"divims/internal/lab/contract"
	"divims/internal/lab/long"
	"divims/internal/lab/platform"
)

// send sends requests to the function at an address.
func send(address *url.URL) contract.Send {
	return func(r *http.Request) (*http.Response, error) {
		r.URL.Scheme, r.URL.Host = address.Scheme, address.Host
		return http.DefaultClient.Do(r)
	}
}

// TestContractInAProcess builds the function and checks the HTTP surface of the process.
func TestContractInAProcess(t *testing.T) {
	long.Only(t) // it builds the function
	s := contract.Pool(t)
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	overlay, err := platform.WriteOverlay(folder, root, "divims", "Handle")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "function")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", program, "./"+platform.MainFolder)
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the function: %v\n%s", err, output)
	}
	process := exec.CommandContext(t.Context(), program)
	process.Env, process.Stdout, process.Stderr = s.Environment(), t.Output(), t.Output()
	address, err := platform.Start(process)
	if err != nil {
		t.Fatal(err)
	}
	contract.Check(t, s, send(address))
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the terminated process ends with %v; want status 0", err)
	}
}

// TestServeFinishesRequestsInProgress stops a server while it works on a request.
func TestServeFinishesRequestsInProgress(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	seen := make(chan http.Header, 1)
	served := make(chan error, 1)
	go func() {
		served <- platform.Serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen <- r.Header
			stop()
			_, _ = io.WriteString(w, "done")
		}))
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil || string(body) != "done" {
		t.Errorf("answer %q, %v; want done", body, err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve returns %v after it was stopped; want nil", err)
	}
	header := <-seen
	for name, want := range map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "Forwarded": "for=127.0.0.1;proto=https"} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
}
