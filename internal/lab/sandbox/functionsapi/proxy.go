package functionsapi

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// front is a function's address. It admits callers, and lets one request at a time
// through to the function's instance.
type functionProxy struct {
	key string
	// trigger marks the cron's calls, for the front only.
	trigger string
	url     string
	server  *http.Server

	lock     sync.Mutex
	spec     functionSpec
	instance *instance
}

// triggerHeader has the mark of cron's calls. The function never sees it.
const triggerHeader = "X-Trigger"

// newProxy opens the address of a function that is not deployed yet.
func (p *Platform) newProxy() (*functionProxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the function's address: %w", err)
	}
	f := &functionProxy{key: p.config.Key, trigger: rand.Text(), url: "http://" + listener.Addr().String()}
	f.server = &http.Server{Handler: f}
	go func() { _ = f.server.Serve(listener) }() // until it is closed
	return f, nil
}

// replace has another instance answer from the next request on. The one before is
// ended: its state is lost, as any instance's can be at any time.
func (f *functionProxy) replace(i *instance, spec functionSpec) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.instance.stop()
	f.instance, f.spec = i, spec
}

func (f *functionProxy) close() error {
	err := f.server.Close()
	f.lock.Lock()
	defer f.lock.Unlock()
	f.instance.stop()
	return err
}

// ServeHTTP is one call, by cron or from outside, for at most the function's timeout.
func (f *functionProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.instance == nil {
		http.Error(w, "the function is not deployed", http.StatusNotFound)
		return
	}
	if r.Header.Get(triggerHeader) != f.trigger && f.spec.Privacy == "private" && r.Header.Get("X-Auth-Token") != f.key {
		http.Error(w, "the function is private", http.StatusForbidden)
		return
	}
	r.Header.Del(triggerHeader)
	address, err := f.instance.start()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	timeout, err := time.ParseDuration(f.spec.Timeout)
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
