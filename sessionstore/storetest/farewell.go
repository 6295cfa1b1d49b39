package storetest

import (
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func farewellCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"a session that ends unused says so once": unusedSaysSo,
		"no other end passes for an unused one":   othersDoNot,
		"who ends all of a person waits for no farewell": func(b *bench) {
			taken := 0
			store := &meddler{Store: b.Store, value: func(v []byte) []byte { taken++; return v }}
			m := b.manager(over(store), tellsIdle)
			var all []*sessionstore.Session
			for range 40 {
				all = append(all, b.start(m, person(1)))
			}
			if n, err := m.EndAll(b.ctx(), person(1), sessionstore.ReasonDeactivated); n != len(all) || err != nil || taken != 0 {
				b.Errorf("%d ended, %d taken back one by one, %v", n, taken, err)
			}
			for _, s := range all {
				b.untold(m, s.ID)
			}
		},
		"an unused end is told on request only": func(b *bench) {
			m := b.manager()
			s := b.start(m, person(1), briefly)
			b.Advance(short + sessionstore.Interval(short) + 10*time.Millisecond)
			b.gone(s.ID)
			b.untold(m, s.ID)
		},
	}
}

const short = 200 * time.Millisecond

func briefly(s *sessionstore.Start) { s.Limits.Idle = short }

func tellsIdle(c *sessionstore.ManagerConfig) { c.TellIdle = true }

func (b *bench) untold(m *sessionstore.Manager, id sessionstore.ID) {
	b.Helper()
	if f, err := m.Farewell(b.ctx(), id); !is(err, sessionstore.ErrNotFound) {
		b.Errorf("%s is told %v, %v", id.Hash(), f, err)
	}
}

func unusedSaysSo(b *bench) {
	m := b.manager(tellsIdle)
	s := b.start(m, person(1), briefly)
	b.untold(m, s.ID) // it lives
	b.Advance(short + sessionstore.Interval(short) + 10*time.Millisecond)
	b.gone(s.ID)
	other := b.manager(tellsIdle, keys(2, 1)) // another gateway, in the midst of a change of keys
	for _, ask := range []func() (sessionstore.Farewell, error){
		func() (sessionstore.Farewell, error) { return other.Farewell(b.ctx(), s.ID) },
		func() (sessionstore.Farewell, error) { return other.TakeFarewell(b.ctx(), s.ID) },
	} {
		if f, err := ask(); err != nil || f != (sessionstore.Farewell{Reason: sessionstore.ReasonIdle, IDP: "corp"}) {
			b.Errorf("%+v, %v", f, err)
		}
	}
	b.untold(m, s.ID)
	// A limit that was lowered ends it unused, too.
	late := b.start(m, person(2), func(s *sessionstore.Start) { s.Limits.Idle = 4 * time.Second })
	b.Advance(1300 * time.Millisecond)
	after := b.ruled(sessionstore.Limits{Idle: time.Second, Lifetime: time.Hour}, tellsIdle)
	_, err := after.Get(b.ctx(), late.ID)
	b.refused(err, sessionstore.ErrNotFound)
	if f, err := after.Farewell(b.ctx(), late.ID); err != nil || f.Reason != sessionstore.ReasonIdle {
		b.Errorf("%+v, %v", f, err)
	}
}

// othersDoNot: whoever was signed out, in whatever way, was not idle.
func othersDoNot(b *bench) {
	m := b.manager(tellsIdle)
	for _, why := range []sessionstore.Reason{sessionstore.ReasonLogout, sessionstore.ReasonDeactivated, sessionstore.ReasonIDPRemoved, sessionstore.ReasonLifetime} {
		one := b.start(m, person(1))
		b.must(m.End(b.ctx(), one.ID, why))
		b.untold(m, one.ID)
	}
	evicted := b.start(m, person(1))
	replaced := b.start(m, person(1), func(s *sessionstore.Start) { s.Limits.MaxConcurrent = 1 })
	if f, err := m.TakeFarewell(b.ctx(), evicted.ID); err != nil || f.Reason != sessionstore.ReasonEvicted {
		b.Errorf("%+v, %v", f, err)
	}
	b.untold(m, evicted.ID)
	elsewhere := b.start(m, neighbour(person(1), false), func(s *sessionstore.Start) { s.Replaces = replaced.ID })
	b.untold(m, replaced.ID)
	b.start(m, neighbour(person(1), false), func(s *sessionstore.Start) { s.Replaces = elsewhere.ID })
	b.untold(m, elsewhere.ID)
	// By an epoch, which nobody tells the session of.
	many := b.start(m, person(2))
	_, err := b.Store.EndAll(b.ctx(), person(2).Hash(), sessionstore.ReasonOperator)
	b.must(err)
	b.untold(m, many.ID)
	all := b.start(m, person(3))
	b.must(m.EndEverything(b.ctx(), sessionstore.ReasonOperator))
	b.untold(m, all.ID)
}
