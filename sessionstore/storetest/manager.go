package storetest

import (
	"bytes"
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// secret returns a key that is as good as random; the same n is the same key.
func secret(n byte) []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)*7 + n
	}
	return key
}

// ends collects what OnEnd is told.
type ends struct {
	mu  sync.Mutex
	all []sessionstore.Ended
}

func (e *ends) add(_ context.Context, one sessionstore.Ended) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, one)
}

// manager returns a manager over store, by default the one of the case.
func (b *bench) manager(change ...func(*sessionstore.ManagerConfig)) *sessionstore.Manager {
	b.Helper()
	config := sessionstore.ManagerConfig{Store: b.Store, Keys: [][]byte{secret(1)}, Now: b.Now}
	for _, f := range change {
		f(&config)
	}
	m, err := sessionstore.NewManager(config)
	b.must(err)
	return m
}

func over(store sessionstore.Store) func(*sessionstore.ManagerConfig) {
	return func(c *sessionstore.ManagerConfig) { c.Store = store }
}

func keys(numbers ...byte) func(*sessionstore.ManagerConfig) {
	return func(c *sessionstore.ManagerConfig) {
		c.Keys = nil
		for _, n := range numbers {
			c.Keys = append(c.Keys, secret(n))
		}
	}
}

func tells(e *ends) func(*sessionstore.ManagerConfig) {
	return func(c *sessionstore.ManagerConfig) { c.OnEnd = e.add }
}

