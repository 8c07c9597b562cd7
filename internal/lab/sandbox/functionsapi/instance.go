package functionsapi

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
)

// instance is a process that serves a function. It is started by the first request,
// in a folder of its own, with exactly its environment and nothing around it.
type instance struct {
	program     string
	environment []string
	log         io.Writer

	command *exec.Cmd
	address *url.URL
	folder  string
}

// start gives the address of the process, which it starts if it does not run.
func (i *instance) start() (*url.URL, error) {
	if i.command != nil {
		return i.address, nil
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	defer listener.Close() // the process has its own copy
	socket, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	defer socket.Close()
	if i.folder, err = os.MkdirTemp("", "divims-function-*"); err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	i.address = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	command := exec.Command(i.program)
	command.Env, command.Dir, command.ExtraFiles = i.environment, i.folder, []*os.File{socket}
	command.Stdout, command.Stderr = i.log, i.log
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the function: %w", err), os.RemoveAll(i.folder))
	}
	i.command = command
	return i.address, nil
}

// stop ends the process, if there is one.
func (i *instance) stop() {
	if i == nil || i.command == nil {
		return
	}
	_ = i.command.Process.Kill()
	_ = i.command.Wait() // it says that it was killed
	_ = os.RemoveAll(i.folder)
}
