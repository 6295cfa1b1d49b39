package storetest

import (
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func timeCases() map[string]func(*bench) {
	const short = 2 * time.Second
	return map[string]func(*bench){
		"idle end": func(b *bench) {
			row := b.create(person(1), idle(short)).Row
			b.alive(row.ID)
			b.Advance(short + sessionstore.Interval(short) + time.Millisecond)
			b.gone(row.ID)
			b.listed(person(1))
			b.create(person(1), limit(1, sessionstore.Deny))
			b.refused(b.Store.Touch(b.ctx(), row.ID, 0), sessionstore.ErrNotFound)
			b.gone(row.ID)
		},
		"absolute end": func(b *bench) {
			row := b.create(person(1), life(short)).Row
			for range 10 {
				b.alive(row.ID)
				b.must(b.Store.Touch(b.ctx(), row.ID, 0))
				b.Advance(short / 20)
			}
			b.Advance(short/2 + 20*time.Millisecond)
			b.gone(row.ID)
		},
		"touch extends": func(b *bench) {
			row := b.create(person(1), idle(short)).Row
			for range 6 {
				b.Advance(short / 5)
				b.must(b.Store.Touch(b.ctx(), row.ID, 0))
			}
			now, err := b.Store.Load(b.ctx(), row.ID)
			b.must(err)
			if now.LastUse.Sub(row.Created) < short || !now.Created.Equal(row.Created) || string(now.Body) != string(row.Body) {
				b.Errorf("created %+v, after touches %+v", row, now)
			}
			// So are those by which it is found and counted.
			b.listed(person(1), row.ID)
			if in, err := b.Store.IDs(b.ctx(), []sessionstore.Bucket{row.ID.Bucket()}); err != nil || !slices.Contains(in, row.ID) {
				b.Errorf("the bucket holds %v, %v", in, err)
			}
			_, err = b.Store.Create(b.ctx(), b.request(person(1), limit(1, sessionstore.Deny)))
			b.refused(err, sessionstore.ErrLimit)
			b.Advance(short + sessionstore.Interval(short) + 10*time.Millisecond)
			b.gone(row.ID)
		},
		"touch never goes back and never creates": func(b *bench) {
			row := b.create(person(1)).Row
			b.must(b.Store.Touch(b.ctx(), row.ID, time.Minute))
			now, err := b.Store.Load(b.ctx(), row.ID)
			b.must(err)
			if !now.LastUse.Equal(row.LastUse) {
				b.Errorf("last use went from %v to %v", row.LastUse, now.LastUse)
			}
			b.must(b.Store.Touch(b.ctx(), row.ID, -time.Hour)) // nor ahead
			now, err = b.Store.Load(b.ctx(), row.ID)
			b.must(err)
			if now.LastUse.After(now.Now) {
				b.Errorf("used %v ahead of now", now.LastUse.Sub(now.Now))
			}
			never := b.request(person(1)).ID
			b.refused(b.Store.Touch(b.ctx(), never, 0), sessionstore.ErrNotFound)
			b.gone(never)
			b.listed(person(1), row.ID)
			_, err = b.Store.End(b.ctx(), row.ID, sessionstore.ReasonLogout)
			b.must(err)
			b.refused(b.Store.Touch(b.ctx(), row.ID, 0), sessionstore.ErrNotFound)
			b.gone(row.ID)
		},
		"a touch carries the true last use": func(b *bench) {
			row := b.create(person(1)).Row
			b.Advance(time.Second)
			b.must(b.Store.Touch(b.ctx(), row.ID, 300*time.Millisecond))
			now, err := b.Store.Load(b.ctx(), row.ID)
			b.must(err)
			if after := now.LastUse.Sub(row.Created); after < 700*time.Millisecond || now.Now.Sub(now.LastUse) < 300*time.Millisecond {
				b.Errorf("last use %v after creation, %v ago", after, now.Now.Sub(now.LastUse))
			}
		},
		"many expired ones make room": func(b *bench) {
			all := make([]sessionstore.ID, 120)
			for i := range all {
				all[i] = b.create(person(1), idle(time.Second), life(time.Second)).Row.ID
			}
			b.Advance(1100 * time.Millisecond)
			b.gone(all[59], all[0], all[119]) // over, whether freed or not
			for n := range 4 {                // each create frees a bounded number
				b.create(person(n + 2))
			}
			b.listed(person(1))
			id := b.create(person(1), limit(1, sessionstore.Deny)).Row.ID
			b.listed(person(1), id)
		},
	}
}
