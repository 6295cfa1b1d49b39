package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func frees(id sessionstore.ID) func(*sessionstore.Create) {
	return func(c *sessionstore.Create) { c.Frees = id }
}

func limitCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"the least lately used goes at the limit": func(b *bench) {
			max := limit(3, sessionstore.EvictIdle)
			first, second, third := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			other := b.create(neighbour(person(1), true), max).Row.ID
			b.Advance(20 * time.Millisecond)
			b.must(b.Store.Touch(b.ctx(), first, 0))
			b.Advance(20 * time.Millisecond)
			b.must(b.Store.Touch(b.ctx(), third, 0))
			fourth := b.create(person(1), max)
			b.ended(fourth, sessionstore.ReasonEvicted, second)
			b.listed(person(1), first, third, fourth.Row.ID)
			// A lower limit than before, and the one that is used right now stays.
			b.Advance(20 * time.Millisecond)
			b.must(b.Store.Touch(b.ctx(), first, 0))
			fifth := b.create(person(1), limit(2, sessionstore.EvictIdle))
			b.ended(fifth, sessionstore.ReasonEvicted, third, fourth.Row.ID)
			b.listed(person(1), first, fifth.Row.ID)
			b.alive(other)
		},
		"ask at the limit changes nothing": func(b *bench) {
			max := limit(2, sessionstore.Ask)
			first, second := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			_, err := b.Store.Create(b.ctx(), b.request(person(1), max))
			b.refused(err, sessionstore.ErrLimit)
			b.listed(person(1), first, second)
		},
		"the freed one is not counted": func(b *bench) {
			max := limit(2, sessionstore.Ask)
			first, second := b.create(person(1), max).Row.ID, b.create(person(1), max).Row.ID
			third := b.create(person(1), max, frees(first))
			b.ended(third, sessionstore.ReasonSelf, first)
			b.listed(person(1), second, third.Row.ID)
			// One that is gone frees nothing.
			_, err := b.Store.Create(b.ctx(), b.request(person(1), max, frees(first)))
			b.refused(err, sessionstore.ErrLimit)
			b.listed(person(1), second, third.Row.ID)
			// Freed and replaced at once, it counts once.
			fourth := b.create(person(1), max, frees(second), replaces(second))
			b.ended(fourth, sessionstore.ReasonReplaced, second)
			b.listed(person(1), third.Row.ID, fourth.Row.ID)
			_, err = b.Store.Create(b.ctx(), b.request(person(1), limit(1, sessionstore.Deny), frees(third.Row.ID)))
			b.refused(err, sessionstore.ErrLimit)
			b.alive(third.Row.ID)
		},
		"nobody frees a session of somebody else": func(b *bench) {
			max := limit(1, sessionstore.Ask)
			for _, same := range []bool{true, false} {
				other := b.create(neighbour(person(1), same)).Row.ID
				created := b.create(person(1), max, frees(other))
				b.ended(created, sessionstore.ReasonSelf)
				b.alive(other)
				_, err := b.Store.Create(b.ctx(), b.request(person(1), max, frees(other)))
				b.refused(err, sessionstore.ErrLimit)
				_, err = b.Store.End(b.ctx(), created.Row.ID, sessionstore.ReasonLogout)
				b.must(err)
			}
		},
		"a twelve-hour session followed by a one-second one does not loosen the limit": func(b *bench) {
			for n, on := range []sessionstore.OnLimit{sessionstore.Deny, sessionstore.Ask, sessionstore.EvictOldest, sessionstore.EvictIdle} {
				p := person(10 + n)
				long := b.create(p, limit(2, on)).Row.ID
				short := b.create(p, limit(2, on), idle(time.Second), life(time.Second)).Row.ID
				b.Advance(1100 * time.Millisecond)
				b.gone(short)
				next := b.create(p, limit(2, on))
				b.listed(p, long, next.Row.ID)
				last, err := b.Store.Create(b.ctx(), b.request(p, limit(2, on)))
				if on.Refuses() {
					b.refused(err, sessionstore.ErrLimit)
					b.listed(p, long, next.Row.ID)
					continue
				}
				b.must(err)
				b.ended(last, sessionstore.ReasonEvicted, long)
				b.listed(p, next.Row.ID, last.Row.ID)
			}
		},
		"a limit that was lowered counts at the next load": loweredLimit,
		"limits that were lowered end at the next load":    loweredTimes,
		"a choice counts at once":                          choiceAtOnce,
		"a load tells what is noted and how many came later": func(b *bench) {
			first := b.create(person(1)).Row.ID
			b.create(neighbour(person(1), true))
			second := b.create(person(1)).Row.ID
			_, err := b.Store.SetNote(b.ctx(), person(1).Hash(), nil, []byte("note"))
			b.must(err)
			third := b.create(person(1)).Row.ID
			for later, id := range []sessionstore.ID{third, second, first} {
				row, err := b.Store.Load(b.ctx(), id)
				b.must(err)
				if row.Later != later || string(row.Note) != "note" {
					b.Errorf("%d came later than %s, noted %q; want %d", row.Later, id, row.Note, later)
				}
			}
		},
	}
}

