package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

func noteCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"a note replaces what was expected alone": func(b *bench) {
			p := person(1).Hash()
			sets := func(old, value string, want bool, noted string) {
				b.Helper()
				set, err := b.Store.SetNote(b.ctx(), p, []byte(old), []byte(value))
				b.must(err)
				now, err := b.Store.Note(b.ctx(), p)
				b.must(err)
				if set != want || string(now) != noted {
					b.Errorf("%q for %q: %v, noted %q; want %v, %q", value, old, set, now, want, noted)
				}
			}
			sets("", "", true, "")
			sets("other", "one", false, "")
			sets("", "one", true, "one")
			sets("", "one", true, "one") // a repetition
			sets("", "two", false, "one")
			sets("one", "two", true, "two")
			sets("one", "", false, "two")
			sets("two", "", true, "")
			for _, q := range []identity.Person{neighbour(person(1), true), neighbour(person(1), false)} {
				if note, err := b.Store.Note(b.ctx(), q.Hash()); err != nil || len(note) != 0 {
					b.Errorf("noted of another: %q, %v", note, err)
				}
			}
		},
		"a note outlives sessions and ends": func(b *bench) {
			p := person(1).Hash()
			_, err := b.Store.SetNote(b.ctx(), p, nil, []byte("note"))
			b.must(err)
			id := b.create(person(1), idle(time.Second), life(time.Second)).Row.ID
			_, err = b.Store.EndAll(b.ctx(), p, sessionstore.ReasonLogout)
			b.must(err)
			b.must(b.Store.EndBucket(b.ctx(), id.Bucket(), sessionstore.ReasonOperator))
			if note, err := b.Store.Note(b.ctx(), p); err != nil || string(note) != "note" {
				b.Errorf("noted %q, %v", note, err)
			}
		},
		"a note is heard": func(b *bench) {
			heard := b.watch()
			<-heard
			_, err := b.Store.SetNote(b.ctx(), person(1).Hash(), nil, []byte("note"))
			b.must(err)
			want := sessionstore.Invalidation{Scope: sessionstore.ScopeReview, Person: person(1).Hash(), Bucket: sessionstore.BucketOf(person(1).Hash())}
			if got := <-heard; got != want {
				b.Errorf("heard %+v", got)
			}
		},
		"racing choices all count": func(b *bench) {
			replicas := []*sessionstore.Manager{b.manager(), b.manager()}
			together(2*setters, func(i int) {
				if err := patiently(func() error {
					_, err := replicas[i%2].SetPreferences(b.ctx(), person(1), func(p *sessionstore.Preferences) error {
						choice, n := &p.Own, 1
						if i%2 == 1 {
							choice = &p.Operator
						}
						if choice.MaxConcurrent != nil {
							n += *choice.MaxConcurrent
						}
						choice.MaxConcurrent = &n
						return nil
					})
					return err
				}); err != nil {
					b.Error(err)
				}
			})
			p, err := replicas[0].Preferences(b.ctx(), person(1))
			b.must(err)
			if *p.Own.MaxConcurrent != setters || *p.Operator.MaxConcurrent != setters {
				b.Errorf("%d and %d of %d count", *p.Own.MaxConcurrent, *p.Operator.MaxConcurrent, setters)
			}
		},
		"preferences are sealed for their person": sealedPreferences,
		"preferences follow the newest key": func(b *bench) {
			one := 1
			b.must(choose(b.ctx(), b.manager(), person(1), sessionstore.Choice{MaxConcurrent: &one}))
			_, err := b.manager(keys(2, 1)).Limits(b.ctx(), identity.Identity{Person: person(1)})
			b.must(err)
			p, err := b.manager(keys(2)).Preferences(b.ctx(), person(1))
			if err != nil || p.Own.MaxConcurrent == nil || *p.Own.MaxConcurrent != 1 {
				b.Errorf("chosen %+v, %v", p, err)
			}
			_, err = b.manager(keys(3)).Limits(b.ctx(), identity.Identity{Person: person(1)})
			b.refused(err, sessionstore.ErrFormat)
		},
		"preferences that are none": badPreferences,
	}
}

const setters = 3 // at a time, on each side

// choose sets a person's own choice.
func choose(ctx context.Context, m *sessionstore.Manager, p identity.Person, c sessionstore.Choice) error {
	_, err := m.SetPreferences(ctx, p, func(all *sessionstore.Preferences) error { all.Own = c; return nil })
	return err
}

func sealedPreferences(b *bench) {
	m, p := b.manager(), person(1)
	hour := time.Hour
	b.must(choose(b.ctx(), m, p, sessionstore.Choice{Idle: &hour}))
	got, err := b.manager(keys(2, 1)).Preferences(b.ctx(), p)
	if err != nil || got.Own.Idle == nil || *got.Own.Idle != hour || got.Own.MaxConcurrent != nil || got.Operator != (sessionstore.Choice{}) {
		b.Errorf("chosen %+v, %v", got, err)
	}
	// Whose key is missing by mistake knows no limits, and says so.
	_, err = b.manager(keys(3)).Preferences(b.ctx(), p)
	b.refused(err, sessionstore.ErrFormat)
	b.refused(choose(b.ctx(), b.manager(keys(3)), p, sessionstore.Choice{}), sessionstore.ErrFormat)
	// Nobody gets those of another, in the same bucket either.
	note, err := b.Store.Note(b.ctx(), p.Hash())
	b.must(err)
	other := neighbour(p, true)
	_, err = b.Store.SetNote(b.ctx(), other.Hash(), nil, note)
	b.must(err)
	_, err = m.Preferences(b.ctx(), other)
	b.refused(err, sessionstore.ErrFormat)
	// One that a newer release wrote is kept as it is.
	_, err = b.Store.SetNote(b.ctx(), p.Hash(), note, append([]byte{sessionstore.Format + 1}, note[1:]...))
	b.must(err)
	b.refused(choose(b.ctx(), m, p, sessionstore.Choice{}), sessionstore.ErrFormat)
}

func badPreferences(b *bench) {
	m, p := b.manager(), person(1)
	short, long, few, many := time.Second-1, 11*365*24*time.Hour, -1, 1_000_001
	for _, c := range []sessionstore.Choice{{Idle: &short}, {Idle: &long}, {MaxConcurrent: &few}, {MaxConcurrent: &many}} {
		b.refused(choose(b.ctx(), m, p, c), sessionstore.ErrPreference)
	}
	b.refused(choose(b.ctx(), m, "", sessionstore.Choice{}), identity.ErrNobody)
	no := errors.New("changed my mind")
	_, err := m.SetPreferences(b.ctx(), p, func(*sessionstore.Preferences) error { return no })
	b.refused(err, no)
	if note, err := b.Store.Note(b.ctx(), p.Hash()); err != nil || len(note) != 0 {
		b.Errorf("noted %d bytes, %v", len(note), err)
	}
	// What was taken back leaves nothing behind.
	one := 1
	b.must(choose(b.ctx(), m, p, sessionstore.Choice{MaxConcurrent: &one}))
	b.must(choose(b.ctx(), m, p, sessionstore.Choice{}))
	if note, err := b.Store.Note(b.ctx(), p.Hash()); err != nil || len(note) != 0 {
		b.Errorf("noted %s, %v", fmt.Sprint(len(note), " bytes"), err)
	}
}
