package storetest

import (
	"context"
	"sync"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func keptCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"what is kept first stays": func(b *bench) {
			m, other := b.manager(), b.manager(keys(2, 1))
			keeps := func(m *sessionstore.Manager, kind, name, value, want string) {
				b.Helper()
				if got, err := m.Keep(b.ctx(), kind, name, []byte(value), time.Hour); err != nil || string(got) != want {
					b.Errorf("kept %q, %v; want %q", got, err, want)
				}
			}
			keeps(m, "roles", "ana", "one", "one")
			keeps(other, "roles", "ana", "two", "one")
			keeps(m, "roles", "bob", "two", "two")
			keeps(m, "role", "sana", "three", "three")
			_, err := b.manager(keys(3)).Keep(b.ctx(), "roles", "ana", []byte("mine"), time.Hour)
			b.refused(err, sessionstore.ErrFormat)
			keeps(m, "roles", "ana", "two", "one")
		},
		"what is kept is renewed and ends": func(b *bench) {
			keeps := func(value, want string) {
				b.Helper()
				if got, err := b.Store.Keep(b.ctx(), "key", []byte(value), 1500*time.Millisecond); err != nil || string(got) != want {
					b.Errorf("kept %q, %v; want %q", got, err, want)
				}
			}
			keeps("one", "one")
			b.Advance(800 * time.Millisecond)
			keeps("two", "one")
			b.Advance(800 * time.Millisecond)
			keeps("three", "one")
			b.Advance(1600 * time.Millisecond)
			keeps("four", "four")
		},
		"one of many is the first": func(b *bench) {
			m := b.manager()
			var mu sync.Mutex
			seen := map[string]int{}
			together(20, func(i int) {
				var got []byte
				if err := patiently(func() (err error) {
					got, err = m.Keep(b.ctx(), "roles", "ana", []byte{byte('a' + i)}, time.Hour)
					return err
				}); err != nil {
					b.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[string(got)]++
			})
			if len(seen) != 1 {
				b.Errorf("remembered %v", seen)
			}
		},
		"what is kept and was tampered with": func(b *bench) {
			swap := &swapper{Store: b.Store}
			m := b.manager(over(swap))
			_, err := m.Keep(b.ctx(), "roles", "eve", []byte("admin"), time.Hour)
			b.must(err)
			swap.stolen = swap.last
			_, err = m.Keep(b.ctx(), "roles", "ana", []byte("guest"), time.Hour)
			b.refused(err, sessionstore.ErrFormat)
		},
	}
}

// swapper is a store that gives one kept value for another.
type swapper struct {
	sessionstore.Store
	last, stolen []byte
}

// Keep keeps, and cheats.
func (s *swapper) Keep(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error) {
	kept, err := s.Store.Keep(ctx, key, value, ttl)
	s.last = kept
	if s.stolen != nil {
		kept = s.stolen
	}
	return kept, err
}
