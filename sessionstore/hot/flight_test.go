package hot_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Those who miss together ask once.
func TestOneFlight(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		w.loaded = func(sessionstore.ID) { <-time.After(100 * time.Millisecond) }
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				key := k
				key.Cookie += fmt.Sprint(i % 3)
				if _, err := h.get(key, s.ID); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := w.loads.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// At most 64 ask at once, and nobody waits longer than a second.
func TestFlightsAreFew(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		const many = 100
		var ids []sessionstore.ID
		for i := range many {
			s, _ := h.signIn(identity.Person(fmt.Sprintf("p%d@example.com", i)))
			ids = append(ids, s.ID)
		}
		stuck := make(chan struct{})
		w.loaded = func(sessionstore.ID) { <-stuck }
		began := time.Now()
		var all sync.WaitGroup
		for _, id := range ids {
			all.Go(func() { h.refused(keyOf(id), id, sessionstore.ErrUnavailable) })
		}
		all.Wait()
		if took := time.Since(began); took != time.Second || w.loads.Load() != 64 {
			t.Errorf("%d asked, for %v", w.loads.Load(), took)
		}
		close(stuck)
		synctest.Wait()
		h.get(keyOf(ids[0]), ids[0])
		h.served(keyOf(ids[0]), ids[0], true)
	})
}

// Who leaves takes the answer from nobody.
func TestCallerWhoLeaves(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		w.loaded = func(sessionstore.ID) { <-time.After(200 * time.Millisecond) }
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		var stays sync.WaitGroup
		stays.Go(func() {
			if _, err := h.cache.Get(ctx, time.Now(), k, opens(s.ID)); !errors.Is(err, sessionstore.ErrUnavailable) {
				t.Errorf("who left: %v", err)
			}
		})
		stays.Go(func() { h.served(k, s.ID, false) })
		stays.Wait()
	})
}
