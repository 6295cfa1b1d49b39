package embedded

import (
	"context"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// watcher is one running Watch.
type watcher struct {
	ends chan sessionstore.Invalidation // closed when the store drops it
}

// watchBehind is how far a watcher may lag before its watch is lost.
const watchBehind = 1024

// forever is longer than a process lives.
const forever = 100 * 365 * 24 * time.Hour

// Watch calls told for every end until ctx is done, the store is closed, or
// told is so slow that ends would have to be kept without bound.
func (s *Store) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	if _, err := s.enter(ctx); err != nil {
		return err
	}
	began := s.now()
	w := &watcher{ends: make(chan sessionstore.Invalidation, watchBehind)}
	s.watchers[w] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(w)
	}()
	told(sessionstore.Invalidation{Scope: sessionstore.ScopeReady, Buckets: sessionstore.AllBuckets()})
	// Nothing can get lost between us and ourselves: who falls behind is dropped.
	told(sessionstore.Invalidation{Scope: sessionstore.ScopeBeat, Buckets: sessionstore.AllBuckets(), Sent: began.Add(forever)})
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case i, ok := <-w.ends:
			if !ok {
				return fmt.Errorf("%w: watch lost", sessionstore.ErrUnavailable)
			}
			told(i)
		}
	}
}

// publish tells all watchers without waiting for any. The lock is held.
func (s *Store) publish(i sessionstore.Invalidation) {
	for w := range s.watchers {
		select {
		case w.ends <- i:
		default:
			s.drop(w)
		}
	}
}

// drop ends a watch. The lock is held.
func (s *Store) drop(w *watcher) {
	if _, ok := s.watchers[w]; ok {
		delete(s.watchers, w)
		close(w.ends)
	}
}
