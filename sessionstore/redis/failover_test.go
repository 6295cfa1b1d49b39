package redis

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// ledger is what a store has acknowledged, and a replica confirmed.
type ledger struct {
	*testing.T
	store *Store

	mu          sync.Mutex
	living      map[sessionstore.ID]bool
	ended       map[sessionstore.ID]bool
	unconfirmed map[sessionstore.ID]bool
	refused     int // calls that the store did not answer
}

func newLedger(t *testing.T, o Options) *ledger {
	l := &ledger{T: t, living: make(map[sessionstore.ID]bool), ended: make(map[sessionstore.ID]bool), unconfirmed: make(map[sessionstore.ID]bool)}
	o.Unconfirmed = func(_ context.Context, u Unconfirmed) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.unconfirmed[u.Session] = true
	}
	l.store = openWith(t, o)
	return l
}

// signInAndOut starts two sessions of p and ends one of them.
func (l *ledger) signInAndOut(p identity.Person) {
	ids := make([]sessionstore.ID, 2)
	for i := range ids {
		c := sessionstore.Create{Person: p.Hash(), Idle: time.Hour, Interval: 30 * time.Second, Lifetime: time.Hour, Body: []byte("body")}
		var err error
		if c.ID, err = sessionstore.NewID(p); err != nil {
			l.Error(err)
			return
		}
		if c.Epochs, err = l.store.Epochs(l.Context(), p.Hash()); err == nil {
			_, err = l.store.Create(l.Context(), c)
		}
		if !l.acknowledged(err) {
			return
		}
		ids[i] = c.ID
	}
	_, err := l.store.End(l.Context(), ids[0], sessionstore.ReasonLogout)
	// A repetition of ours finds nothing: it ended all the same.
	if !l.acknowledged(err) && !errors.Is(err, sessionstore.ErrNotFound) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.living[ids[1]], l.ended[ids[0]] = true, true
}

// acknowledged reports whether err is none. What the store cannot tell is allowed.
func (l *ledger) acknowledged(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && !errors.Is(err, sessionstore.ErrUnavailable) && !errors.Is(err, sessionstore.ErrNotFound) {
		l.Error(err)
	}
	if errors.Is(err, sessionstore.ErrUnavailable) {
		l.refused++
	}
	return err == nil
}

// through signs people in and out from before a fault until well after it.
func (l *ledger) through(fault func()) {
	l.Helper()
	stop := make(chan struct{})
	var working sync.WaitGroup
	for n := range 4 {
		working.Go(func() { // ends by stop
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-pace.C:
					l.signInAndOut(neighbours[(i+n)%len(neighbours)])
				}
			}
		})
	}
	count := func() (n, refused int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.ended), l.refused
	}
	storetest.Eventually(l, 10*time.Second, "people sign in and out", func() bool { n, _ := count(); return n > 50 })
	fault()
	storetest.Eventually(l, 10*time.Second, "the fault is felt", func() bool { _, refused := count(); return refused > 0 })
	storetest.Eventually(l, 20*time.Second, "everybody is answered again", func() bool { return l.store.Ping(l.Context()) == nil })
	before, _ := count()
	storetest.Eventually(l, 10*time.Second, "people sign in and out again", func() bool { n, _ := count(); return n > before+50 })
	close(stop)
	working.Wait()
}

// balance compares what was acknowledged with what there is.
func (l *ledger) balance() {
	l.Helper()
	back, lost := 0, 0
	for id := range l.ended {
		if _, err := l.store.Load(l.Context(), id); err == nil && !l.unconfirmed[id] {
			back++
		} else if err != nil && !errors.Is(err, sessionstore.ErrNotFound) {
			l.Error(err)
		}
	}
	for id := range l.living {
		if _, err := l.store.Load(l.Context(), id); errors.Is(err, sessionstore.ErrNotFound) {
			lost++
		} else if err != nil {
			l.Error(err)
		}
	}
	l.Logf("%d sessions and %d ends acknowledged, %d of these by no replica, %d calls refused; %d sessions lost", len(l.living), len(l.ended), len(l.unconfirmed), l.refused, lost)
	if back > 0 || lost > len(l.unconfirmed) {
		l.Errorf("%d sessions came back that a replica knew to have ended, %d of %d are lost", back, lost, len(l.living))
	}
}

// neighbours are people all over a cluster.
var neighbours = []identity.Person{"ana@example.com", "juergen@example.com", "mallory@example.com", "bo@example.com", "kim@example.com", "lee@example.com"}

// kill -9 of a master, under load: what a replica has confirmed is there when it
// takes over, and what is in between is refused, neither found nor missing.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := storetest.NewSentinels(t, nil)
	l := newLedger(t, Options{Sentinel: &Sentinel{Addrs: s.Addrs, MasterName: s.MasterName}})
	l.through(func() { s.Servers[0].Kill(t) })
	l.balance()
}

func TestClusterFailover(t *testing.T) {
	t.Parallel()
	c := storetest.NewCluster(t, 1)
	l := newLedger(t, Options{Cluster: c.Addrs()[:2]})
	l.through(func() { c.Nodes[0].Kill(t) })
	l.balance()
}
