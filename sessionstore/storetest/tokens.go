package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func tokenCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"a token is taken once": func(b *bench) {
			b.must(b.Store.Put(b.ctx(), "key", []byte("old"), time.Minute))
			b.must(b.Store.Put(b.ctx(), "key", []byte("\x00value\xff"), time.Minute))
			if value, err := b.Store.Peek(b.ctx(), "key"); err != nil || string(value) != "\x00value\xff" {
				b.Errorf("saw %q, %v", value, err)
			}
			var got atomic.Int32
			together(20, func(int) {
				switch value, err := b.Store.Take(b.ctx(), "key"); {
				case err == nil && string(value) == "\x00value\xff":
					got.Add(1)
				case !is(err, sessionstore.ErrNotFound):
					b.Errorf("took %q, %v", value, err)
				}
			})
			if got.Load() != 1 {
				b.Errorf("%d callers got it", got.Load())
			}
			_, err := b.Store.Take(b.ctx(), "other")
			b.refused(err, sessionstore.ErrNotFound)
			_, err = b.Store.Peek(b.ctx(), "key")
			b.refused(err, sessionstore.ErrNotFound)
		},
		"tokens and claims end in time": func(b *bench) {
			b.must(b.Store.Put(b.ctx(), "key", []byte("value"), time.Second))
			first, err := b.Store.Claim(b.ctx(), "claim", "a", time.Second)
			if err != nil || !first {
				b.Fatalf("first claim: %v, %v", first, err)
			}
			claimed := func(want bool) {
				b.Helper()
				if got, err := b.Store.Claimed(b.ctx(), "claim"); err != nil || got != want {
					b.Errorf("claimed: %v, %v; want %v", got, err, want)
				}
			}
			claimed(true)
			b.Advance(1100 * time.Millisecond)
			claimed(false) // which claims nothing either
			_, err = b.Store.Peek(b.ctx(), "key")
			b.refused(err, sessionstore.ErrNotFound)
			_, err = b.Store.Take(b.ctx(), "key")
			b.refused(err, sessionstore.ErrNotFound)
			if again, err := b.Store.Claim(b.ctx(), "claim", "b", time.Minute); err != nil || !again {
				b.Errorf("claim after the end of the first: %v, %v", again, err)
			}
		},
		"the first claimant wins": func(b *bench) {
			claims := func(key, who string, want bool) {
				b.Helper()
				if got, err := b.Store.Claim(b.ctx(), key, who, time.Minute); err != nil || got != want {
					b.Errorf("%s claims %s: %v, %v; want %v", who, key, got, err, want)
				}
			}
			claims("one", "a", true)
			claims("one", "b", false)
			claims("one", "a", true) // its own repetition
			claims("one", "", false)
			claims("two", "b", true)
		},
	}
}

// together runs n calls at the same time and waits for them.
func together(n int, call func(int)) {
	var begin, end sync.WaitGroup
	begin.Add(1)
	for i := range n {
		end.Go(func() {
			begin.Wait()
			call(i)
		})
	}
	begin.Done()
	end.Wait()
}
