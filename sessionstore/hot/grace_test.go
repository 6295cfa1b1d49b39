package hot_test

import (
	"context"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Under grace what was valid when the store went away goes on, for that long and
// not longer, and nothing else does.
func TestGrace(t *testing.T) {
	for name, away := range map[string]func(*wire){
		"frozen": func(w *wire) { w.down.Store(true) },
		"lost":   func(w *wire) { w.down.Store(true); w.lose() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(h *house, w *wire) {
				s, k := h.signIn(ana)
				short, shortKey := h.signIn("bob@example.com", sessionstore.Limits{Idle: 20 * time.Second, Lifetime: time.Hour})
				over, overKey := h.signIn("cid@example.com", sessionstore.Limits{Idle: time.Hour, Lifetime: 30 * time.Second})
				busy, busyKey := h.signIn("dan@example.com", sessionstore.Limits{Idle: 20 * time.Second, Lifetime: time.Hour})
				unseen, unseenKey := h.signIn("eve@example.com")
				for key, id := range map[hot.Key]sessionstore.ID{k: s.ID, shortKey: short.ID, overKey: over.ID, busyKey: busy.ID} {
					h.served(key, id, false)
				}
				away(w)
				later(2 * time.Second)
				h.refused(unseenKey, unseen.ID, sessionstore.ErrUnavailable)
				for key, id := range map[hot.Key]sessionstore.ID{k: s.ID, shortKey: short.ID, overKey: over.ID, busyKey: busy.ID} {
					h.served(key, id, false)
				}
				later(12 * time.Second)
				found, err := h.get(busyKey, busy.ID)
				if err != nil {
					t.Fatal(err)
				}
				if err := h.sessions.Touch(context.Background(), found.Session); !h.cache.Tolerates(err, found.Session) {
					t.Errorf("a use that cannot be noted: %v", err)
				}
				later(8 * time.Second) // idle for longer than it may
				h.refused(shortKey, short.ID, sessionstore.ErrUnavailable)
				h.served(busyKey, busy.ID, false) // it was used
				later(10 * time.Second)           // over
				h.refused(overKey, over.ID, sessionstore.ErrUnavailable)
				later(26 * time.Second)
				h.served(k, s.ID, false)
				later(3600 * time.Millisecond)
				h.refused(k, s.ID, sessionstore.ErrUnavailable)
				if h.cache.Tolerates(sessionstore.ErrUnavailable, s) {
					t.Error("tolerated past the grace")
				}
			}, grace(time.Minute))
		})
	}
}

// The grace is one: what was not read again between two losses does not get
// another, since an end between them was not heard.
func TestGraceIsNotRenewed(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		w.down.Store(true)
		w.lose()
		later(5 * time.Second)
		h.served(k, s.ID, false)
		w.down.Store(false)
		later(3 * time.Second) // back; nobody comes, and the session ends unheard
		w.down.Store(true)
		later(2 * time.Second)
		h.refused(k, s.ID, sessionstore.ErrUnavailable)
	}, grace(time.Minute))
}

// An end that is made here counts under grace too, although the store cannot
// take it: whoever signs out is out, at this gateway at least.
func TestEndUnderGrace(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		w.down.Store(true)
		later(2 * time.Second)
		h.served(k, s.ID, false)
		h.sessions.End(context.Background(), s.ID, sessionstore.ReasonLogout)
		h.refused(k, s.ID, sessionstore.ErrUnavailable)
	}, grace(time.Minute))
}

// Without grace a store that is away is neither a yes nor a no.
func TestNoGrace(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		w.down.Store(true)
		later(2 * time.Second)
		h.refused(k, s.ID, sessionstore.ErrUnavailable)
		if h.cache.Tolerates(sessionstore.ErrUnavailable, s) {
			t.Error("tolerated without a grace")
		}
	})
}
