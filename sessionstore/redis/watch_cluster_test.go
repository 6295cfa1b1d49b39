package redis

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// clusterWatch is a watch on a cluster of which a test hears.
type clusterWatch struct {
	*testing.T
	told chan sessionstore.Invalidation
	done chan error
	ours sessionstore.BucketSet // what is watched now
}

func watchCluster(t *testing.T, s *Store) *clusterWatch {
	w := &clusterWatch{T: t, told: make(chan sessionstore.Invalidation, 1000), done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // ends by cancel
		w.done <- s.Watch(ctx, func(i sessionstore.Invalidation) { w.told <- i })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-w.done; err == nil {
			t.Error("the watch ended with no error")
		}
	})
	return w
}

// until reads what is told until it is what we want.
func (w *clusterWatch) until(what string, want func(sessionstore.Invalidation) bool) {
	w.Helper()
	late := time.After(15 * time.Second)
	for {
		select {
		case i := <-w.told:
			for n := range w.ours {
				switch i.Scope {
				case sessionstore.ScopeReady:
					w.ours[n] |= i.Buckets[n]
				case sessionstore.ScopeLost:
					w.ours[n] &^= i.Buckets[n]
				}
			}
			if want(i) {
				return
			}
		case <-late:
			w.Fatalf("not told: %s", what)
		}
	}
}

func (w *clusterWatch) ready(what string) {
	w.Helper()
	w.until(what, func(sessionstore.Invalidation) bool { return w.ours == sessionstore.AllBuckets() })
}

// A bucket that moves to another master is lost for as long as it takes to listen
// there; a master that dies takes its own buckets alone along, and those of its
// replica, once promoted, are watched again.
func TestWatchFollowsMasters(t *testing.T) {
	c := storetest.NewCluster(t, 1)
	s := openWith(t, Options{Cluster: c.Addrs()})
	ctx := t.Context()
	w := watchCluster(t, s)
	w.ready("all buckets")
	w.until("a beat", func(i sessionstore.Invalidation) bool { return i.Scope == sessionstore.ScopeBeat })

	id := create(t, s)
	masters, err := s.masters(ctx)
	if err != nil || len(masters) != 3 {
		t.Fatalf("%d masters: %v", len(masters), err)
	}
	m := beginMove(t, s, id.Bucket())
	m.finish()
	w.until("the bucket that moved is lost", func(i sessionstore.Invalidation) bool {
		return i.Scope == sessionstore.ScopeLost && i.Buckets.Has(id.Bucket())
	})
	w.ready("all buckets after the move")
	if _, err := s.End(ctx, id, sessionstore.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	ends := 0
	w.until("the end of the session that moved", func(i sessionstore.Invalidation) bool {
		if i.Scope == sessionstore.ScopeSession && i.ID == id {
			ends++
		}
		return i.Scope == sessionstore.ScopeBeat && ends > 0 && i.Buckets.Has(id.Bucket())
	})
	if ends != 1 {
		t.Errorf("one end was told %d times", ends)
	}

	dead := m.to.Options().Addr
	for _, n := range c.Nodes {
		if n.Addr == dead {
			n.Kill(t)
		}
	}
	w.until("the buckets of a dead master are lost", func(i sessionstore.Invalidation) bool {
		if i.Scope == sessionstore.ScopeLost && i.Buckets == sessionstore.AllBuckets() {
			t.Error("one dead master takes all along")
		}
		return i.Scope == sessionstore.ScopeLost && i.Buckets.Has(id.Bucket())
	})
	w.ready("its replica")
	storetest.Eventually(t, 10*time.Second, "the replica has what its master had", func() bool {
		_, err := s.Load(ctx, id)
		return errors.Is(err, sessionstore.ErrNotFound)
	})
}
