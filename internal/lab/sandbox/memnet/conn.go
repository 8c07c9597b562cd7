package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// conn is one end of a connection.
type conn struct {
	in, out    *pipe
	from, to   address
	resetAtEnd bool
}

// newPair returns the two ends of a new connection between two addresses.
func newPair(from, to address) (client, server net.Conn) {
	up, down := newPipe(), newPipe()
	return &conn{in: down, out: up, from: from, to: to}, &conn{in: up, out: down, from: to, to: from}
}

func (c *conn) Read(text []byte) (int, error)  { return c.in.read(text) }
func (c *conn) Write(text []byte) (int, error) { return c.out.write(text) }

// SetLinger with 0 makes Close reset the connection, as with a TCP connection.
func (c *conn) SetLinger(seconds int) error {
	c.resetAtEnd = seconds == 0
	return nil
}

// Close ends both directions. The other end reads what was written and then gets io.EOF, or
// gets ECONNRESET at once if the connection is reset. Its writes fail.
func (c *conn) Close() error {
	if c.resetAtEnd {
		c.out.end(syscall.ECONNRESET, true)
	} else {
		c.out.end(io.EOF, false)
	}
	c.in.end(net.ErrClosed, true)
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.from }
func (c *conn) RemoteAddr() net.Addr { return c.to }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.setDeadline(t)
	return nil // writes never wait
}

func (c *conn) SetReadDeadline(t time.Time) error { return c.SetDeadline(t) }

func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// pipe is one direction of a connection.
type pipe struct {
	lock    sync.Mutex
	changed *sync.Cond
	text    []byte
	// over is the error of reads after the last byte; nil while the pipe is open.
	over error
	// lost is set if the bytes that were not read yet are dropped.
	lost     bool
	deadline time.Time
	timer    *time.Timer
}

func newPipe() *pipe {
	p := &pipe{}
	p.changed = sync.NewCond(&p.lock)
	return p
}

// read waits for bytes, the end, or the deadline.
func (p *pipe) read(text []byte) (int, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for {
		switch {
		case p.lost:
			return 0, p.over
		case p.isLate():
			return 0, os.ErrDeadlineExceeded
		case len(p.text) > 0:
			n := copy(text, p.text)
			p.text = p.text[n:]
			return n, nil
		case p.over != nil:
			return 0, p.over
		case len(text) == 0:
			return 0, nil
		}
		p.changed.Wait()
	}
}

func (p *pipe) isLate() bool { return !p.deadline.IsZero() && !time.Now().Before(p.deadline) }

func (p *pipe) write(text []byte) (int, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.over != nil {
		return 0, syscall.EPIPE
	}
	p.text = append(p.text, text...)
	p.changed.Broadcast()
	return len(text), nil
}

// end ends the pipe. A later end has an effect only if it drops the unread bytes.
func (p *pipe) end(over error, lost bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.over == nil || lost && !p.lost {
		p.over, p.lost = over, lost
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.changed.Broadcast()
}

// setDeadline wakes the reader at the deadline.
func (p *pipe) setDeadline(t time.Time) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.deadline = t
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if !t.IsZero() && p.over == nil {
		p.timer = time.AfterFunc(time.Until(t), func() {
			p.lock.Lock()
			defer p.lock.Unlock()
			p.changed.Broadcast()
		})
	}
	p.changed.Broadcast()
}
