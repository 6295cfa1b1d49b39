package live

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Conn is an exchange under way.
type Conn struct {
	Exchange
	registry *Registry
	id       sessionstore.ID
	person   identity.PersonHash
	ctx      context.Context // done when it is over or cut
	cancel   context.CancelCauseFunc
	session  atomic.Pointer[sessionstore.Session] // as loaded last
	touching atomic.Bool

	mu       sync.Mutex
	timer    *time.Timer
	over     bool
	looking  bool      // a look is under way
	again    bool      // and another is wanted after it
	doubt    time.Time // since when nobody could tell; zero: somebody can
	writer   http.ResponseWriter
	hijacked net.Conn
}

// Context ends when the exchange is cut, with the reason as its cause.
func (c *Conn) Context() context.Context { return c.ctx }

// Done says that the exchange is over.
func (c *Conn) Done() {
	p := c.registry.part(c)
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	c.mu.Lock()
	c.over = true
	c.timer.Stop()
	c.mu.Unlock()
	c.cancel(nil)
}

// Verify loads the session again, now that an end would be heard: what ended
// between the first look at it and [Registry.Begin] is found here. An error
// means that the exchange must not begin.
func (c *Conn) Verify(ctx context.Context) error {
	s, err := c.Ask(ctx, c.id)
	if err == nil {
		c.session.Store(s)
		return nil
	}
	if errors.Is(err, sessionstore.ErrNotFound) {
		return ErrEnded
	}
	return err
}

// cut ends the exchange. Whoever carries it out has a moment to say so; then its
// connection is closed, which also wakes who waits for a client that reads nothing.
func (c *Conn) cut(why error) {
	if c.ctx.Err() != nil {
		return
	}
	c.cancel(why)
	time.AfterFunc(linger, c.sever)
}

func (c *Conn) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
	case c.hijacked != nil:
		_ = c.hijacked.Close() // it was cut: nothing is lost
	default:
		_ = http.NewResponseController(c.writer).SetWriteDeadline(time.Now())
	}
}

// soon looks at the session now.
func (c *Conn) soon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.again = c.looking; !c.over && !c.looking && c.ctx.Err() == nil {
		c.timer.Reset(0)
	}
}

// unheard notes that ends may not have been heard since a moment.
func (c *Conn) unheard(since time.Time) {
	c.mu.Lock()
	if c.doubt.IsZero() {
		c.doubt = since
	}
	c.mu.Unlock()
	c.soon()
}

// look asks the store whether the session lives, and when to look again.
func (c *Conn) look() {
	c.mu.Lock()
	if c.over || c.looking {
		c.again = c.looking
		c.mu.Unlock()
		return
	}
	c.looking = true
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(c.ctx, askTime)
	s, err := c.Ask(ctx, c.id)
	cancel()
	c.mu.Lock()
	next := c.judge(s, err)
	c.looking = false
	if c.again {
		c.again, next = false, 0
	}
	if !c.over && c.ctx.Err() == nil {
		c.timer.Reset(next)
	}
	c.mu.Unlock()
}

// judge draws the consequence of what the store said and returns when to look
// again. The lock is held.
func (c *Conn) judge(s *sessionstore.Session, err error) time.Duration {
	now, b := c.registry.now(), c.id.Bucket()
	away := c.registry.feed.Away(b) > 0
	switch {
	case err == nil && s.Identity.Person.Hash() == c.person:
		c.session.Store(s)
		if c.doubt = (time.Time{}); away {
			c.doubt = now // an end from here on may not be heard
			return lookAgain
		}
		return min(max(s.End().Sub(now), lookLeast), lookMost)
	case err == nil || errors.Is(err, sessionstore.ErrNotFound):
		c.cut(ErrEnded)
	case c.doubt.IsZero() && away:
		c.doubt = c.registry.feed.Sure(b)
	case c.doubt.IsZero():
		c.doubt = now
	}
	if !c.doubt.IsZero() && (now.Sub(c.doubt) >= c.Patience || !now.Before(c.session.Load().End())) {
		c.cut(ErrLost)
	}
	return lookAgain
}

// Used notes that the person is there. It costs no round trip: what there is to
// write is written beside it.
func (c *Conn) Used() {
	s := c.session.Load()
	if !c.Active || !c.Sessions.Used(s) || !c.touching.CompareAndSwap(false, true) {
		return
	}
	go func() { // ends when its time does
		defer c.touching.Store(false)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), askTime)
		defer cancel()
		if err := c.Sessions.Touch(ctx, s); errors.Is(err, sessionstore.ErrNotFound) {
			c.soon()
		}
	}()
}

// writer learns of the connection when it is hijacked.
type writer struct {
	http.ResponseWriter
	c *Conn
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack hands the connection over.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.c.mu.Lock()
		w.c.hijacked = conn
		w.c.mu.Unlock()
	}
	return conn, rw, err
}
