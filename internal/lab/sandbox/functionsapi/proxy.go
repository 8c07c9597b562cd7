package functionsapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// functionProxy listens at a function's address. It checks who may call, and forwards
// one request at a time to the function's instance.
type functionProxy struct {
	key string
	// trigger is the secret by which the proxy recognizes calls of crons.
	trigger string
	url     string
	server  *http.Server

	lock     sync.Mutex
	spec     functionSpec
	instance *instance
}

// triggerHeader contains the trigger. The proxy removes it from the request.
const triggerHeader = "X-Trigger"

// newProxy opens the address of a function that is not deployed yet.
func newProxy(key string) (*functionProxy, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the function's address: %w", err)
	}
	p := &functionProxy{key: key, trigger: rand.Text(), url: "http://" + listener.Addr().String()}
	p.server = &http.Server{Handler: p}
	go func() { _ = p.server.Serve(listener) }() // returns when the server is closed
	return p, nil
}

// replace sends later requests to another instance and stops the previous one, whose
// state is lost.
func (p *functionProxy) replace(i *instance, spec functionSpec) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.instance.stop()
	p.instance, p.spec = i, spec
}

func (p *functionProxy) close() error {
	err := p.server.Close()
	p.lock.Lock()
	defer p.lock.Unlock()
	p.instance.stop()
	return err
}

// ServeHTTP handles one call, by a cron or another client. It ends at the function's
// timeout.
func (p *functionProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.instance == nil {
		http.Error(w, "the function is not deployed", http.StatusNotFound)
		return
	}
	if r.Header.Get(triggerHeader) != p.trigger && p.spec.Privacy == "private" && r.Header.Get("X-Auth-Token") != p.key {
		http.Error(w, "the function is private", http.StatusForbidden)
		return
	}
	r.Header.Del(triggerHeader)
	address, err := p.instance.start(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	timeout, err := time.ParseDuration(p.spec.Timeout)
	if err != nil {
		panic(err) // it was checked when it was set
	}
	proxy := httputil.ReverseProxy{Rewrite: func(out *httputil.ProxyRequest) { out.SetURL(address) }}
	http.TimeoutHandler(&proxy, timeout, "the function took too long").ServeHTTP(w, r)
}
