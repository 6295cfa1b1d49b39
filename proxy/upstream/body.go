package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// watchedBody remembers why the client's body could not be read, which the
// transport reports in the clothes of an upstream error.
type watchedBody struct {
	io.ReadCloser
	mu  sync.Mutex
	err error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && !errors.Is(err, http.ErrBodyReadAfterClose) {
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
	}
	return n, err
}

func (b *watchedBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// lastBody is the body of the last response on its connection.
type lastBody struct {
	io.ReadCloser
	conn net.Conn
}

func (b *lastBody) Close() error {
	err := b.ReadCloser.Close()
	if b.conn != nil {
		_ = b.conn.Close() // nothing is lost: the body is read or given up
	}
	return err
}

var errIdle = errors.New("silent for too long")

// idleBody cancels the exchange when nothing was read or written for a while.
// It is an io.ReadWriteCloser for the sake of upgraded connections.
type idleBody struct {
	io.ReadCloser
	timer *time.Timer
	after time.Duration
}

func newIdleBody(b io.ReadCloser, after time.Duration, cancel context.CancelCauseFunc) io.ReadCloser {
	idle := idleBody{ReadCloser: b, after: after, timer: time.AfterFunc(after, func() { cancel(errIdle) })}
	if w, ok := b.(io.Writer); ok {
		return &idleStream{idleBody: idle, w: w}
	}
	return &idle
}

func (b *idleBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.timer.Reset(b.after)
	return n, err
}

func (b *idleBody) Close() error {
	b.timer.Stop()
	return b.ReadCloser.Close()
}

type idleStream struct {
	idleBody
	w io.Writer
}

func (s *idleStream) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.timer.Reset(s.after)
	return n, err
}

// CloseWrite passes a half-close on where the connection knows one.
func (s *idleStream) CloseWrite() error {
	if c, ok := s.w.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}