// signIn returns what a sign-in of p brings along.
func (b *bench) signIn(m *sessionstore.Manager, p identity.Person, change ...func(*sessionstore.Start)) sessionstore.Start {
	b.Helper()
	epochs, err := m.Epochs(b.ctx(), p)
	b.must(err)
	s := sessionstore.Start{
		Identity: identity.Identity{IDP: "corp", Person: p, FirstName: "Ana", Roles: []string{"a", "b"}, NameID: identity.NameID{Value: "n", Format: "f"},
			Attributes: map[string][]string{"team": {"x"}}, Authn: identity.Authn{Instant: time.Unix(1700000000, 0).UTC(), SessionIndex: "i"}},
		Client: sessionstore.Client{Addr: "192.0.2.1", Agent: "Firefox on Linux"},
		Epochs: epochs,
		Limits: sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func (b *bench) start(m *sessionstore.Manager, p identity.Person, change ...func(*sessionstore.Start)) *sessionstore.Session {
	b.Helper()
	started, err := m.Start(b.ctx(), b.signIn(m, p, change...))
	b.must(err)
	return started.Session
}

func managerCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"what started is what is found": func(b *bench) {
			m := b.manager()
			in := b.signIn(m, person(1))
			started, err := m.Start(b.ctx(), in)
			b.must(err)
			s, err := m.Get(b.ctx(), started.Session.ID)
			b.must(err)
			if !reflect.DeepEqual(s.Identity, in.Identity) || s.Client != in.Client || s.Idle != time.Hour {
				b.Errorf("put %+v, got %+v", in, s)
			}
			if off := s.Expires.Sub(b.Now().Add(12 * time.Hour)).Abs(); off > 2*time.Second {
				b.Errorf("the end is off by %v", off)
			}
			list, err := m.List(b.ctx(), person(1))
			if err != nil || len(list) != 1 || list[0].ID != s.ID {
				b.Errorf("listed %v, %v", list, err)
			}
		},
		"every end is told once": func(b *bench) {
			var told ends
			m := b.manager(tells(&told))
			one := func(s *sessionstore.Start) { s.Limits.MaxConcurrent = 1 }
			first := b.start(m, person(1), one)
			second := b.start(m, person(1), one)
			third := b.start(m, person(1), func(s *sessionstore.Start) { s.Replaces = second.ID })
			b.must(m.End(b.ctx(), third.ID, sessionstore.ReasonLogout))
			b.must(m.End(b.ctx(), third.ID, sessionstore.ReasonLogout))
			fourth := b.start(m, person(1))
			if n, err := m.EndAll(b.ctx(), person(1), sessionstore.ReasonRole); n != 1 || err != nil {
				b.Errorf("ended %d, %v", n, err)
			}
			want := []sessionstore.Ended{{ID: first.ID, Reason: sessionstore.ReasonEvicted}, {ID: second.ID, Reason: sessionstore.ReasonReplaced},
				{ID: third.ID, Reason: sessionstore.ReasonLogout}, {ID: fourth.ID, Reason: sessionstore.ReasonRole}}
			if len(told.all) != len(want) {
				b.Fatalf("told %v, want %v", told.all, want)
			}
			for i, e := range told.all {
				if e.ID != want[i].ID || e.Reason != want[i].Reason || e.Session.Identity.Person != person(1) {
					b.Errorf("told %+v, want %+v", e, want[i])
				}
			}
		},
		"a browser changes person across buckets": func(b *bench) {
			m := b.manager()
			before := b.start(m, neighbour(person(1), false))
			started, err := m.Start(b.ctx(), b.signIn(m, person(1), func(s *sessionstore.Start) { s.Replaces = before.ID }))
			b.must(err)
			if len(started.Evicted) != 1 || started.Evicted[0].ID != before.ID || started.Evicted[0].Reason != sessionstore.ReasonReplaced {
				b.Errorf("evicted %+v", started.Evicted)
			}
			b.gone(before.ID)
			b.alive(started.Session.ID)
		},
		"SessionNotOnOrAfter caps the life": func(b *bench) {
			m := b.manager()
			until := func(d time.Duration) func(*sessionstore.Start) {
				return func(s *sessionstore.Start) { s.Identity.Authn.NotOnOrAfter = b.Now().Add(d) }
			}
			s := b.start(m, person(1), until(1500*time.Millisecond))
			b.Advance(1600 * time.Millisecond)
			b.gone(s.ID)
			_, err := m.Start(b.ctx(), b.signIn(m, person(1), until(0)))
			b.refused(err, sessionstore.ErrOver)
			if s := b.start(m, person(1), until(100*time.Hour)); s.Expires.After(b.Now().Add(12 * time.Hour)) {
				b.Error("the identity provider lengthened a session")
			}
		},
		"epochs must be read, and of this person": func(b *bench) {
			m := b.manager()
			_, err := m.Start(b.ctx(), b.signIn(m, person(1), func(s *sessionstore.Start) { s.Epochs = sessionstore.Epochs{} }))
			b.refused(err, sessionstore.ErrEpochMoved)
			other := b.signIn(m, person(2))
			_, err = m.Start(b.ctx(), b.signIn(m, person(1), func(s *sessionstore.Start) { s.Epochs = other.Epochs }))
			b.refused(err, sessionstore.ErrEpochMoved)
			late := b.signIn(m, person(1))
			b.must(m.EndEverything(b.ctx(), sessionstore.ReasonOperator))
			_, err = m.Start(b.ctx(), late)
			b.refused(err, sessionstore.ErrEpochMoved)
		},
		"used within its idle time it is never lost": neverLost,
		"touch writes once in an interval": func(b *bench) {
			store := &meddler{Store: b.Store}
			m := b.manager(over(store))
			s := b.start(m, person(1), func(s *sessionstore.Start) { s.Limits.Idle = 10 * time.Second })
			touches := func(want int) {
				b.Helper()
				for range 5 {
					b.must(m.Touch(b.ctx(), s))
				}
				if store.touched != want {
					b.Errorf("%d writes, want %d", store.touched, want)
				}
			}
			touches(0)
			b.Advance(600 * time.Millisecond) // idle/20 is half a second
			touches(1)
		},
		"a change of person that fails leaves no session": func(b *bench) {
			store := &meddler{Store: b.Store}
			m := b.manager(over(store))
			before := b.start(m, neighbour(person(1), false))
			in := b.signIn(m, person(1), func(s *sessionstore.Start) { s.Replaces = before.ID })
			store.failing = 1
			_, err := m.Start(b.ctx(), in)
			b.refused(err, sessionstore.ErrUnavailable)
			b.listed(person(1))
			b.alive(before.ID)
		},
		"a touch that fails is tried again": func(b *bench) {
			store, later := &meddler{Store: b.Store, failing: 1}, time.Duration(0)
			m := b.manager(over(store), func(c *sessionstore.ManagerConfig) {
				c.Now = func() time.Time { later += time.Second; return b.Now().Add(later) }
			})
			s := b.start(m, person(1))
			later = time.Minute
			b.refused(m.Touch(b.ctx(), s), sessionstore.ErrUnavailable)
			b.must(m.Touch(b.ctx(), s))
			if store.touched != 2 || store.ago < time.Second { // the clock went on by one before the store was asked
				b.Errorf("%d writes, the last of a use %v ago", store.touched, store.ago)
			}
		},
		"a clock that is set back loses no session": func(b *bench) {
			store, back := &meddler{Store: b.Store}, time.Duration(0)
			m := b.manager(over(store), func(c *sessionstore.ManagerConfig) { c.Now = func() time.Time { return b.Now().Add(-back) } })
			s := b.start(m, person(1))
			back = time.Hour
			for range 3 {
				b.must(m.Touch(b.ctx(), s))
			}
			if store.touched != 1 {
				b.Errorf("%d writes, want 1", store.touched)
			}
			if _, err := m.Get(b.ctx(), s.ID); err != nil {
				b.Error(err)
			}
		},
		"single-use tokens": func(b *bench) {
			m, other := b.manager(), b.manager()
			b.must(m.PutOnce(b.ctx(), "handover", "code", []byte("value"), time.Minute))
			_, err := m.TakeOnce(b.ctx(), "limit", "code")
			b.refused(err, sessionstore.ErrNotFound)
			_, err = m.TakeOnce(b.ctx(), "handove", "rcode")
			b.refused(err, sessionstore.ErrNotFound)
			if value, err := other.TakeOnce(b.ctx(), "handover", "code"); err != nil || !bytes.Equal(value, []byte("value")) {
				b.Errorf("took %q, %v", value, err)
			}
			_, err = m.TakeOnce(b.ctx(), "handover", "code")
			b.refused(err, sessionstore.ErrNotFound)
		},
		"a claim counts once": func(b *bench) {
			m := b.manager()
			claims := func(key string, until time.Time, want bool) {
				b.Helper()
				if got, err := m.Claim(b.ctx(), key, until); err != nil || got != want {
					b.Errorf("claim of %s: %v, %v; want %v", key, got, err, want)
				}
			}
			claims("one", b.Now().Add(time.Minute), true)
			claims("one", b.Now().Add(time.Minute), false)
			claims("two", b.Now(), false)
			claims("two", b.Now().Add(time.Minute), true)
		},
	}
}

// neverLost uses a session on two replicas, each time just within an idle
// limit after the last use, and once within an interval of a recorded use.
func neverLost(b *bench) {
	const limit = 2 * time.Second
	replicas := []*sessionstore.Manager{b.manager(), b.manager()}
	id := b.start(replicas[0], person(1), func(s *sessionstore.Start) { s.Limits.Idle = limit }).ID
	interval := sessionstore.Interval(limit)
	nearly := limit - time.Millisecond - b.Slack
	// The first falls into the interval of the start and is not written.
	for i, pause := range []time.Duration{interval - 2*time.Millisecond, nearly, interval / 3, nearly, 3 * interval, nearly} {
		b.Advance(pause)
		m := replicas[i%2]
		s, err := m.Get(b.ctx(), id)
		if err != nil {
			b.Fatalf("use %d, %v after the one before: %v", i, pause, err)
		}
		b.must(m.Touch(b.ctx(), s))
	}
	b.Advance(limit + interval + 10*time.Millisecond)
	b.gone(id)
}
