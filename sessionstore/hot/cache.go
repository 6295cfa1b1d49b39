package hot

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// How old a copy may be.
const (
	renewAfter = 10 * time.Second // then it is renewed in the background, give or take
	renewSpan  = 2 * time.Second  // so much earlier, so that those read together are not renewed together
	renewAgain = time.Second      // when that failed
	waitAfter  = 20 * time.Second // then the store must be asked first
	openAfter  = 10 * time.Minute // then the cookie is opened again, which has an age of its own
)

// Config is what a [Cache] works with.
type Config struct {
	Feed *Feed
	// Load asks the store: sessionstore.Manager.Get.
	Load func(context.Context, sessionstore.ID) (*sessionstore.Session, error)
	// Bytes bounds the memory that copies take, as well as can be estimated. With
	// 0 there are none, and everybody asks the store.
	Bytes int64
	// Grace is for how long copies that were valid when the store went away may
	// be served on; 0 is not at all.
	Grace time.Duration
}

// Key is what a browser brings: the canonical host, since a cookie is sealed for
// one, and the cookie as it came.
type Key struct{ Host, Cookie string }

// Opened is what is sealed in a cookie.
type Opened struct {
	ID    sessionstore.ID
	First bool // a mark that goes with the cookie
}

// Found is a live session and the mark of its cookie.
type Found struct {
	Session *sessionstore.Session
	First   bool
}

// Cache is the memory of the sessions in use under one configuration: its keys,
// its limits. It may be used from any goroutine.
type Cache struct {
	Config
	shards []shard
	ids    [sessionstore.Buckets]index
	stop   func()
	closed atomic.Bool

	misses, suspended, graced atomic.Uint64

	places  chan struct{} // one for each flight under way
	mu      sync.Mutex
	flights map[sessionstore.ID]*flight // guarded by mu: the one to join
}

// New returns an empty cache that hears c.Feed until [Cache.Close].
func New(c Config) *Cache {
	cache := &Cache{Config: c, places: make(chan struct{}, flightsMost), flights: make(map[sessionstore.ID]*flight)}
	cache.shards = newShards(c.Bytes)
	for i := range cache.ids {
		cache.ids[i].slots = make(map[sessionstore.ID]*slot)
	}
	cache.stop = c.Feed.Listen(cache.told)
	return cache
}

// Close lets go of the feed. A cache that hears nothing serves nothing.
func (c *Cache) Close() {
	c.closed.Store(true)
	c.stop()
	for b := range c.ids {
		c.drop(sessionstore.Bucket(b), everything)
	}
}

// Get returns the live session whose cookie is under k, as it was at this
// moment or, from a copy, as it cannot have ended more than [Lease] ago. open
// opens the cookie; it is called only where k is not known, and for a cookie
// that does not open the answer is [sessionstore.ErrNotFound], which is never
// remembered. Other errors are those of Load; when too many ask at once it is
// [sessionstore.ErrUnavailable] after a second.
//
// now is the time: a request has looked at its clock when it came in, which takes
// longer than all the rest here, and what is true then is true of it. It must
// not be older than that, such as from before a body was read.
//
// A hit allocates nothing. Callers share the session.
func (c *Cache) Get(ctx context.Context, now time.Time, k Key, open func() (Opened, bool)) (Found, error) {
	sh := c.shard(k)
	s := sh.find(k)
	if s == nil {
		return c.miss(ctx, sh, k, open)
	}
	at := now.Sub(c.Feed.began)
	if v := s.value.Load(); v != nil && c.serves(s, v, at) {
		if int64(at) >= v.renew.Load() {
			c.renew(ctx, s, v)
		}
		s.touch(at)
		sh.hits.Add(1)
		return Found{v.session, s.first}, nil
	}
	return c.missKnown(ctx, sh, s, open)
}

// serves reports whether a copy is as good as the store.
func (c *Cache) serves(s *slot, v *value, at time.Duration) bool {
	return c.Feed.lane(s.bucket).fresh(v.mark.round, at) && at < v.wait && at-s.opened < openAfter &&
		(int64(at) < v.end.Load() || c.lives(v, at)) && !c.closed.Load()
}

// lives looks whether a session was used since its end was noted last.
func (c *Cache) lives(v *value, at time.Duration) bool {
	end := v.session.End().Sub(c.Feed.began)
	v.end.Store(int64(end))
	return at < end
}

// miss asks the store.
func (c *Cache) miss(ctx context.Context, sh *shard, k Key, open func() (Opened, bool)) (Found, error) {
	opened, ok := open()
	if !ok {
		return Found{}, sessionstore.ErrNotFound
	}
	c.misses.Add(1)
	f, err := c.load(ctx, opened.ID)
	if err == nil {
		err = f.err
	}
	if err != nil {
		return Found{}, err
	}
	c.put(sh, k, opened, f)
	return Found{f.session, opened.First}, nil
}

// missKnown asks the store about a copy that may not be served. While the store
// is away, one that was valid then goes on under Grace.
func (c *Cache) missKnown(ctx context.Context, sh *shard, s *slot, open func() (Opened, bool)) (Found, error) {
	v := s.value.Load()
	if v != nil && !c.Feed.lane(s.bucket).fresh(v.mark.round, c.Feed.elapsed()) {
		c.suspended.Add(1)
	}
	found, err := c.miss(ctx, sh, s.key, open)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		c.forget(s)
	case errors.Is(err, sessionstore.ErrUnavailable) && v != nil && s.value.Load() == v && c.graces(s.bucket, v):
		c.graced.Add(1)
		return Found{v.session, s.first}, nil
	}
	return found, err
}

// graces reports whether a copy goes on although the store is away: it could be
// served until then, and is neither idle nor over.
func (c *Cache) graces(b sessionstore.Bucket, v *value) bool {
	l, at := c.Feed.lane(b), c.Feed.elapsed()
	sent := time.Duration(l.sent.Load())
	return c.Grace > 0 && l.proven.Load() == v.mark.round && sent < v.wait && at-sent < Lease+c.Grace && c.lives(v, at)
}

// Tolerates reports whether a session that was just found goes on although err
// kept its use from being noted: under Grace a store that is away does not end it.
func (c *Cache) Tolerates(err error, s *sessionstore.Session) bool {
	return c.Grace > 0 && errors.Is(err, sessionstore.ErrUnavailable) && c.Feed.Away(s.ID.Bucket()) < c.Grace
}

// told removes what has ended, and what was read before the watch was lost and
// cannot go on under Grace any more.
func (c *Cache) told(i sessionstore.Invalidation) {
	switch i.Scope {
	case sessionstore.ScopeSession:
		c.dropID(i.ID)
	case sessionstore.ScopePerson, sessionstore.ScopeReview:
		c.drop(i.Bucket, func(s *slot) bool { return s.person == i.Person })
	case sessionstore.ScopeBucket:
		c.drop(i.Bucket, everything)
	case sessionstore.ScopeBeat: // the first of its round
		c.dropBefore(i.Buckets)
	case sessionstore.ScopeLost:
		if c.Grace == 0 {
			c.dropBefore(i.Buckets)
		}
	}
}

// dropBefore removes what was read in another round than this.
func (c *Cache) dropBefore(buckets sessionstore.BucketSet) {
	for n := range c.ids {
		if b := sessionstore.Bucket(n); buckets.Has(b) {
			round := c.Feed.lane(b).round.Load()
			c.drop(b, func(s *slot) bool { v := s.value.Load(); return v == nil || v.mark.round != round })
		}
	}
}

func everything(*slot) bool { return true }
