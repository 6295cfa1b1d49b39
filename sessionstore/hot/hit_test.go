package hot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

const ana identity.Person = "ana@example.com"

// house is a gateway's part of this: a feed over a store, sessions, a cache.
type house struct {
	testing.TB
	feed     *hot.Feed
	cache    *hot.Cache
	sessions *sessionstore.Manager
	store    sessionstore.Store
}

// newHouse runs until the test ends. change may put something before the store.
func newHouse(t testing.TB, store sessionstore.Store, change ...func(*hot.Config)) *house {
	t.Helper()
	h := &house{TB: t, store: store}
	h.feed = hot.NewFeed(hot.FeedConfig{Store: store, Now: time.Now})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { h.feed.Run(ctx); close(done) }() // ends by cancel
	t.Cleanup(func() { cancel(); <-done })
	h.sessions = manager(t, h.feed.Own(store))
	c := hot.Config{Feed: h.feed, Load: h.sessions.Get, Bytes: 1 << 20}
	for _, f := range change {
		f(&c)
	}
	h.cache = hot.New(c)
	h.fresh()
	return h
}

func manager(t testing.TB, store sessionstore.Store) *sessionstore.Manager {
	t.Helper()
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{Store: store, Keys: [][]byte{key}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fresh waits until the feed can be relied on.
func (h *house) fresh() {
	h.Helper()
	for deadline := time.Now().Add(10 * time.Second); h.feed.Away(0) > 0; {
		if time.Now().After(deadline) {
			h.Fatal("no beat")
		}
		<-time.After(time.Millisecond)
	}
}

// signIn starts a session and returns it with its cookie.
func (h *house) signIn(p identity.Person, limits ...sessionstore.Limits) (*sessionstore.Session, hot.Key) {
	h.Helper()
	s := start(h, h.sessions, p, limits...)
	return s, keyOf(s.ID)
}

func start(t testing.TB, m *sessionstore.Manager, p identity.Person, limits ...sessionstore.Limits) *sessionstore.Session {
	t.Helper()
	s, err := tryStart(m, p, limits...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryStart(m *sessionstore.Manager, p identity.Person, limits ...sessionstore.Limits) (*sessionstore.Session, error) {
	epochs, err := m.Epochs(context.Background(), p)
	if err != nil {
		return nil, err
	}
	l := sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour}
	for _, l = range limits {
	}
	started, err := m.Start(context.Background(), sessionstore.Start{Identity: identity.Identity{IDP: "corp", Person: p, Email: identity.Email(p), Roles: []string{"staff"}}, Epochs: epochs, Limits: l})
	return started.Session, err
}

// keyOf is a cookie as long as a real one.
func keyOf(id sessionstore.ID) hot.Key {
	return hot.Key{Host: "wiki.example.com", Cookie: strings.Repeat("x", 140) + string(id)}
}

// opens is what a cookie jar says.
func opens(id sessionstore.ID) func() (hot.Opened, bool) {
	return func() (hot.Opened, bool) { return hot.Opened{ID: id}, true }
}

func (h *house) get(k hot.Key, id sessionstore.ID) (hot.Found, error) {
	return h.cache.Get(context.Background(), time.Now(), k, opens(id))
}

// served fails unless the session is served, from memory where hit.
func (h *house) served(k hot.Key, id sessionstore.ID, hit bool) {
	h.Helper()
	before := h.cache.Stats()
	found, err := h.get(k, id)
	if err != nil || found.Session.ID != id {
		h.Fatalf("%v, %v", found, err)
	}
	if after := h.cache.Stats(); (after.Hits > before.Hits) != hit {
		h.Errorf("hit: %v, want %v", !hit, hit)
	}
}

// A lookup on a hit costs no garbage, opening of the cookie that it skips included.
func TestHitAllocatesNothing(t *testing.T) {
	h := newHouse(t, embedded.New(time.Now))
	s, k := h.signIn(ana)
	h.served(k, s.ID, false)
	h.served(k, s.ID, true)
	ctx, id, now := context.Background(), s.ID, time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		_, _ = h.cache.Get(ctx, now, k, func() (hot.Opened, bool) { return hot.Opened{ID: id}, true })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkHit compares a hit with a bare map lookup of the same key; "ratio" is
// the one over the other, which may be 3 at most.
func BenchmarkHit(b *testing.B) {
	h := newHouse(b, embedded.New(time.Now), func(c *hot.Config) { c.Bytes = 64 << 20 })
	bare := make(map[hot.Key]*sessionstore.Session)
	var k hot.Key
	var id sessionstore.ID
	for range 1000 {
		s, key := h.signIn(ana)
		k, id, bare[key] = key, s.ID, s
		_, _ = h.get(key, id)
	}
	ctx, open := context.Background(), opens(id)
	lookups, hits := time.Hour, time.Hour // of one batch, the fastest: the machine may be busy
	const batch = 1000
	for b.Loop() {
		began := time.Now()
		now := began
		for range batch {
			if bare[k] == nil {
				b.Fatal("lost")
			}
		}
		middle := time.Now()
		for range batch {
			if _, err := h.cache.Get(ctx, now, k, open); err != nil {
				b.Fatal(err)
			}
		}
		lookups, hits = min(lookups, middle.Sub(began)), min(hits, time.Since(middle))
	}
	b.ReportMetric(float64(lookups)/batch, "ns/bare")
	b.ReportMetric(float64(hits)/batch, "ns/hit")
	b.ReportMetric(float64(hits)/float64(lookups), "ratio")
}
