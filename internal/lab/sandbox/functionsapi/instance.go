package functionsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"

	"divims/internal/lab/platform"
)

// instance is a process that serves a function. The first request starts it, in a new
// folder and with the function's variables as its only environment.
type instance struct {
	program     string
	environment []string
	log         io.Writer

	command *exec.Cmd
	address *url.URL
	folder  string
}

// start starts the process if it does not run, and returns its address. The process
// outlives the request.
func (i *instance) start(ctx context.Context) (*url.URL, error) {
	if i.command != nil {
		return i.address, nil
	}
	folder, err := os.MkdirTemp("", "divims-function-*")
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	command := exec.CommandContext(context.WithoutCancel(ctx), i.program)
	command.Env, command.Dir = i.environment, folder
	command.Stdout, command.Stderr = i.log, i.log
	if i.address, err = platform.Start(command); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	i.folder = folder
	i.command = command
	return i.address, nil
}

// stop kills the process, if it runs.
func (i *instance) stop() {
	if i == nil || i.command == nil {
		return
	}
	_ = i.command.Process.Kill()
	_ = i.command.Wait() // the error says that the process was killed
	_ = os.RemoveAll(i.folder)
}