// raceFrees lets many sign-ins at the limit make room at once, by ending one
// another's choice too: whoever comes second with a choice is refused, and the
// limit holds throughout.
func raceFrees(b *bench) {
	m := b.manager()
	at := func(s *sessionstore.Start) { s.Limits.MaxConcurrent, s.Limits.OnLimit = allowed, sessionstore.Ask }
	var old []sessionstore.ID
	for range allowed {
		old = append(old, b.start(m, person(1), at).ID)
	}
	in := b.signIn(m, person(1), at)
	var started, refused atomic.Int32
	together(60, func(i int) {
		in := in
		in.Frees = old[i%len(old)]
		switch err := patiently(func() error { _, err := m.Start(b.ctx(), in); return err }); {
		case err == nil:
			started.Add(1)
		case errors.Is(err, sessionstore.ErrLimit):
			refused.Add(1)
		default:
			b.Error(err)
		}
		if list, err := m.List(b.ctx(), person(1)); err == nil && len(list) > allowed {
			b.Errorf("%d sessions at once", len(list))
		}
	})
	list, err := m.List(b.ctx(), person(1))
	b.must(err)
	if len(list) != allowed || started.Load() != allowed || refused.Load() != 60-allowed {
		b.Errorf("%d live, %d started, %d refused", len(list), started.Load(), refused.Load())
	}
	b.gone(old...)
}

// ruled returns a manager as after a reload: with a limit of its own.
func (b *bench) ruled(l sessionstore.Limits, change ...func(*sessionstore.ManagerConfig)) *sessionstore.Manager {
	return b.manager(append(change, func(c *sessionstore.ManagerConfig) {
		c.Rules = sessionstore.Rules{Base: l, Choice: sessionstore.Bounds{
			Idle: &sessionstore.Range[time.Duration]{Min: time.Second, Max: 2 * time.Hour}, MaxConcurrent: &sessionstore.Range[int]{Min: 1, Max: 9},
		}}
	})...)
}

func loweredLimit(b *bench) {
	var told ends
	m := b.manager()
	var all []sessionstore.ID
	for range 5 {
		all = append(all, b.start(m, person(1)).ID)
	}
	other := b.start(m, neighbour(person(1), true)).ID
	after := b.ruled(sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour, MaxConcurrent: 2, OnLimit: sessionstore.Deny}, tells(&told))
	for i, id := range all {
		_, err := after.Get(b.ctx(), id)
		if i < 3 {
			b.refused(err, sessionstore.ErrNotFound)
		} else {
			b.must(err)
		}
	}
	b.listed(person(1), all[3], all[4])
	b.alive(other)
	for _, e := range told.all {
		if e.Reason != sessionstore.ReasonEvicted {
			b.Errorf("ended by %v", e.Reason)
		}
	}
	if len(told.all) != 3 {
		b.Errorf("%d were told", len(told.all))
	}
}

func loweredTimes(b *bench) {
	m := b.manager()
	idle, old := b.start(m, person(1)).ID, b.start(m, person(2)).ID
	young := b.start(m, person(3), func(s *sessionstore.Start) { s.Limits.Idle = 100 * time.Millisecond })
	b.Advance(1200 * time.Millisecond)
	// The recorded use may be an interval behind the true one: an hour of idle
	// time came with one of half a minute.
	after := b.ruled(sessionstore.Limits{Idle: time.Second, Lifetime: time.Hour})
	s, err := after.Get(b.ctx(), idle)
	b.must(err)
	if s.Idle != time.Second || s.Expires.Sub(s.Created) != time.Hour {
		b.Errorf("idle %v, life %v", s.Idle, s.Expires.Sub(s.Created))
	}
	b.gone(young.ID) // what it was started with stays the stricter one
	after = b.ruled(sessionstore.Limits{Idle: time.Hour, Lifetime: time.Second})
	_, err = after.Get(b.ctx(), old)
	b.refused(err, sessionstore.ErrNotFound)
	b.gone(old)
	// What is over by now holds no place.
	deny := b.ruled(sessionstore.Limits{Idle: time.Second, Lifetime: time.Second, MaxConcurrent: 1, OnLimit: sessionstore.Deny})
	next := b.start(deny, person(1), func(s *sessionstore.Start) {
		s.Limits.MaxConcurrent, s.Limits.OnLimit = 1, sessionstore.Deny
	})
	b.listed(person(1), next.ID)
}

func choiceAtOnce(b *bench) {
	l := sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour, MaxConcurrent: 5}
	m := b.ruled(l)
	var all []*sessionstore.Session
	for range 4 {
		all = append(all, b.start(m, person(1)))
	}
	other := b.start(m, neighbour(person(1), true))
	two, ten := 2, 10*time.Minute
	_, err := m.Choose(b.ctx(), all[0], sessionstore.Choice{MaxConcurrent: &two, Idle: &ten})
	b.must(err)
	b.listed(person(1), all[0].ID, all[3].ID)
	b.alive(other.ID)
	s, err := b.ruled(l).Get(b.ctx(), all[0].ID)
	b.must(err)
	if s.Idle != ten {
		b.Errorf("idle %v", s.Idle)
	}
	if s, err := m.Get(b.ctx(), other.ID); err != nil || s.Idle != time.Hour {
		b.Errorf("another person: %+v, %v", s, err)
	}
	one := 1
	_, err = m.SetPreferences(b.ctx(), person(1), func(p *sessionstore.Preferences) error { p.Operator.MaxConcurrent = &one; return nil })
	b.must(err)
	b.listed(person(1), all[3].ID)
	got, err := m.Limits(b.ctx(), all[0].Identity)
	if err != nil || got.MaxConcurrent != 1 || got.Idle != ten {
		b.Errorf("limits %+v, %v", got, err)
	}
}
