package sandbox

import (
	"crypto/tls"
	"net"
	"sync/atomic"
)

// Traffic counts the connections to the sandbox and their bytes: the TCP payload, which is
// encrypted if the service uses TLS.
type Traffic struct {
	Connections int64 `json:"connections"`
	// Handshakes counts TLS handshakes, and Resumed those that resumed a session.
	Handshakes int64 `json:"handshakes"`
	Resumed    int64 `json:"resumed"`
	// Received counts bytes from clients, and Sent bytes to clients.
	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
}

// trafficCounter counts what Traffic reports.
type trafficCounter struct{ connections, handshakes, resumed, received, sent atomic.Int64 }

func (t *trafficCounter) sum() Traffic {
	return Traffic{t.connections.Load(), t.handshakes.Load(), t.resumed.Load(), t.received.Load(), t.sent.Load()}
}

// countHandshake is a tls.Config's VerifyConnection that accepts every connection.
func (t *trafficCounter) countHandshake(connection tls.ConnectionState) error {
	t.handshakes.Add(1)
	if connection.DidResume {
		t.resumed.Add(1)
	}
	return nil
}

// countingListener counts its connections and their bytes.
type countingListener struct {
	net.Listener
	traffic *trafficCounter
}

func (c countingListener) Accept() (net.Conn, error) {
	connection, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.traffic.connections.Add(1)
	return countingConn{connection, c.traffic}, nil
}

type countingConn struct {
	net.Conn
	traffic *trafficCounter
}

// SetLinger lets the fault injector reset a connection.
func (c countingConn) SetLinger(seconds int) error {
	return c.Conn.(interface{ SetLinger(int) error }).SetLinger(seconds)
}

func (c countingConn) Read(text []byte) (int, error) {
	n, err := c.Conn.Read(text)
	c.traffic.received.Add(int64(n))
	return n, err
}

func (c countingConn) Write(text []byte) (int, error) {
	n, err := c.Conn.Write(text)
	c.traffic.sent.Add(int64(n))
	return n, err
}
