// Package platform hosts the function as Scaleway's Go runtime does, behind an HTTP server:
// in this process (Serve), or in another process whose program is built around the
// handler (WriteOverlay, Start). serve.go is also compiled into that program, so it
// imports the standard library only.
package platform

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

//go:embed serve.go
var serveSource []byte

// MainFolder is where the program's package main appears in the function's module.
const MainFolder = "platform_main"

// mainSource takes the import paths of serve.go and of the handler's package, and the
// handler's name.
const mainSource = `package main

import (
	platform %q

	function %q
)

func main() { platform.Main(function.%s) }
`

// WriteOverlay writes into folder the sources of a program that serves the handler of
// a module, and returns the name of a file for `go build -overlay`. With that flag, go
// builds the package MainFolder of the module at root, although nothing is written to
// root. A handler in a folder is named FOLDER/Name, as on Scaleway.
func WriteOverlay(folder, root, module, handler string) (overlay string, err error) {
	inFolder, name := path.Split(handler)
	sources := map[string][]byte{
		"main.go":           fmt.Appendf(nil, mainSource, path.Join(module, MainFolder, "platform"), path.Join(module, inFolder), name),
		"platform/serve.go": serveSource,
	}
	replace := map[string]string{}
	for source, text := range sources {
		file := filepath.Join(folder, filepath.Base(source))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "", fmt.Errorf("write the function's main: %w", err)
		}
		replace[filepath.Join(root, MainFolder, source)] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", fmt.Errorf("write the function's main: %w", err)
	}
	return overlay, nil
}

// Start starts a program built with WriteOverlay and returns its address. Requests may
// be sent at once: they wait until the program serves.
func Start(command *exec.Cmd) (*url.URL, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	defer func() { _ = listener.Close() }() // the process has its own copy
	socket, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	defer func() { _ = socket.Close() }()
	command.ExtraFiles = []*os.File{socket}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}, nil
}
