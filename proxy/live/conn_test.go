package live_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

const ana identity.Person = "ana@example.com"

// bench is a registry over a store that can go away.
type bench struct {
	*testing.T
	store    *shaky
	registry *live.Registry
	sessions *sessionstore.Manager
}

func bubble(t *testing.T, run func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, store: &shaky{Store: embedded.New(time.Now)}}
		feed := hot.NewFeed(hot.FeedConfig{Store: b.store, Now: time.Now})
		b.registry = live.New(feed, time.Now)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { feed.Run(ctx); close(done) }() // ends by cancel
		t.Cleanup(func() { cancel(); <-done; b.registry.Close() })
		var err error
		b.sessions, err = sessionstore.NewManager(sessionstore.ManagerConfig{Store: b.store, Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}, Now: time.Now})
		b.must(err)
		synctest.Wait()
		run(b)
	})
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) signIn(p identity.Person, l sessionstore.Limits) *sessionstore.Session {
	b.Helper()
	epochs, err := b.sessions.Epochs(context.Background(), p)
	b.must(err)
	started, err := b.sessions.Start(context.Background(), sessionstore.Start{Identity: identity.Identity{Person: p}, Epochs: epochs, Limits: l})
	b.must(err)
	return started.Session
}

var long = sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour}

func (b *bench) begin(s *sessionstore.Session, change ...func(*live.Exchange)) *live.Conn {
	e := live.Exchange{Session: s, Ask: b.sessions.Get, Sessions: b.sessions, Active: true}
	for _, f := range change {
		f(&e)
	}
	c, _ := b.registry.Begin(context.Background(), httptest.NewRecorder(), e)
	b.Cleanup(c.Done)
	return c
}

// cut fails unless a connection was cut for this reason, nil for not at all.
func (b *bench) cut(c *live.Conn, want error) {
	b.Helper()
	synctest.Wait()
	if got := context.Cause(c.Context()); !errors.Is(got, want) {
		b.Errorf("cut: %v, want %v", got, want)
	}
}

// shaky is a store that goes away, with its watch.
type shaky struct {
	sessionstore.Store
	down  atomic.Bool
	asked atomic.Int64

	mu   sync.Mutex
	lost context.CancelFunc
	tell func(sessionstore.Invalidation) // of the watch
}

// repeat tells of an end once more, as a server does whose messages are late.
func (s *shaky) repeat(i sessionstore.Invalidation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(i)
}

func (s *shaky) leave() {
	s.down.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost()
}

// Watch is lost when the store goes, and beats while it is there.
func (s *shaky) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	if s.down.Load() {
		return sessionstore.ErrUnavailable
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var one sync.Mutex // told is called by one at a time
	s.mu.Lock()
	s.lost = cancel
	s.tell = func(i sessionstore.Invalidation) {
		one.Lock()
		defer one.Unlock()
		told(i)
	}
	tell := s.tell
	s.mu.Unlock()
	var beating sync.WaitGroup
	defer beating.Wait()
	beating.Go(func() { // ends by cancel
		for ctx.Err() == nil {
			tell(sessionstore.Invalidation{Scope: sessionstore.ScopeBeat, Buckets: sessionstore.AllBuckets(), Sent: time.Now()})
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
		}
	})
	return s.Store.Watch(ctx, func(i sessionstore.Invalidation) {
		if i.Scope != sessionstore.ScopeBeat {
			tell(i)
		}
	})
}

// Load counts.
func (s *shaky) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	s.asked.Add(1)
	if s.down.Load() {
		return sessionstore.Row{}, sessionstore.ErrUnavailable
	}
	return s.Store.Load(ctx, id)
}

// An end cuts those it is about, at once, and nobody else.
func TestEndsCut(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(*bench, *sessionstore.Session) error{
		"one": func(b *bench, s *sessionstore.Session) error {
			return b.sessions.End(ctx, s.ID, sessionstore.ReasonLogout)
		},
		"a person": func(b *bench, _ *sessionstore.Session) error {
			_, err := b.sessions.EndAll(ctx, ana, sessionstore.ReasonRole)
			return err
		},
		"a bucket": func(b *bench, s *sessionstore.Session) error {
			return b.store.EndBucket(ctx, s.ID.Bucket(), sessionstore.ReasonOperator)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bench) {
				s := b.signIn(ana, long)
				first, second, other := b.begin(s), b.begin(s), b.begin(b.signIn("bob@example.com", long))
				b.must(end(b, s))
				b.cut(first, live.ErrEnded)
				b.cut(second, live.ErrEnded)
				b.cut(other, nil)
				if n := b.registry.Len(); n != 3 {
					t.Errorf("%d exchanges", n)
				}
				first.Done()
				second.Done()
				other.Done()
				if n := b.registry.Len(); n != 0 {
					t.Errorf("%d exchanges after all", n)
				}
			})
		})
	}
}

// Word of an end of all that arrives late does not mean who signed in again since.
func TestEndsOfBefore(t *testing.T) {
	for name, late := range map[string]sessionstore.Invalidation{
		"a person": {Scope: sessionstore.ScopePerson, Person: ana.Hash(), Bucket: sessionstore.BucketOf(ana.Hash())},
		"a bucket": {Scope: sessionstore.ScopeBucket, Bucket: sessionstore.BucketOf(ana.Hash())},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bench) {
				ctx := context.Background()
				_, err := b.store.EndAll(ctx, ana.Hash(), sessionstore.ReasonRole)
				b.must(err)
				b.must(b.store.EndBucket(ctx, late.Bucket, sessionstore.ReasonOperator))
				again := b.begin(b.signIn(ana, long))
				for _, epoch := range []struct {
					number uint64
					want   error
				}{{1, nil}, {2, live.ErrEnded}} { // the second is still to come
					late.Epoch = epoch.number
					b.store.repeat(late)
					b.cut(again, epoch.want)
				}
				unknown := b.begin(b.signIn(ana, long))
				late.Epoch = 0
				b.store.repeat(late)
				b.cut(unknown, live.ErrEnded)
			})
		})
	}
}

