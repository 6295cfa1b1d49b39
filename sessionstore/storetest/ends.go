package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func endCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"end one": func(b *bench) {
			first, second := b.create(person(1)).Row.ID, b.create(person(1)).Row.ID
			row, err := b.Store.End(b.ctx(), first, sessionstore.ReasonLogout)
			b.must(err)
			if row.ID != first || string(row.Body) != "body of "+string(first) || row.Person != person(1).Hash() {
				b.Errorf("ended %+v", row)
			}
			b.gone(first)
			b.listed(person(1), second)
			_, err = b.Store.End(b.ctx(), first, sessionstore.ReasonLogout)
			b.refused(err, sessionstore.ErrNotFound)
		},
		"end all of a person": func(b *bench) {
			near, far := b.create(neighbour(person(1), true)).Row.ID, b.create(neighbour(person(1), false)).Row.ID
			var all []sessionstore.ID
			for range sessionstore.MaxRows + 3 {
				all = append(all, b.create(person(1)).Row.ID)
			}
			rows, err := b.Store.EndAll(b.ctx(), person(1).Hash(), sessionstore.ReasonOperator)
			b.must(err)
			if !slices.Equal(ids(rows), all[:sessionstore.MaxRows]) { // and those beyond ended as well
				b.Errorf("ended %d of %d", len(rows), len(all))
			}
			b.gone(all...)
			b.listed(person(1))
			b.alive(near, far)
			rows, err = b.Store.EndAll(b.ctx(), person(1).Hash(), sessionstore.ReasonOperator)
			b.must(err)
			if len(rows) != 0 {
				b.Errorf("ended %d twice", len(rows))
			}
			b.create(person(1), limit(1, sessionstore.Deny))
		},
		"those of an earlier epoch count nowhere": func(b *bench) {
			first := b.create(person(1)).Row.ID
			before := b.create(neighbour(person(1), true)).Row.ID
			other := b.create(neighbour(person(1), false)).Row.ID
			b.must(b.Store.EndBucket(b.ctx(), first.Bucket(), sessionstore.ReasonOperator))
			b.gone(first, before)
			b.alive(other)
			b.refused(b.Store.Touch(b.ctx(), first, 0), sessionstore.ErrNotFound)
			_, err := b.Store.End(b.ctx(), before, sessionstore.ReasonLogout)
			b.refused(err, sessionstore.ErrNotFound)
			rows, err := b.Store.EndAll(b.ctx(), neighbour(person(1), true).Hash(), sessionstore.ReasonLogout)
			b.must(err)
			if len(rows) != 0 {
				b.Errorf("%d rows of an earlier epoch were ended again", len(rows))
			}
			second := b.create(person(1), limit(1, sessionstore.Deny), replaces(first))
			if len(second.Ended) != 0 {
				b.Errorf("replaced one of an earlier epoch: %v", second.Ended)
			}
			b.listed(person(1), second.Row.ID)
		},
		"a call whose caller is gone": func(b *bench) {
			id := b.create(person(1)).Row.ID
			ctx, cancel := context.WithCancel(b.ctx())
			cancel()
			_, err := b.Store.Load(ctx, id)
			b.refused(err, sessionstore.ErrUnavailable)
			b.alive(id)
		},
		"ping": func(b *bench) { b.must(b.Store.Ping(b.ctx())) },
	}
}

func watchCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"a watch hears every end": func(b *bench) {
			heard := b.watch()
			hears := func(want sessionstore.Invalidation) {
				b.Helper()
				select {
				case got := <-heard:
					if got.Origin = ""; got != want {
						b.Errorf("heard %+v, want %+v", got, want)
					}
				case <-time.After(5 * time.Second):
					b.Fatalf("did not hear %+v", want)
				}
			}
			hears(sessionstore.Invalidation{Scope: sessionstore.ScopeReady, Buckets: sessionstore.AllBuckets()})
			session := func(id sessionstore.ID, why sessionstore.Reason) {
				b.Helper()
				hears(sessionstore.Invalidation{Scope: sessionstore.ScopeSession, ID: id, Reason: why})
			}
			max := limit(1, sessionstore.EvictOldest)
			first, second := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			session(first, sessionstore.ReasonEvicted)
			third := b.create(person(1), replaces(second)).Row.ID
			session(second, sessionstore.ReasonReplaced)
			for range 2 { // the second finds nothing and is told all the same
				_, err := b.Store.End(b.ctx(), third, sessionstore.ReasonSelf)
				if err != nil {
					b.refused(err, sessionstore.ErrNotFound)
				}
				session(third, sessionstore.ReasonSelf)
			}
			hash := person(1).Hash()
			_, err := b.Store.EndAll(b.ctx(), hash, sessionstore.ReasonRole)
			b.must(err)
			hears(sessionstore.Invalidation{Scope: sessionstore.ScopePerson, Person: hash, Bucket: sessionstore.BucketOf(hash), Reason: sessionstore.ReasonRole, Epoch: 1})
			b.must(b.Store.EndBucket(b.ctx(), 7, sessionstore.ReasonOperator))
			hears(sessionstore.Invalidation{Scope: sessionstore.ScopeBucket, Bucket: 7, Reason: sessionstore.ReasonOperator, Epoch: 1})
		},
		// The beat that comes back proves more than the connection: an end that
		// was made before it was sent has been told before it.
		"a beat comes after every end before it": func(b *bench) {
			told := make(chan sessionstore.Invalidation, 100)
			ctx, cancel := context.WithCancel(b.ctx())
			done := make(chan error)
			go func() { done <- b.Store.Watch(ctx, func(i sessionstore.Invalidation) { told <- i }) }() // ends by cancel
			if i := <-told; i.Scope != sessionstore.ScopeReady || i.Buckets != sessionstore.AllBuckets() {
				b.Errorf("first of all: %+v", i)
			}
			watched := b.Now()
			var last time.Time // when the ends were made
			ends := 0
			for late := time.After(10 * time.Second); last.IsZero() || ends < 2; {
				select {
				case i := <-told:
					if i.Scope == sessionstore.ScopeSession {
						ends++
					}
					if i.Scope != sessionstore.ScopeBeat {
						continue
					}
					if i.Buckets != sessionstore.AllBuckets() || i.Sent.Before(watched.Add(-time.Second)) {
						b.Errorf("%+v", i)
					}
					if last.IsZero() { // the watch beats
						for range 2 {
							_, err := b.Store.End(b.ctx(), b.request(person(1)).ID, sessionstore.ReasonLogout)
							b.refused(err, sessionstore.ErrNotFound)
						}
						last = b.Now()
					} else if i.Sent.After(last) && ends < 2 {
						b.Errorf("a beat overtook %d ends", 2-ends)
					}
				case <-late:
					b.Fatal("no beat")
				}
			}
			cancel()
			b.refused(<-done, context.Canceled)
		},
		"a watch ends with its context": func(b *bench) {
			ctx, cancel := context.WithCancel(b.ctx())
			err := b.Store.Watch(ctx, func(sessionstore.Invalidation) { cancel() })
			b.refused(err, context.Canceled)
		},
	}
}

// watch starts a watch that ends with the case.
func (b *bench) watch() <-chan sessionstore.Invalidation {
	heard := make(chan sessionstore.Invalidation, 100)
	ctx, cancel := context.WithCancel(b.ctx())
	done := make(chan error)
	var ready sessionstore.BucketSet // a store of several servers is ready one by one
	go func() {                      // ends by cancel
		done <- b.Store.Watch(ctx, func(i sessionstore.Invalidation) {
			for n := range ready {
				ready[n] |= i.Buckets[n]
			}
			whole := ready == sessionstore.AllBuckets()
			if i.Scope == sessionstore.ScopeReady {
				i.Buckets = ready
			}
			if i.Scope != sessionstore.ScopeBeat && (i.Scope != sessionstore.ScopeReady || whole) {
				heard <- i
			}
		})
	}()
	b.Cleanup(func() {
		cancel()
		b.refused(<-done, context.Canceled)
	})
	return heard
}
