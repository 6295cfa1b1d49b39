package live

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Why an exchange was cut.
var (
	ErrEnded = errors.New("the session ended meanwhile")
	ErrLost  = errors.New("the session store cannot tell whether the session still lives")
)

// Patience is how long an exchange goes on, at least, while the store is away.
const Patience = 10 * time.Second

const (
	lookFirst = time.Second // most exchanges are over by then
	lookAgain = time.Second // while the store cannot be relied on
	lookLeast = 20 * time.Millisecond
	lookMost  = time.Hour   // however far the end is
	askTime   = time.Second // for one answer of the store
	linger    = 1500 * time.Millisecond
)

// Sessions are used by what passes over an exchange.
type Sessions interface {
	// Used notes a use and reports whether Touch has something to write.
	Used(s *sessionstore.Session) (due bool)
	Touch(ctx context.Context, s *sessionstore.Session) error
}

// Registry knows the exchanges of one process.
type Registry struct {
	feed  *hot.Feed
	now   func() time.Time
	parts [sessionstore.Buckets]part
	stop  func()
}

type part struct {
	mu    sync.Mutex
	conns map[*Conn]struct{} // guarded by mu
}

// New returns a registry that hears what ends until [Registry.Close].
func New(feed *hot.Feed, now func() time.Time) *Registry {
	r := &Registry{feed: feed, now: now}
	for i := range r.parts {
		r.parts[i].conns = make(map[*Conn]struct{})
	}
	r.stop = feed.Listen(r.told)
	return r
}

// Close lets go of the feed. Exchanges go on until their timers look.
func (r *Registry) Close() { r.stop() }

// Exchange is one request on behalf of a session.
type Exchange struct {
	Session *sessionstore.Session
	// Ask loads the session from the store.
	Ask      func(context.Context, sessionstore.ID) (*sessionstore.Session, error)
	Sessions Sessions
	Patience time.Duration // how long it goes on while the store is away; at least [Patience]
	Active   bool          // what the client sends and takes keeps the session alive
}

// Begin registers an exchange. The caller hands its context to whoever carries
// the exchange out, and writes to the writer returned.
func (r *Registry) Begin(ctx context.Context, w http.ResponseWriter, e Exchange) (*Conn, http.ResponseWriter) {
	e.Patience = max(e.Patience, Patience)
	c := &Conn{Exchange: e, registry: r, id: e.Session.ID, person: e.Session.Identity.Person.Hash(), writer: w}
	c.session.Store(e.Session)
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	if b := c.id.Bucket(); r.feed.Away(b) > 0 {
		c.doubt = r.feed.Sure(b)
	}
	c.mu.Lock()
	c.timer = time.AfterFunc(lookFirst, c.look)
	c.mu.Unlock()
	p := r.part(c)
	p.mu.Lock()
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	return c, &writer{w, c}
}

func (r *Registry) part(c *Conn) *part { return &r.parts[c.id.Bucket()] }

// told hears the feed.
func (r *Registry) told(i sessionstore.Invalidation) {
	switch i.Scope {
	case sessionstore.ScopeSession:
		r.each(i.Bucket, func(c *Conn) bool { return c.id == i.ID }, cutEnded)
	case sessionstore.ScopePerson:
		r.each(i.Bucket, func(c *Conn) bool { return c.person == i.Person && !c.session.Load().Outlives(i) }, cutEnded)
	case sessionstore.ScopeBucket:
		r.each(i.Bucket, func(c *Conn) bool { return !c.session.Load().Outlives(i) }, cutEnded)
	case sessionstore.ScopeReview:
		r.each(i.Bucket, func(c *Conn) bool { return c.person == i.Person }, (*Conn).soon)
	case sessionstore.ScopeLost, sessionstore.ScopeBeat:
		for n := range r.parts {
			if b := sessionstore.Bucket(n); i.Buckets.Has(b) {
				sure := r.feed.Sure(b)
				r.each(b, everyone, func(c *Conn) { c.unheard(sure) })
			}
		}
	}
}

func everyone(*Conn) bool { return true }
func cutEnded(c *Conn)    { c.cut(ErrEnded) }

// each does something with the connections that match, outside the lock.
func (r *Registry) each(b sessionstore.Bucket, match func(*Conn) bool, do func(*Conn)) {
	p := &r.parts[b]
	var found []*Conn
	p.mu.Lock()
	for c := range p.conns {
		if match(c) {
			found = append(found, c)
		}
	}
	p.mu.Unlock()
	for _, c := range found {
		do(c)
	}
}

// Len returns how many exchanges are under way.
func (r *Registry) Len() (n int) {
	for i := range r.parts {
		r.parts[i].mu.Lock()
		n += len(r.parts[i].conns)
		r.parts[i].mu.Unlock()
	}
	return n
}
