package storetest

import (
	"errors"
	"sync/atomic"

	"github.com/samlgate/samlgate/sessionstore"
)

func raceCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"racing sign-ins under evict_oldest": func(b *bench) { race(b, sessionstore.EvictOldest) },
		"racing sign-ins under deny":         func(b *bench) { race(b, sessionstore.Deny) },
		"racing sign-ins under evict_idle":   func(b *bench) { race(b, sessionstore.EvictIdle) },
		"racing sign-ins under ask":          func(b *bench) { race(b, sessionstore.Ask) },
		"racing choices at the limit":        raceFrees,
		"a sign-in racing the end of all":    raceEndAll,
	}
}

const (
	racers  = 200
	allowed = 3
)

// race signs one person in many times at once on two replicas.
func race(b *bench, on sessionstore.OnLimit) {
	var told ends
	replicas := []*sessionstore.Manager{b.manager(tells(&told)), b.manager(tells(&told))}
	in := b.signIn(replicas[0], person(1), func(s *sessionstore.Start) {
		s.Limits.MaxConcurrent, s.Limits.OnLimit = allowed, on
	})
	var started, denied, unsure atomic.Int32 // unsure: done, perhaps, and repeated
	together(racers, func(i int) {
		switch err := patiently(func() error {
			_, err := replicas[i%2].Start(b.ctx(), in)
			if errors.Is(err, sessionstore.ErrUnavailable) {
				unsure.Add(1)
			}
			return err
		}); {
		case err == nil:
			started.Add(1)
		case errors.Is(err, sessionstore.ErrLimit):
			denied.Add(1)
		default:
			b.Error(err)
		}
	})
	list, err := replicas[0].List(b.ctx(), person(1))
	b.must(err)
	if len(list) != allowed {
		b.Errorf("%d sessions are left, want %d", len(list), allowed)
	}
	created := allowed + len(told.all) - int(started.Load()) // that nobody was told of
	if created < 0 && unsure.Load() == 0 || created > int(unsure.Load()) || started.Load()+denied.Load() != racers {
		b.Errorf("%d started, %d denied, %d ended, %d unsure", started.Load(), denied.Load(), len(told.all), unsure.Load())
	}
	if unsure.Load() == 0 && on.Refuses() != (denied.Load() == racers-allowed) {
		b.Errorf("%d were denied under %v", denied.Load(), on)
	}
	for _, s := range list {
		b.alive(s.ID)
	}
}

// patiently repeats a call that the store was too busy for.
func patiently(call func() error) error {
	var err error
	for range 20 {
		if err = call(); !errors.Is(err, sessionstore.ErrUnavailable) {
			break
		}
	}
	return err
}

// raceEndAll ends all while many sign in with epochs read before: whoever
// started is ended, and whoever comes later is refused.
func raceEndAll(b *bench) {
	m := b.manager()
	in := b.signIn(m, person(1))
	together(50, func(i int) {
		if i == 25 {
			if err := patiently(func() error { _, err := m.EndAll(b.ctx(), person(1), sessionstore.ReasonDeactivated); return err }); err != nil {
				b.Error(err)
			}
			return
		}
		err := patiently(func() error { _, err := m.Start(b.ctx(), in); return err })
		if err != nil && !errors.Is(err, sessionstore.ErrEpochMoved) {
			b.Error(err)
		}
	})
	b.listed(person(1))
}
