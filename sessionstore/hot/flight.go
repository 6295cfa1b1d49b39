package hot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

const (
	flightsMost = 64          // loads under way at once
	patience    = time.Second // that a request has for its load
)

var errBusy = fmt.Errorf("%w: it took too long", sessionstore.ErrUnavailable)

// flight is one load, which all who ask for the session meanwhile share.
type flight struct {
	done    chan struct{} // closed when session and err are there
	mark    mark          // of before the store was asked
	asked   time.Duration
	session *sessionstore.Session
	err     error
}

// load asks the store for id, or waits for somebody who has just asked. Nobody
// joins a flight that was begun before something ended in its bucket: it may
// bring what is no longer true, to somebody who comes after the end.
func (c *Cache) load(ctx context.Context, id sessionstore.ID) (*flight, error) {
	now := c.Feed.lane(id.Bucket()).mark()
	c.mu.Lock()
	f := c.flights[id]
	if f == nil || f.mark != now {
		f = &flight{done: make(chan struct{}), mark: now, asked: c.Feed.elapsed()}
		c.flights[id] = f
		go c.fly(context.WithoutCancel(ctx), id, f) // ends when its patience does
	}
	c.mu.Unlock()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-f.done:
		return f, nil
	case <-late.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", sessionstore.ErrUnavailable, ctx.Err())
	}
}

// Ask asks the store for a session, together with all who ask for it just now.
// Whoever must hear of every end listens to the feed before.
func (c *Cache) Ask(ctx context.Context, id sessionstore.ID) (*sessionstore.Session, error) {
	f, err := c.load(ctx, id)
	if err != nil {
		return nil, err
	}
	return f.session, f.err
}

func (c *Cache) fly(ctx context.Context, id sessionstore.ID, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f.session, f.err = c.ask(ctx, id)
	c.mu.Lock()
	if c.flights[id] == f {
		delete(c.flights, id)
	}
	c.mu.Unlock()
	close(f.done)
}

func (c *Cache) ask(ctx context.Context, id sessionstore.ID) (*sessionstore.Session, error) {
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return nil, errBusy
	}
	defer func() { <-c.places }()
	return c.Load(ctx, id)
}

// put keeps what a flight brought, if nothing has happened meanwhile.
func (c *Cache) put(sh *shard, k Key, o Opened, f *flight) {
	if c.Bytes <= 0 || !c.Feed.lane(o.ID.Bucket()).holds(f.mark) {
		return
	}
	// Copies: the strings of a request would keep all its headers in memory.
	k = Key{strings.Clone(k.Host), strings.Clone(k.Cookie)}
	s := &slot{key: k, id: o.ID, person: f.session.Identity.Person.Hash(), bucket: o.ID.Bucket(), first: o.First, size: sizeOf(k, f.session), opened: f.asked}
	if s.size > sh.most {
		return
	}
	s.seen.Store(int64(f.asked))
	s.value.Store(c.value(f))
	if !c.ids[s.bucket].add(s, c.Feed.lane(s.bucket), f.mark) {
		return
	}
	for _, gone := range sh.add(s) {
		c.ids[gone.bucket].remove(gone.id, func(other *slot) bool { return other == gone })
	}
	if s.value.Load() == nil { // ended between the two
		sh.remove(s)
	}
}

func (c *Cache) value(f *flight) *value {
	v := &value{session: f.session, mark: f.mark, wait: f.asked + waitAfter}
	v.end.Store(int64(f.session.End().Sub(c.Feed.began)))
	v.renew.Store(int64(f.asked + renewAfter - rand.N(renewSpan)))
	return v
}

// renew reads a copy anew while it is served on. One goroutine does it.
func (c *Cache) renew(ctx context.Context, s *slot, v *value) {
	if !v.renewing.CompareAndSwap(false, true) {
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() { // ends when its patience does
		f, err := c.load(ctx, s.id)
		if err == nil {
			err = f.err
		}
		switch {
		case err == nil && f.session.Identity.Person.Hash() == s.person && c.ids[s.bucket].replace(s, v, c.value(f), c.Feed.lane(s.bucket)):
			return
		case errors.Is(err, sessionstore.ErrNotFound):
			c.forget(s)
			return
		}
		v.renew.Store(int64(c.Feed.elapsed() + renewAgain))
		v.renewing.Store(false)
	}()
}

func (c *Cache) forget(s *slot) {
	c.remove(c.ids[s.bucket].remove(s.id, func(other *slot) bool { return other == s }))
}

// Forget drops what is remembered of a session, as when somebody else found that
// it has ended.
func (c *Cache) Forget(id sessionstore.ID) { c.dropID(id) }

func (c *Cache) dropID(id sessionstore.ID) {
	c.remove(c.ids[id.Bucket()].remove(id, everything))
}

func (c *Cache) drop(b sessionstore.Bucket, match func(*slot) bool) {
	c.remove(c.ids[b].removeAll(match))
}

func (c *Cache) remove(gone []*slot) {
	for _, s := range gone {
		c.shard(s.key).remove(s)
	}
}

// Stats are the figures of a cache.
type Stats struct {
	Hits, Misses uint64
	Suspended    uint64 // lookups of a copy that could not be relied on
	Graced       uint64 // of them, those that were served all the same
	Entries      int
	Bytes        int64
}

// Stats returns the figures of now.
func (c *Cache) Stats() Stats {
	s := Stats{Misses: c.misses.Load(), Suspended: c.suspended.Load(), Graced: c.graced.Load()}
	for i := range c.shards {
		sh := &c.shards[i]
		s.Hits += sh.hits.Load()
		sh.mu.RLock()
		s.Entries += len(sh.slots)
		s.Bytes += sh.bytes
		sh.mu.RUnlock()
	}
	return s
}
