package functionsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
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
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	defer func() { _ = listener.Close() }() // the process has its own copy
	socket, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	defer func() { _ = socket.Close() }()
	if i.folder, err = os.MkdirTemp("", "divims-function-*"); err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	i.address = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	command := exec.CommandContext(context.WithoutCancel(ctx), i.program)
	command.Env, command.Dir, command.ExtraFiles = i.environment, i.folder, []*os.File{socket}
	command.Stdout, command.Stderr = i.log, i.log
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the function: %w", err), os.RemoveAll(i.folder))
	}
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
