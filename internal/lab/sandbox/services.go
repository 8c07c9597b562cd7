package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// services are HTTP servers on loopback ports. The first that cannot be started
// leaves its error, and no further one is.
type services struct {
	servers []*http.Server
	// running counts the servers and their connections.
	running sync.WaitGroup
	// connected is told of every new connection.
	connected func(context.Context) context.Context
	traffic   trafficCounter
	err       error
}

// serve starts a service on a free port, over TLS if there is a config for it,
// and gives its address as host:port.
func (s *services) serve(handler http.Handler, config *tls.Config) string {
	if s.err != nil {
		return ""
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.err = fmt.Errorf("listen on a loopback port: %w", err)
		return ""
	}
	address := listener.Addr().String()
	listener = countingListener{listener, &s.traffic}
	if config != nil {
		config.VerifyConnection = s.traffic.countHandshake
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{
		TLSConfig:         config, // which tells whether there is HTTP/2
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ConnContext:       func(ctx context.Context, _ net.Conn) context.Context { return s.connected(ctx) },
		ConnState:         s.trackConnection,
		ErrorLog:          log.New(io.Discard, "", 0), // clients are told of errors
	}
	s.servers = append(s.servers, server)
	s.running.Go(func() { _ = server.Serve(listener) })
	return address
}

// count keeps account of connections, each of which has a goroutine.
func (s *services) trackConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.running.Done()
	}
}

// closeIdleConnections ends the connections on which nobody waits for an answer.
func (s *services) closeIdleConnections() {
	for _, server := range s.servers {
		server.SetKeepAlivesEnabled(false)
		server.SetKeepAlivesEnabled(true)
	}
}

// close breaks all connections and waits until nobody works on any of them.
func (s *services) close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.running.Wait()
	return errors.Join(errs...)
}
