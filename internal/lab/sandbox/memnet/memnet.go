// Package memnet is a network in memory. It takes listeners and dials, and returns
// connections that behave like TCP's on a fast network: reads wait for data until their
// deadline, and writes do not wait. Waiting is on conditions and channels and not on sockets,
// so time goes on meanwhile in a bubble of testing/synctest.
package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// Network is a network in memory. It is safe for concurrent use. The zero Network is
// ready to use.
type Network struct {
	lock      sync.Mutex
	listeners map[address]*Listener
	// dialed counts the connections.
	dialed int
}

// address is an address of the network, as host:port.
type address string

// Network and String implement net.Addr.
func (address) Network() string  { return "memory" }
func (a address) String() string { return string(a) }

// firstPort is the port of the first listener.
const firstPort = 10_000

// Listen returns a listener at a free port of 127.0.0.1.
func (n *Network) Listen() *Listener {
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.listeners == nil {
		n.listeners = map[address]*Listener{}
	}
	at := address(fmt.Sprintf("127.0.0.1:%d", firstPort+len(n.listeners)))
	l := &Listener{at: at, arrived: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[at] = l
	return l
}

// Dial connects to a listener, from a new address each time. Like TCP, it fails with
// ECONNREFUSED where nobody listens. The network's name is ignored.
func (n *Network) Dial(ctx context.Context, _, to string) (net.Conn, error) {
	n.lock.Lock()
	l := n.listeners[address(to)]
	n.dialed++
	from := address(fmt.Sprintf("127.0.0.2:%d", n.dialed)) // a number may be too large for a port
	n.lock.Unlock()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: address(to), Err: syscall.ECONNREFUSED}
	if l == nil {
		return nil, refused
	}
	client, server := newPair(from, l.at)
	select {
	case l.arrived <- server:
		return client, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Listener accepts connections. It implements net.Listener.
type Listener struct {
	at      address
	arrived chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.arrived:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener. Connections that it accepted stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the listener's address.
func (l *Listener) Addr() net.Addr { return l.at }