// What ended between the first look at a session and the registration nobody
// tells of any more: it is looked at again.
func TestEndBeforeTheRegistration(t *testing.T) {
	bubble(t, func(b *bench) {
		s := b.signIn(ana, long)
		b.must(b.sessions.End(context.Background(), s.ID, sessionstore.ReasonLogout))
		synctest.Wait()
		c := b.begin(s)
		if err := c.Verify(context.Background()); !errors.Is(err, live.ErrEnded) {
			t.Errorf("verified: %v", err)
		}
		<-time.After(1100 * time.Millisecond)
		b.cut(c, live.ErrEnded)
	})
}

// A timer looks at the idle limit and the absolute end, and asks the store first:
// the person may be there in another window.
func TestTimer(t *testing.T) {
	bubble(t, func(b *bench) {
		idle := b.signIn(ana, sessionstore.Limits{Idle: 10 * time.Minute, Lifetime: time.Hour})
		used := b.signIn(ana, sessionstore.Limits{Idle: 10 * time.Minute, Lifetime: 25 * time.Minute})
		away, busy := b.begin(idle), b.begin(used)
		<-time.After(9 * time.Minute)
		b.must(b.store.Touch(context.Background(), used.ID, 0)) // by another replica
		<-time.After(time.Minute)
		b.cut(away, nil) // one interval of thirty seconds belongs to the limit
		<-time.After(31 * time.Second)
		b.cut(away, live.ErrEnded)
		b.cut(busy, nil)
		<-time.After(5 * time.Minute)
		b.must(b.store.Touch(context.Background(), used.ID, 0))
		<-time.After(9 * time.Minute)
		b.cut(busy, nil)
		<-time.After(time.Minute)
		b.cut(busy, live.ErrEnded) // its absolute end
		if n := b.store.asked.Load(); n > 12 {
			t.Errorf("asked %d times in 25 minutes", n)
		}
	})
}

// While the store is away connections stay for ten seconds, or the grace, and
// not longer; when it is back, each is looked at before anything else.
func TestStoreAway(t *testing.T) {
	for _, patience := range []time.Duration{0, time.Minute} {
		bubble(t, func(b *bench) {
			patient := func(e *live.Exchange) { e.Patience = patience }
			s := b.signIn(ana, long)
			c := b.begin(s, patient)
			<-time.After(5 * time.Minute)
			b.store.leave()
			late := max(patience, live.Patience) + hot.Lease
			<-time.After(late - 1100*time.Millisecond)
			b.cut(c, nil)
			<-time.After(2200 * time.Millisecond)
			b.cut(c, live.ErrLost)
		})
		bubble(t, func(b *bench) {
			stays, ends := b.signIn(ana, long), b.signIn("bob@example.com", long)
			c, gone := b.begin(stays), b.begin(ends)
			<-time.After(time.Minute)
			b.store.leave()
			_, err := b.store.Store.End(context.Background(), ends.ID, sessionstore.ReasonOperator) // nobody hears of it
			b.must(err)
			<-time.After(5 * time.Second)
			b.cut(gone, nil)
			b.store.down.Store(false)
			<-time.After(1100 * time.Millisecond) // for the watch to try again
			b.cut(c, nil)
			b.cut(gone, live.ErrEnded)
			<-time.After(time.Minute)
			b.cut(c, nil)
		})
	}
}

// A watch that cannot be had while the store answers is made up for by asking.
func TestUnwatched(t *testing.T) {
	bubble(t, func(b *bench) {
		s := b.signIn(ana, long)
		c := b.begin(s)
		<-time.After(time.Minute)
		b.store.leave()
		deaf := b.store.Store // answers, but is not watched
		c2 := b.begin(s, func(e *live.Exchange) {
			e.Ask = func(ctx context.Context, id sessionstore.ID) (*sessionstore.Session, error) {
				if _, err := deaf.Load(ctx, id); err != nil {
					return nil, err
				}
				return s, nil
			}
		})
		<-time.After(5 * time.Minute)
		b.cut(c, live.ErrLost)
		b.cut(c2, nil)
		_, err := deaf.End(context.Background(), s.ID, sessionstore.ReasonLogout)
		b.must(err)
		<-time.After(1100 * time.Millisecond)
		b.cut(c2, live.ErrEnded)
	})
}

// What the client does keeps its session alive where the route says so.
func TestActivity(t *testing.T) {
	for _, active := range []bool{true, false} {
		bubble(t, func(b *bench) {
			s := b.signIn(ana, sessionstore.Limits{Idle: 10 * time.Minute, Lifetime: 12 * time.Hour})
			c := b.begin(s, func(e *live.Exchange) { e.Active = active })
			for range 60 {
				<-time.After(30 * time.Second)
				c.Used()
			}
			if active {
				b.cut(c, nil)
			} else {
				b.cut(c, live.ErrEnded)
			}
		})
	}
}
