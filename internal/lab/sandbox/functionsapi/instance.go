package functionsapi

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"time"
)

// front is a function's address. It admits callers, and lets one request at a time
// through to the function's instance.
type front struct {
	key string
	// trigger marks the cron's calls, for the front only.
	trigger string
	url     string
	server  *http.Server

	turn     sync.Mutex
	wish     wish
	instance *instance
}

// triggerHeader has the mark of cron's calls. The function never sees it.
const triggerHeader = "X-Trigger"

// newFront opens the address of a function that is not deployed yet.
func (p *Platform) newFront() (*front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the function's address: %w", err)
	}
	f := &front{key: p.config.Key, trigger: rand.Text(), url: "http://" + listener.Addr().String()}
	f.server = &http.Server{Handler: f}
	go func() { _ = f.server.Serve(listener) }() // until it is closed
	return f, nil
}

// replace has another instance answer from the next request on. The one before is
// ended: its state is lost, as any instance's can be at any time.
func (f *front) replace(i *instance, w wish) {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.instance.stop()
	f.instance, f.wish = i, w
}

func (f *front) close() error {
	err := f.server.Close()
	f.turn.Lock()
	defer f.turn.Unlock()
	f.instance.stop()
	return err
}

// ServeHTTP is one call, by cron or from outside, for at most the function's timeout.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if f.instance == nil {
		http.Error(w, "the function is not deployed", http.StatusNotFound)
		return
	}
	if r.Header.Get(triggerHeader) != f.trigger && f.wish.Privacy == "private" && r.Header.Get("X-Auth-Token") != f.key {
		http.Error(w, "the function is private", http.StatusForbidden)
		return
	}
	r.Header.Del(triggerHeader)
	address, err := f.instance.start()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	timeout, err := time.ParseDuration(f.wish.Timeout)
	if err != nil {
		panic(err) // it was checked when it was asked for
	}
	proxy := httputil.ReverseProxy{Rewrite: func(out *httputil.ProxyRequest) {
		out.SetURL(address)
		out.SetXForwarded()
		out.Out.Header.Set("X-Forwarded-Proto", "https")
		out.Out.Header.Set("X-Request-ID", newID())
	}}
	http.TimeoutHandler(&proxy, timeout, "the function took too long").ServeHTTP(w, r)
}

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
