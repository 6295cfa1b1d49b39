package live

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Close codes: RFC 6455 §7.4. Those from 4000 on are for applications.
const (
	closeEnded = 4401
	closeLost  = 1013 // try again later (IANA registry)
)

// goodbye is how long a client has to answer our close frame.
const goodbye = time.Second

var errCut = errors.New("the connection was cut")

// socket is the app's side of a WebSocket: Read brings what the app sends, Write
// takes what the client sends. When the exchange is cut, somebody closes it; what
// Read returns then is our close frame.
type socket struct {
	io.ReadWriteCloser
	c    *Conn
	down frames // towards the client; used by Read alone
	up   frames // towards the app; used by Write alone
	said bool   // our close frame was read

	once   sync.Once
	closed chan struct{} // closed when the client sent its close frame
}

func newSocket(stream io.ReadWriteCloser, c *Conn) *socket {
	return &socket{ReadWriteCloser: stream, c: c, closed: make(chan struct{})}
}

func (s *socket) Read(p []byte) (int, error) {
	if s.said {
		select {
		case <-s.closed:
		case <-time.After(goodbye):
		}
		return 0, errCut
	}
	n, err := s.ReadWriteCloser.Read(p)
	if n > 0 {
		s.down.follow(p[:n], func(byte) {})
		return n, nil // an error comes again
	}
	frame := s.farewell()
	if err == nil || frame == nil || !s.down.between() || len(p) < len(frame) {
		return n, err
	}
	s.said = true
	return copy(p, frame), nil
}

// farewell is what the client is told of a cut, or nil.
func (s *socket) farewell() []byte {
	switch why := context.Cause(s.c.ctx); {
	case errors.Is(why, ErrEnded):
		return closeFrame(closeEnded, "session ended")
	case errors.Is(why, ErrLost):
		return closeFrame(closeLost, "try again later")
	}
	return nil
}

// Write passes on what the client sends. Its data frames show that the person is
// there; pings and pongs are the browser's own. After a cut nothing is passed on.
func (s *socket) Write(p []byte) (int, error) {
	s.up.follow(p, func(opcode byte) {
		switch {
		case opcode == opClose:
			s.once.Do(func() { close(s.closed) })
		case opcode < opControl:
			s.c.Used()
		}
	})
	if s.farewell() != nil {
		return len(p), nil
	}
	n, err := s.ReadWriteCloser.Write(p)
	if err != nil && s.farewell() != nil { // cut meanwhile: Read says so
		return len(p), nil
	}
	return n, err
}

// CloseWrite passes a half-close on where the connection knows one.
func (s *socket) CloseWrite() error {
	if c, ok := s.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}
