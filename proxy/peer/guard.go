package peer

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Guard returns a listener for an http.Server that makes it answer 400 to
// requests whose end two programs could see in different places: with
// Content-Length and Transfer-Encoding, either of them twice, a
// Transfer-Encoding in HTTP/1.0 or other than "chunked", or folded header
// lines. The server alone accepts most of these, and removes what would tell a
// handler, so the bytes must be looked at before it reads them.
//
// With a TLS configuration the listener speaks TLS itself: use [http.Server.Serve],
// not ServeTLS. HTTP/2 needs "h2" in its NextProtos; such connections
// are passed on as they are, since HTTP/2 counts its own frames.
//
// What the server refuses before any handler sees it (RFC 9112 §3: a request
// line that cannot be read, and the like) is answered by refused, if there is
// one; the server then needs [Follow]. With nil the server's own text stays.
func Guard(l net.Listener, config *tls.Config, refused Refused) net.Listener {
	g := &guard{Listener: l, config: config, refused: refused, ready: make(chan net.Conn), done: make(chan struct{})}
	if config != nil {
		go g.accept() // ends with the listener
	}
	return g
}

type guard struct {
	net.Listener
	config  *tls.Config
	refused Refused
	ready   chan net.Conn // after their handshake

	once sync.Once
	done chan struct{} // closed when accepting has ended
	err  error         // why; set before done is closed
}

const handshakeTime = 10 * time.Second

func (g *guard) Accept() (net.Conn, error) {
	if g.config == nil {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		conn := &guarded{}
		conn.begin(c, g.refused)
		return conn, nil
	}
	select {
	case c := <-g.ready:
		return c, nil
	case <-g.done:
		return nil, g.err
	}
}

func (g *guard) accept() {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			if n, ok := err.(net.Error); ok && n.Timeout() {
				continue
			}
			g.end(err)
			return
		}
		go g.handshake(tls.Server(c, g.config)) // ends with its deadline
	}
}

// handshake must run before the connection is passed on, since what is spoken
// on it decides whether it is looked at.
func (g *guard) handshake(c *tls.Conn) {
	_ = c.SetDeadline(time.Now().Add(handshakeTime))
	if err := c.Handshake(); err != nil {
		explain(err)
		_ = c.Close()
		return
	}
	_ = c.SetDeadline(time.Time{})
	var conn net.Conn = c
	if c.ConnectionState().NegotiatedProtocol != "h2" {
		over := &guardedTLS{tls: c}
		over.begin(c, g.refused)
		conn = over
	}
	select {
	case g.ready <- conn:
	case <-g.done:
		_ = c.Close()
	}
}

func (g *guard) end(err error) {
	g.once.Do(func() {
		g.err = err
		close(g.done)
	})
}

func (g *guard) Close() error {
	err := g.Listener.Close()
	g.end(net.ErrClosed)
	return err
}

// guarded is one HTTP/1 connection. Reads come from one goroutine at a time.
type guarded struct {
	net.Conn
	framing framing
	ended   bool        // nothing that comes is read any more
	pending []byte      // what the server reads before the end
	upgrade atomic.Bool // the last request asked for one
	open    atomic.Bool // 101 was sent: no HTTP any more
	refused Refused
	between atomic.Bool // nothing was written since the last answer ended
	unmet   atomic.Bool // what was refused has an expectation nobody meets
}

func (c *guarded) begin(conn net.Conn, refused Refused) {
	c.Conn, c.refused = conn, refused
	c.framing.expectations = refused != nil
	c.between.Store(true)
}

func (c *guarded) Read(p []byte) (int, error) {
	switch {
	case c.open.Load():
		return c.Conn.Read(p)
	case c.ended && len(c.pending) == 0:
		return 0, io.EOF
	case c.ended:
		n := copy(p, c.pending)
		c.pending = c.pending[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	used, v := c.framing.feed(p[:n])
	c.upgrade.Store(c.framing.upgrade)
	switch v {
	case refuse:
		// Instead of the line feed that ends the head the server reads a line
		// that is no header, and so refuses the request with 400 and closes.
		c.ended, c.pending = true, []byte("\x00\n")
		c.unmet.Store(c.framing.unmet)
		if used == 1 {
			return c.Read(p)
		}
		return used - 1, nil
	case lost:
		c.ended = true
		return used, nil
	}
	return n, err
}

// Write watches for the answer that ends HTTP on this connection, and for those
// that no handler made.
func (c *guarded) Write(p []byte) (int, error) {
	if n, done, err := c.replace(p); done {
		return n, err
	}
	if c.upgrade.Load() && bytes.HasPrefix(p, []byte("HTTP/1.1 101 ")) {
		c.open.Store(true)
	}
	return c.Conn.Write(p)
}

// CloseWrite half-closes where the connection can.
func (c *guarded) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// guardedTLS tells the server about TLS, which fills in Request.TLS.
type guardedTLS struct {
	guarded
	tls *tls.Conn
}

// ConnectionState is what net/http asks a connection for.
func (c *guardedTLS) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }
