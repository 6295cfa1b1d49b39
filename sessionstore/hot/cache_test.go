package hot_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// bubble runs a case in a time of its own, over a wire.
func bubble(t *testing.T, run func(h *house, w *wire), change ...func(*hot.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		run(newHouse(t, w, change...), w)
	})
}

func grace(d time.Duration) func(*hot.Config) { return func(c *hot.Config) { c.Grace = d } }

// later lets time pass, and what happens then happen.
func later(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// gone fails unless the answer is no, or that it is not known.
func (h *house) refused(k hot.Key, id sessionstore.ID, want error) {
	h.Helper()
	if found, err := h.get(k, id); !errors.Is(err, want) || found.Session != nil {
		h.Errorf("%v, %v; want %v", found.Session, err, want)
	}
}

// What ends elsewhere is gone here, and nothing else is.
func TestEndsElsewhere(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(sessionstore.Store, *sessionstore.Session) error{
		"one": func(s sessionstore.Store, x *sessionstore.Session) error {
			_, err := s.End(ctx, x.ID, sessionstore.ReasonLogout)
			return err
		},
		"a person": func(s sessionstore.Store, _ *sessionstore.Session) error {
			_, err := s.EndAll(ctx, ana.Hash(), sessionstore.ReasonRole)
			return err
		},
		"a bucket": func(s sessionstore.Store, x *sessionstore.Session) error {
			return s.EndBucket(ctx, x.ID.Bucket(), sessionstore.ReasonOperator)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(h *house, w *wire) {
				s, k := h.signIn(ana)
				other, otherKey := h.signIn("bob@example.com")
				elsewhere := hot.Key{Host: "app.example.com", Cookie: k.Cookie + "2"} // the same session on another host
				for range 2 {
					h.get(k, s.ID)
					h.get(elsewhere, s.ID)
					h.get(otherKey, other.ID)
				}
				if err := end(w.Store, s); err != nil { // as another replica does
					t.Fatal(err)
				}
				synctest.Wait()
				h.refused(k, s.ID, sessionstore.ErrNotFound)
				h.refused(elsewhere, s.ID, sessionstore.ErrNotFound)
				h.served(otherKey, other.ID, true)
				if n := h.cache.Stats().Entries; n != 1 {
					t.Errorf("%d entries are left", n)
				}
			})
		})
	}
}

// Whoever signs out here is out when the call returns: before anybody was told.
func TestOwnEndsAtOnce(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		if err := h.sessions.End(context.Background(), s.ID, sessionstore.ReasonLogout); err != nil {
			t.Fatal(err)
		}
		h.refused(k, s.ID, sessionstore.ErrNotFound)
		first, firstKey := h.signIn(ana, sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour, MaxConcurrent: 1})
		h.served(firstKey, first.ID, false)
		h.signIn(ana, sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour, MaxConcurrent: 1})
		h.refused(firstKey, first.ID, sessionstore.ErrNotFound)
	})
}

// Without a beat for the lease nothing is served from memory: an end may be on
// its way. When the beat is back, so are the copies.
func TestLease(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		w.deaf.Store(true)
		later(hot.Lease - 600*time.Millisecond) // the last beat may be half a second old
		h.served(k, s.ID, true)
		later(601 * time.Millisecond)
		w.down.Store(true)
		h.refused(k, s.ID, sessionstore.ErrUnavailable)
		w.down.Store(false)
		h.served(k, s.ID, false)
		w.deaf.Store(false)
		later(500 * time.Millisecond)
		h.served(k, s.ID, true)
	})
}

// The lease runs from when a beat set out, not from when it came back.
func TestLeaseRunsFromTheSending(t *testing.T) {
	l := hot.NewFeed(hot.FeedConfig{Now: time.Now, Store: slow{newWire(), 2 * hot.Lease}})
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan sessionstore.Invalidation, 10)
	l.Listen(func(i sessionstore.Invalidation) { told <- i })
	done := make(chan struct{})
	go func() { l.Run(ctx); close(done) }() // ends by cancel
	for i := range told {
		if i.Scope == sessionstore.ScopeBeat {
			break
		}
	}
	if l.Away(0) <= 0 {
		t.Error("a beat that took longer than the lease counts")
	}
	cancel()
	<-done
}

// slow is a store whose beat comes back late.
type slow struct {
	*wire
	late time.Duration
}

func (s slow) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	told(sessionstore.Invalidation{Scope: sessionstore.ScopeReady, Buckets: sessionstore.AllBuckets()})
	told(sessionstore.Invalidation{Scope: sessionstore.ScopeBeat, Buckets: sessionstore.AllBuckets(), Sent: time.Now().Add(-s.late)})
	<-ctx.Done()
	return ctx.Err()
}

// A watch that was lost may have missed an end: everything is read anew.
func TestLostWatchForgets(t *testing.T) {
	for _, d := range []time.Duration{0, time.Minute} {
		bubble(t, func(h *house, w *wire) {
			s, k := h.signIn(ana)
			h.served(k, s.ID, false)
			w.lose()
			synctest.Wait()
			h.served(k, s.ID, false)
			later(2 * time.Second) // watched again
			h.served(k, s.ID, false)
			h.served(k, s.ID, true)
		}, grace(d))
	}
}

// A connection that was made anew proves nothing before its first beat, though
// the last one before may be young enough: it was of another server, perhaps.
func TestNewWatchWithoutABeat(t *testing.T) {
	for _, d := range []time.Duration{0, time.Minute} {
		bubble(t, func(h *house, w *wire) {
			s, k := h.signIn(ana)
			w.deaf.Store(true)
			w.lose()
			later(200 * time.Millisecond)
			h.served(k, s.ID, false)
			h.served(k, s.ID, false)
			w.down.Store(true)
			h.refused(k, s.ID, sessionstore.ErrUnavailable)
		}, grace(d))
	}
}

// A cookie has an age of its own, which only its opening can tell.
func TestCookiesAreOpenedAgain(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		opened := 0
		for range 200 {
			if _, err := h.cache.Get(context.Background(), time.Now(), k, func() (hot.Opened, bool) { opened++; return hot.Opened{ID: s.ID}, true }); err != nil {
				t.Fatal(err)
			}
			later(6 * time.Second)
		}
		if opened != 2 {
			t.Errorf("opened %d times in twenty minutes", opened)
		}
	})
}

// The attack: a session is read, ends while what was read is on its way, and the
// copy is stored after the end was heard. It must not be.
func TestReadBeforeTheEnd(t *testing.T) {
	for _, renewal := range []bool{false, true} {
		bubble(t, func(h *house, w *wire) {
			s, k := h.signIn(ana)
			if renewal {
				h.served(k, s.ID, false)
				later(11 * time.Second)
			}
			w.loaded = func(id sessionstore.ID) {
				w.loaded = nil
				w.Store.End(context.Background(), id, sessionstore.ReasonLogout)
				<-time.After(100 * time.Millisecond) // it is heard
			}
			h.get(k, s.ID) // began before the end and may say yes
			later(time.Second)
			h.refused(k, s.ID, sessionstore.ErrNotFound)
			if n := h.cache.Stats().Entries; n != 0 {
				t.Errorf("%d copies of what is no more", n)
			}
		})
	}
}

// Nobody who comes after an end gets what somebody before it has asked for.
func TestNobodyJoinsAFlightFromBefore(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		w.loaded = func(sessionstore.ID) { <-time.After(500 * time.Millisecond) }
		var early sync.WaitGroup
		early.Go(func() { h.get(k, s.ID) })
		later(100 * time.Millisecond)
		if err := h.sessions.End(context.Background(), s.ID, sessionstore.ReasonLogout); err != nil {
			t.Fatal(err)
		}
		h.refused(k, s.ID, sessionstore.ErrNotFound)
		early.Wait()
	})
}

// Only a yes is remembered: a cookie that does not open and a session that is
// none leave nothing behind, however many come.
func TestNeverRemembersNo(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		opened := 0
		s, _ := h.signIn(ana)
		h.sessions.End(context.Background(), s.ID, sessionstore.ReasonLogout)
		for i := range 1000 {
			k := hot.Key{Host: "wiki.example.com", Cookie: fmt.Sprint("forged", i%10)}
			_, err := h.cache.Get(context.Background(), time.Now(), k, func() (hot.Opened, bool) { opened++; return hot.Opened{}, false })
			if !errors.Is(err, sessionstore.ErrNotFound) {
				t.Fatal(err)
			}
			h.refused(k, s.ID, sessionstore.ErrNotFound)
		}
		if st := h.cache.Stats(); opened != 1000 || st.Entries != 0 || st.Bytes != 0 || st.Hits != 0 || w.loads.Load() != 1000 {
			t.Errorf("opened %d, loaded %d, %+v", opened, w.loads.Load(), st)
		}
	})
}

// A cookie is another on another host, where its opening decides again.
func TestCookieOfAnotherHost(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		h.served(k, s.ID, true)
		k.Host = "intranet.example.com"
		if _, err := h.cache.Get(context.Background(), time.Now(), k, func() (hot.Opened, bool) { return hot.Opened{}, false }); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("a cookie of another host: %v", err)
		}
	})
}

// After ten seconds one request has the copy renewed and none waits; after
// twenty it must be read first.
func TestAge(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		later(7 * time.Second)
		for range 10 {
			h.served(k, s.ID, true)
		}
		if n := w.loads.Load(); n != 1 {
			t.Errorf("read %d times within seven seconds", n)
		}
		later(4 * time.Second)
		w.loaded = func(sessionstore.ID) { <-time.After(300 * time.Millisecond) }
		for range 10 {
			h.served(k, s.ID, true)
		}
		later(time.Second)
		h.served(k, s.ID, true)
		if n := w.loads.Load(); n != 2 {
			t.Errorf("read %d times, want one renewal", n)
		}
		later(20 * time.Second)
		h.served(k, s.ID, false)
	})
}

// A renewal that finds nothing removes the copy; one that cannot tell is tried
// again, and no copy is served longer than twenty seconds.
func TestRenewalThatFails(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		later(10 * time.Second)
		w.down.Store(true)
		h.served(k, s.ID, true)
		later(100 * time.Millisecond)
		h.served(k, s.ID, true)
		w.down.Store(false)
		later(900 * time.Millisecond)
		h.served(k, s.ID, true) // asks again
		later(100 * time.Millisecond)
		if n := w.loads.Load(); n != 3 {
			t.Errorf("read %d times, want the first, one that failed and one more", n)
		}
	})
}

// Idle and absolute end are looked at on every hit, and the store is asked
// before the answer is no: another replica may know of a later use.
func TestIdleAndOver(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		ctx := context.Background()
		s, k := h.signIn(ana, sessionstore.Limits{Idle: 6 * time.Second, Lifetime: 9 * time.Second})
		h.served(k, s.ID, false)
		later(4 * time.Second)
		if err := w.Store.Touch(ctx, s.ID, 0); err != nil { // as another replica does
			t.Fatal(err)
		}
		later(2400 * time.Millisecond) // idle, as far as we know
		h.served(k, s.ID, false)
		h.served(k, s.ID, true)
		later(2500 * time.Millisecond)
		h.served(k, s.ID, true)
		later(150 * time.Millisecond) // its absolute end
		h.refused(k, s.ID, sessionstore.ErrNotFound)
	})
	bubble(t, func(h *house, w *wire) { // whoever uses it here need not ask
		s, k := h.signIn(ana, sessionstore.Limits{Idle: 4 * time.Second, Lifetime: time.Hour})
		h.served(k, s.ID, false)
		for range 3 {
			later(2 * time.Second)
			found, err := h.get(k, s.ID)
			if err != nil || h.sessions.Touch(context.Background(), found.Session) != nil {
				t.Fatal(err)
			}
		}
		if n := w.loads.Load(); n != 1 {
			t.Errorf("read %d times", n)
		}
		later(4300 * time.Millisecond)
		h.refused(k, s.ID, sessionstore.ErrNotFound)
	})
}

// A reload plants another cache. The one before hears nothing any more, so it
// serves nothing from memory.
func TestClosed(t *testing.T) {
	bubble(t, func(h *house, w *wire) {
		s, k := h.signIn(ana)
		h.served(k, s.ID, false)
		h.cache.Close()
		for range 3 {
			h.served(k, s.ID, false)
		}
	})
}
