// Package functionsapi stands in for Scaleway's Functions: the API that osls and
// Scaleway's plugin deploy with, the build of what they upload, and the running of
// it. In go their requests; out come the recorded forms of answers, and on loopback
// ports functions that have just the environment that was sent.
package functionsapi

import (
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

// region is the only one there is.
const region = "fr-par"

// root is where the API is in its address.
const root = "/functions/v1beta1/regions/" + region

// Config says who deploys, and where builds keep what they need.
type Config struct {
	// Key is the secret key that may do everything in the Project.
	Project, Key string
	// Hash encodes secrets for who may not read them, as Scaleway does by argon2.
	Hash func(secrets []string) ([]string, error)
	// Cache is a folder for modules and compiled packages that outlives the platform,
	// apart from what the workstation has.
	Cache string
	// Log is where functions print, several at a time.
	Log io.Writer
}

// Platform is the API with all that was deployed. It is safe for concurrent use.
type Platform struct {
	config  Config
	builder *builder
	server  *http.Server
	url     string
	// folder is for programs that were built, and goes with the platform.
	folder string
	builds sync.WaitGroup

	lock       sync.Mutex
	namespaces []*namespace
	functions  []*function
	crons      []*cron
	refusals   []string
}

// Start opens a platform with nothing on it. Close it.
func Start(config Config) (*Platform, error) {
	folder, err := os.MkdirTemp("", "divims-functions-*")
	if err != nil {
		return nil, fmt.Errorf("start the platform: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the platform: %w", err), os.RemoveAll(folder))
	}
	p := &Platform{
		config: config, builder: &builder{cache: config.Cache}, folder: folder,
		url: "http://" + listener.Addr().String(),
	}
	p.server = &http.Server{Handler: p.routes()}
	go func() { _ = p.server.Serve(listener) }() // until it is closed
	return p, nil
}

// URL is the address of the API, for SCW_FUNCTION_URL.
func (p *Platform) URL() string { return p.url + root }

// Close ends the API, builds under way and all functions, and waits for their end.
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

// Refusals are all that was refused, as `METHOD path: why`.
func (p *Platform) Refusals() []string {
	p.lock.Lock()
	defer p.lock.Unlock()
	return append([]string(nil), p.refusals...)
}

// newID is a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Functions are all that were created, in that order.
func (p *Platform) Functions() []Function {
	p.lock.Lock()
	defer p.lock.Unlock()
	var all []Function
	for _, f := range p.functions {
		timeout, _ := time.ParseDuration(f.Timeout) // it was checked when it was asked for
		shown := Function{
			Name: f.Name, Runtime: f.Runtime, Handler: f.Handler, Privacy: f.Privacy,
			MemoryLimit: f.MemoryLimit, MinScale: f.MinScale, MaxScale: f.MaxScale, Timeout: timeout,
			Status: f.status, Error: f.err, Variables: maps.Clone(f.Variables), Secrets: maps.Clone(f.secrets),
			URL: f.proxy.url, Archive: f.archive, ProgramBytes: f.program.bytes,
		}
		for _, c := range p.cronsOf(f) {
			shown.Schedules = append(shown.Schedules, c.Schedule)
		}
		all = append(all, shown)
	}
	return all
}
