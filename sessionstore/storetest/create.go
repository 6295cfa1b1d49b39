package storetest

import (
	"errors"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func is(err, target error) bool { return errors.Is(err, target) }

func createCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"create and load": func(b *bench) {
			c := b.request(person(1))
			created, err := b.Store.Create(b.ctx(), c)
			b.must(err)
			row, err := b.Store.Load(b.ctx(), c.ID)
			b.must(err)
			if row.ID != c.ID || row.Person != c.Person || string(row.Body) != string(c.Body) || row.Idle != c.Idle ||
				row.Interval != c.Interval || row.Format != sessionstore.Format || row.Epochs != c.Epochs {
				b.Errorf("created %+v, loaded %+v", c, row)
			}
			if !row.LastUse.Equal(row.Created) || !row.Expires.Equal(row.Created.Add(c.Lifetime)) || row.Now.Before(row.Created) {
				b.Errorf("times do not fit: %+v", row)
			}
			if !created.Row.Created.Equal(row.Created) || len(created.Ended) != 0 {
				b.Errorf("created %+v", created)
			}
		},
		"the oldest goes at the limit": func(b *bench) {
			max := limit(3, sessionstore.EvictOldest)
			first, second, third := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			other := b.create(neighbour(person(1), true), max).Row.ID
			b.must(b.Store.Touch(b.ctx(), first, 0)) // by creation, not by use
			fourth := b.create(person(1), max)
			b.ended(fourth, sessionstore.ReasonEvicted, first)
			b.listed(person(1), second, third, fourth.Row.ID)
			b.alive(second, third, fourth.Row.ID, other)
			// A lower limit than before.
			fifth := b.create(person(1), limit(2, sessionstore.EvictOldest))
			b.ended(fifth, sessionstore.ReasonEvicted, second, third)
			b.listed(person(1), fourth.Row.ID, fifth.Row.ID)
		},
		"deny at the limit changes nothing": func(b *bench) {
			max := limit(2, sessionstore.Deny)
			first, second := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			_, err := b.Store.Create(b.ctx(), b.request(person(1), max))
			b.refused(err, sessionstore.ErrLimit)
			b.listed(person(1), first, second)
			_, err = b.Store.End(b.ctx(), first, sessionstore.ReasonLogout)
			b.must(err)
			third := b.create(person(1), max).Row.ID
			b.listed(person(1), second, third)
		},
		"no limit": func(b *bench) {
			var all []sessionstore.ID
			for range 60 {
				all = append(all, b.create(person(1)).Row.ID)
			}
			b.listed(person(1), all...)
			// And one that comes later counts every one of them.
			_, err := b.Store.Create(b.ctx(), b.request(person(1), limit(60, sessionstore.Deny)))
			b.refused(err, sessionstore.ErrLimit)
			last := b.create(person(1), limit(3, sessionstore.EvictOldest))
			b.ended(last, sessionstore.ReasonEvicted, all[:58]...)
			b.listed(person(1), all[58], all[59], last.Row.ID)
		},
		"the replaced one is not counted": func(b *bench) {
			max := limit(1, sessionstore.Deny)
			first := b.create(person(1), max).Row.ID
			second := b.create(person(1), max, replaces(first))
			b.ended(second, sessionstore.ReasonReplaced, first)
			b.listed(person(1), second.Row.ID)
			b.create(person(1), max, replaces(second.Row.ID))
			none := b.create(person(1), replaces(first)) // long gone: no harm
			b.ended(none, sessionstore.ReasonReplaced)
		},
		"evicting and replacing at once": func(b *bench) {
			max := limit(2, sessionstore.EvictOldest)
			first, second := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			third := b.create(person(1), max, replaces(second))
			b.ended(third, sessionstore.ReasonReplaced, second)
			b.listed(person(1), first, third.Row.ID)
		},
		"replacing the session of another person": func(b *bench) {
			before := b.create(neighbour(person(1), true)).Row.ID
			after := b.create(person(1), limit(1, sessionstore.Deny), replaces(before))
			b.ended(after, sessionstore.ReasonReplaced, before)
			b.listed(neighbour(person(1), true))
		},
		"a denied sign-in replaces nothing": func(b *bench) {
			b.create(person(1))
			before := b.create(neighbour(person(1), true)).Row.ID
			_, err := b.Store.Create(b.ctx(), b.request(person(1), limit(1, sessionstore.Deny), replaces(before)))
			b.refused(err, sessionstore.ErrLimit)
			b.alive(before)
		},
		"a repeated create does nothing more": func(b *bench) {
			max := limit(2, sessionstore.EvictOldest)
			b.create(person(1), max)
			second := b.create(person(1), max).Row.ID
			c := b.request(person(1), max)
			for range 3 {
				created, err := b.Store.Create(b.ctx(), c)
				b.must(err)
				if created.Row.ID != c.ID || string(created.Row.Body) != string(c.Body) {
					b.Errorf("repetition gave %+v", created.Row)
				}
			}
			b.listed(person(1), second, c.ID)
		},
		"epochs moved between read and create": func(b *bench) {
			c := b.request(person(1))
			_, err := b.Store.EndAll(b.ctx(), person(1).Hash(), sessionstore.ReasonDeactivated)
			b.must(err)
			_, err = b.Store.Create(b.ctx(), c)
			b.refused(err, sessionstore.ErrEpochMoved)
			c = b.request(person(1))
			b.must(b.Store.EndBucket(b.ctx(), c.ID.Bucket(), sessionstore.ReasonOperator))
			_, err = b.Store.Create(b.ctx(), c)
			b.refused(err, sessionstore.ErrEpochMoved)
			b.gone(c.ID)
			b.create(person(1))
		},
		"a short session does not free the index of a long one": func(b *bench) {
			long := b.create(person(1)).Row.ID
			short := b.create(person(1), idle(time.Second), life(time.Second)).Row.ID
			b.Advance(1100 * time.Millisecond)
			b.gone(short)
			b.alive(long)
			_, err := b.Store.Create(b.ctx(), b.request(person(1), limit(1, sessionstore.Deny)))
			b.refused(err, sessionstore.ErrLimit)
			b.listed(person(1), long)
		},
	}
}
