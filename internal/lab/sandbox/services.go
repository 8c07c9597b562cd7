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

	"divims/internal/lab/sandbox/memnet"
)

// services are HTTP servers on loopback ports, or in a network in memory. If one cannot be
// started, err is set and later calls of serve do nothing.
type services struct {
	// network is the network in memory; nil for loopback ports.
	network *memnet.Network
	servers []*http.Server
	// running counts the servers and their connections.
	running sync.WaitGroup
	// connContext is called for every new connection.
	connContext func(context.Context) context.Context
	traffic     trafficCounter
	err         error
}

// serve starts a service on a free port and returns its address as host:port. It
// serves TLS if config is not nil.
func (s *services) serve(handler http.Handler, config *tls.Config) string {
	if s.err != nil {
		return ""
	}
	listener, err := s.listen()
	if err != nil {
		s.err = err
		return ""
	}
	address := listener.Addr().String()
	listener = countingListener{listener, &s.traffic}
	if config != nil {
		config.VerifyConnection = s.traffic.countHandshake
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{
		TLSConfig:         config, // NextProtos decides about HTTP/2
		Handler:           handler,
		ReadHeaderTimeout: maxSilence,
		ConnContext:       func(ctx context.Context, _ net.Conn) context.Context { return s.connContext(ctx) },
		ConnState:         s.trackConnection,
		ErrorLog:          log.New(io.Discard, "", 0), // the client sees each of these errors
	}
	s.servers = append(s.servers, server)
	s.running.Go(func() { _ = server.Serve(listener) })
	return address
}

// maxSilence is how long a connection may be without a request. It is longer than any client
// waits, so that a server that drops packets never answers by closing the connection.
const maxSilence = 10 * time.Minute

// listen listens on a free port.
func (s *services) listen() (net.Listener, error) {
	if s.network != nil {
		return s.network.Listen(), nil
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on a loopback port: %w", err)
	}
	return listener, nil
}

// dial connects to a service.
func (s *services) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.network != nil {
		return s.network.Dial(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// trackConnection counts open connections, each of which has a goroutine.
func (s *services) trackConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.running.Done()
	}
}

// closeIdleConnections closes the connections without a request in progress.
func (s *services) closeIdleConnections() {
	for _, server := range s.servers {
		server.SetKeepAlivesEnabled(false)
		server.SetKeepAlivesEnabled(true)
	}
}

// close closes all connections and waits until their goroutines have ended.
func (s *services) close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.running.Wait()
	return errors.Join(errs...)
}
