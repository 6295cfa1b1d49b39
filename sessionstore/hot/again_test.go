package hot_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// pair is a master and its replica, which gets what is created at once and never
// what ends: the worst that a failover can lose.
type pair struct {
	sessionstore.Store // the master at first
	replica            sessionstore.Store
	failed             atomic.Bool
}

func (p *pair) now() sessionstore.Store {
	if p.failed.Load() {
		return p.replica
	}
	return p.Store
}

func (p *pair) Epochs(ctx context.Context, h identity.PersonHash) (sessionstore.Epochs, error) {
	return p.now().Epochs(ctx, h)
}

func (p *pair) Create(ctx context.Context, c sessionstore.Create) (sessionstore.Created, error) {
	created, err := p.now().Create(ctx, c)
	if !p.failed.Load() {
		_, lost := p.replica.Create(ctx, c)
		err = errors.Join(err, lost)
	}
	return created, err
}

func (p *pair) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	return p.now().Load(ctx, id)
}

func (p *pair) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	return p.now().End(ctx, id, why)
}

func (p *pair) EndAll(ctx context.Context, h identity.PersonHash, why sessionstore.Reason) ([]sessionstore.Row, error) {
	return p.now().EndAll(ctx, h, why)
}

func (p *pair) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) error {
	return p.now().EndBucket(ctx, b, why)
}

func (p *pair) List(ctx context.Context, h identity.PersonHash) ([]sessionstore.Row, error) {
	return p.now().List(ctx, h)
}

func (p *pair) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	origin := "master"
	if p.failed.Load() {
		origin = "replica"
	}
	return p.now().Watch(ctx, func(i sessionstore.Invalidation) {
		if i.Scope == sessionstore.ScopeReady {
			i.Origin = origin
		}
		told(i)
	})
}

// failover runs a case in which ends are made, the master fails and its replica
// takes over.
func failover(t *testing.T, run func(h *house, p *pair, over func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &pair{Store: embedded.New(time.Now), replica: embedded.New(time.Now)}
		w := &wire{Store: p}
		h := newHouse(t, w)
		run(h, p, func() {
			p.failed.Store(true)
			w.lose()
			later(3 * time.Second)
			h.fresh()
		})
	})
}

// What was acknowledged and lost by the failover of a master ends again, whoever
// made it; what ended by nobody's word lives on.
func TestEndsSurviveAFailover(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(*house, *pair, *sessionstore.Session) error{
		"one, here": func(h *house, _ *pair, s *sessionstore.Session) error {
			return h.sessions.End(ctx, s.ID, sessionstore.ReasonLogout)
		},
		"one, elsewhere": func(_ *house, p *pair, s *sessionstore.Session) error {
			_, err := p.End(ctx, s.ID, sessionstore.ReasonLogout)
			return err
		},
		"a person": func(_ *house, p *pair, _ *sessionstore.Session) error {
			_, err := p.EndAll(ctx, ana.Hash(), sessionstore.ReasonDeactivated)
			return err
		},
		"a bucket": func(h *house, _ *pair, s *sessionstore.Session) error {
			return h.feed.Own(h.store).EndBucket(ctx, s.ID.Bucket(), sessionstore.ReasonOperator)
		},
	} {
		t.Run(name, func(t *testing.T) {
			failover(t, func(h *house, p *pair, over func()) {
				s, k := h.signIn(ana)
				other, otherKey := h.signIn("bob@example.com")
				h.served(k, s.ID, false)
				if err := end(h, p, s); err != nil {
					t.Fatal(err)
				}
				later(time.Second)
				h.refused(k, s.ID, sessionstore.ErrNotFound)
				over()
				h.refused(k, s.ID, sessionstore.ErrNotFound)
				if _, err := p.replica.Load(ctx, s.ID); !errors.Is(err, sessionstore.ErrNotFound) {
					t.Errorf("the new master has it: %v", err)
				}
				h.get(otherKey, other.ID)
				h.served(otherKey, other.ID, true)
			})
		})
	}
}

// Whoever signed in again after their sessions were ended stays signed in.
func TestSignInAfterAnEndSurvivesAFailover(t *testing.T) {
	failover(t, func(h *house, p *pair, over func()) {
		old, oldKey := h.signIn(ana)
		if _, err := p.EndAll(context.Background(), ana.Hash(), sessionstore.ReasonRole); err != nil {
			t.Fatal(err)
		}
		if _, err := p.replica.EndAll(context.Background(), identity.Person("nobody@example.com").Hash(), sessionstore.ReasonRole); err != nil {
			t.Fatal(err)
		}
		later(time.Minute)
		p.failed.Store(true) // the new master knows no such end: its epoch is the old one
		again, againKey := h.signIn(ana)
		p.failed.Store(false)
		over()
		h.refused(oldKey, old.ID, sessionstore.ErrNotFound)
		h.served(againKey, again.ID, false)
	})
}

// An end of all that the new master knows of is not made once more: whoever has
// signed in since, if only a moment ago, stays signed in.
func TestEndsThatWereKeptEndNobodyElse(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(sessionstore.Store) error{
		"a person": func(s sessionstore.Store) error {
			_, err := s.EndAll(ctx, ana.Hash(), sessionstore.ReasonOperator)
			return err
		},
		"a bucket": func(s sessionstore.Store) error {
			return s.EndBucket(ctx, sessionstore.BucketOf(ana.Hash()), sessionstore.ReasonOperator)
		},
	} {
		t.Run(name, func(t *testing.T) {
			failover(t, func(h *house, p *pair, over func()) {
				old, oldKey := h.signIn(ana)
				if err := errors.Join(end(h.feed.Own(h.store)), end(p.replica)); err != nil {
					t.Fatal(err)
				}
				s, k := h.signIn(ana)
				over()
				h.refused(oldKey, old.ID, sessionstore.ErrNotFound)
				h.served(k, s.ID, false)
			})
		})
	}
}

// Until all is applied nothing is served from memory; a connection that is made
// anew to the same server costs nothing.
func TestNothingIsTrustedBeforeItIsApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pair{Store: embedded.New(time.Now), replica: embedded.New(time.Now)}
		w := &wire{Store: p}
		h := newHouse(t, w)
		gone, _ := h.signIn("bob@example.com")
		s, k := h.signIn(ana)
		if err := h.sessions.End(context.Background(), gone.ID, sessionstore.ReasonLogout); err != nil {
			t.Fatal(err)
		}
		w.lose()
		later(time.Second)
		h.fresh() // the same server
		stuck := make(chan struct{})
		w.loaded = func(id sessionstore.ID) {
			if id == gone.ID {
				<-stuck
			}
		}
		p.failed.Store(true)
		w.lose()
		later(5 * time.Second)
		h.served(k, s.ID, false)
		h.served(k, s.ID, false)
		if away := h.feed.Away(gone.ID.Bucket()); away <= 0 {
			t.Error("a master is trusted that has not heard of all ends")
		}
		close(stuck)
		later(2 * time.Second)
		h.get(k, s.ID)
		h.served(k, s.ID, true)
	})
}
