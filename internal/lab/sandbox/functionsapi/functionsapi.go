// Package functionsapi imitates Scaleway's Functions. It serves the API that osls and Scaleway's plugin deploy with,
// builds what they upload, and runs the functions on loopback ports. Responses have the recorded form, and a function
// has no environment but its variables.
package functionsapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// region is the only region.
const region = "fr-par"

// root is the path of the API.
const root = "/functions/v1beta1/regions/" + region

// Config describes a platform.
type Config struct {
	// Key is the secret key that has all permissions in the Project.
	Project, Key string
	// Hash returns the hashes of secrets that the API shows, as Scaleway does with argon2.
	Hash func(secrets []string) ([]string, error)
	// Cache is a folder for modules and compiled packages. Builds use it instead of the
	// user's own caches, and it can be used again.
	Cache string
	// Log receives the output of all functions. It must be safe for concurrent use.
	Log io.Writer
}

// Platform is the API with everything that was deployed. It is safe for concurrent use.
type Platform struct {
	config  Config
	builder *builder
	server  *http.Server
	url     string
	// folder has the programs that were built. Close removes it.
	folder string
	builds sync.WaitGroup

	lock       sync.Mutex
	namespaces []*namespace
	functions  []*function
	crons      []*cron
	domains    []*domain
	refusals   []string
	planned    []*Refusal
}

// Start starts an empty platform. The caller must Close it.
func Start(config Config) (*Platform, error) {
	folder, err := os.MkdirTemp("", "divims-functions-*")
	if err != nil {
		return nil, fmt.Errorf("start the platform: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the platform: %w", err), os.RemoveAll(folder))
	}
	p := &Platform{
		config: config, builder: &builder{cache: config.Cache}, folder: folder,
		url: "http://" + listener.Addr().String(),
	}
	p.server = &http.Server{Handler: p.routes()}
	go func() { _ = p.server.Serve(listener) }() // returns when the server is closed
	return p, nil
}

// URL returns the address of the API, for SCW_FUNCTION_URL.
func (p *Platform) URL() string { return p.url + root }

// Close stops the API, waits for builds in progress, and stops all functions.
func (p *Platform) Close() error {
	err := p.server.Close()
	p.builds.Wait()
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, f := range p.functions {
		err = errors.Join(err, f.proxy.close())
	}
	return errors.Join(err, os.RemoveAll(p.folder))
}

// Refusals returns all calls that were refused and not planned to be,
// with the reason, as `METHOD path: status message`.
func (p *Platform) Refusals() []string {
	p.lock.Lock()
	defer p.lock.Unlock()
	return append([]string(nil), p.refusals...)
}

// newID returns a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Functions returns all functions in the order of their creation.
func (p *Platform) Functions() []Function {
	p.lock.Lock()
	defer p.lock.Unlock()
	var all []Function
	for _, f := range p.functions {
		timeout, _ := time.ParseDuration(f.Timeout) // it was checked when it was set
		shown := Function{
			Name: f.Name, Runtime: f.Runtime, Handler: f.Handler, Privacy: f.Privacy, PrivateNetwork: f.PrivateNetwork,
			MemoryLimit: f.MemoryLimit, MinScale: f.MinScale, MaxScale: f.MaxScale, Timeout: timeout,
			Status: f.status, Error: f.err, Variables: maps.Clone(f.Variables), Secrets: maps.Clone(f.secrets),
			URL: f.proxy.url, Archive: f.archive, ProgramBytes: f.program.bytes,
		}
		for _, c := range p.cronsOf(f) {
			shown.Schedules = append(shown.Schedules, c.Schedule)
		}
		for _, d := range p.domainsOf(f) {
			shown.Domains = append(shown.Domains, d.Hostname)
		}
		all = append(all, shown)
	}
	return all
}
