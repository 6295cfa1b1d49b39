package redis

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// Loads that come while others are on their way are sent together, each with its
// own answer; one that comes alone is one round trip.
func TestLoadsGoTogether(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "")
	c := &crowd{Store: s, TB: t}
	var ids []sessionstore.ID
	for range 64 {
		ids = append(ids, create(t, s))
	}
	never, err := sessionstore.NewID(ana)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the script is not there yet, and then it is
		if _, err := s.Load(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
	}
	before := c.reads()
	if _, err := s.Load(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if n := c.reads() - before - 1; n != 1 { // but for the question itself
		t.Errorf("one load is %d round trips", n)
	}
	var all sync.WaitGroup
	fly := held(t, s, ids[0])
	for _, id := range append(ids, never) {
		all.Go(func() {
			row, err := s.Load(t.Context(), id)
			if id == never && !errors.Is(err, sessionstore.ErrNotFound) || id != never && (err != nil || row.ID != id || string(row.Body) != "body") {
				t.Errorf("%s: %+v, %v", id, row, err)
			}
		})
	}
	awaited(t, s, jointFlying+len(ids)+1)
	before = c.reads()
	fly()
	if n := c.reads() - before - 1; n != 2 { // 64 and the rest
		t.Errorf("%d loads are %d round trips", jointFlying+len(ids)+1, n)
	}
	all.Wait()
}

// held keeps everything that is asked for on the ground until fly is called, as
// when as many as may are under way already.
func held(t *testing.T, s *Store, id sessionstore.ID) (fly func()) {
	t.Helper()
	landed(t, s)
	var w *waiting
	for range jointFlying {
		w = s.joint.add(s.options.Addr, &load{id: id, done: make(chan struct{})})
	}
	return func() {
		s.flyAll(t.Context(), w)
		for range jointFlying - 1 {
			s.joint.next(w)
		}
	}
}

// landed waits until nothing is under way.
func landed(t *testing.T, s *Store) {
	t.Helper()
	storetest.Eventually(t, 10*time.Second, "nobody flies", func() bool {
		s.joint.mu.Lock()
		defer s.joint.mu.Unlock()
		w := s.joint.masters[s.options.Addr]
		return w == nil || w.flying == 0
	})
}

// awaited waits until so many loads wait.
func awaited(t *testing.T, s *Store, n int) {
	t.Helper()
	storetest.Eventually(t, 10*time.Second, "all ask", func() bool {
		s.joint.mu.Lock()
		defer s.joint.mu.Unlock()
		return len(s.joint.masters[s.options.Addr].loads) == n
	})
}

// Who gives up takes the answer from nobody, and a server that is gone is an error
// for each.
func TestLoadsEndTogether(t *testing.T) {
	server := storetest.NewRedis(t)
	s := open(t, server.Addr, "")
	id := create(t, s)
	fly := held(t, s, id)
	hasty, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := s.Load(hasty, id); !errors.Is(err, sessionstore.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
	})
	for range 20 {
		all.Go(func() {
			if _, err := s.Load(t.Context(), id); err != nil {
				t.Errorf("who waited: %v", err)
			}
		})
	}
	awaited(t, s, jointFlying+21)
	cancel()
	fly()
	all.Wait()
	server.Kill(t)
	for range 20 {
		all.Go(func() {
			if _, err := s.Load(t.Context(), id); !errors.Is(err, sessionstore.ErrUnavailable) {
				t.Errorf("from a server that is gone: %v", err)
			}
		})
	}
	all.Wait()
	landed(t, s)
}
