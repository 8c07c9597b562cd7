package sandbox

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"

	"divims/internal/lab/sandbox/faults"
)

// Caller is a process that calls the services, for example one instance of the function.
// It can be killed.
type Caller struct {
	sandbox *Sandbox

	lock sync.Mutex
	// connections are those that are open.
	connections map[net.Conn]bool
	// left is how many calls are answered before the caller is killed; -1 for no limit.
	left   int
	killed bool
}

// callers has the caller of each open connection, by the address that the services see.
type callers struct {
	lock sync.Mutex
	of   map[string]*Caller
}

// NewCaller returns a caller of the services.
func (s *Sandbox) NewCaller() *Caller {
	return &Caller{sandbox: s, left: -1, connections: map[net.Conn]bool{}}
}

// Dial connects to a service. It returns ECONNREFUSED if the caller was killed.
func (c *Caller) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := c.sandbox.services.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !c.add(connection) {
		_ = connection.Close()
		return nil, fmt.Errorf("connect to %s: the process is dead: %w", address, syscall.ECONNREFUSED)
	}
	return callerConn{connection, c}, nil
}

// callerConn is a connection that its caller forgets when it is closed.
type callerConn struct {
	net.Conn
	caller *Caller
}

func (c callerConn) Close() error {
	c.caller.forget(c.Conn)
	return c.Conn.Close()
}

// add adds a connection, unless the caller is dead.
func (c *Caller) add(connection net.Conn) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.killed {
		return false
	}
	c.connections[connection] = true
	c.sandbox.callers.set(connection, c)
	return true
}

func (c *Caller) forget(connection net.Conn) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.connections, connection)
	c.sandbox.callers.set(connection, nil)
}

// set notes the caller of a connection; nil for one that is closed.
func (c *callers) set(connection net.Conn, caller *Caller) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if caller == nil {
		delete(c.of, connection.LocalAddr().String())
		return
	}
	if c.of == nil {
		c.of = map[string]*Caller{}
	}
	c.of[connection.LocalAddr().String()] = caller
}

// KillAfter kills the caller when that many more of its calls have been executed. Then its
// connections are closed, and it cannot make new ones. 0 kills it at once.
func (c *Caller) KillAfter(calls int) {
	c.lock.Lock()
	c.left = calls
	c.lock.Unlock()
	if calls == 0 {
		c.kill()
	}
}

// Killed reports whether the caller is dead.
func (c *Caller) Killed() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.killed
}

// Close ends all connections of the caller.
func (c *Caller) Close() { c.kill() }

func (c *Caller) kill() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.killed = true
	for connection := range c.connections {
		_ = connection.Close()
		c.sandbox.callers.set(connection, nil)
	}
	clear(c.connections)
}

// count counts an executed call of the caller.
func (c *Caller) count() {
	c.lock.Lock()
	if c.left > 0 {
		c.left--
	}
	over := c.left == 0
	c.lock.Unlock()
	if over {
		c.kill()
	}
}

// takeTurn executes a call and counts it for its caller. In a moving world the dispatcher
// executes it in its turn.
func (s *Sandbox) takeTurn(operation faults.Operation, r *http.Request, work func()) {
	counted := func() {
		work()
		s.callers.lock.Lock()
		caller := s.callers.of[r.RemoteAddr]
		s.callers.lock.Unlock()
		if caller != nil {
			caller.count()
		}
	}
	if s.dispatcher == nil {
		counted()
		return
	}
	s.dispatcher.turn(operation, r, counted)
}
