package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

const persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

// by makes a sign-in one with this NameID and SessionIndex.
func by(value, index string) func(*sessionstore.Start) {
	return func(s *sessionstore.Start) {
		s.Identity.NameID = identity.NameID{Value: value, Format: persistent}
		s.Identity.Authn.SessionIndex = index
	}
}

func named(value string, indexes ...string) sessionstore.Named {
	return sessionstore.Named{IDP: "corp", Issuer: "urn:corp", NameID: identity.NameID{Value: value, Format: persistent}, Indexes: indexes}
}

// logsOut ends the sessions of n and checks how many.
func (b *bench) logsOut(m *sessionstore.Manager, n sessionstore.Named, want int) {
	b.Helper()
	got, err := m.EndNamed(b.ctx(), n, sessionstore.ReasonSingleLogout)
	if err != nil || got != want {
		b.Errorf("ended %d, %v; want %d", got, err, want)
	}
}

func namedCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"single logout ends what it names, and tells": func(b *bench) {
			var told ends
			here, there := b.manager(), b.manager(tells(&told)) // another replica
			first, second := b.start(here, person(1), by("n", "i1")), b.start(here, person(1), by("n", "i2"))
			third := b.start(here, person(2), by("n", "i3")) // the same name, whoever the e-mail says it is
			other := b.start(here, person(1), by("m", "i1"))
			b.logsOut(there, named("n", "i2", "i9", "i2"), 1)
			b.gone(second.ID)
			b.alive(first.ID, third.ID, other.ID)
			b.logsOut(there, named("n", "i2"), 0) // idempotent
			b.logsOut(there, named("n"), 2)
			b.gone(first.ID, third.ID)
			b.alive(other.ID)
			if len(told.all) != 3 || told.all[0].Reason != sessionstore.ReasonSingleLogout || told.all[0].ID != second.ID {
				b.Errorf("told %v", told.all)
			}
			b.logsOut(there, sessionstore.Named{IDP: "corp"}, 0)
			b.logsOut(there, sessionstore.Named{NameID: identity.NameID{Value: "m", Format: persistent}}, 0)
			b.alive(other.ID)
		},
		"single logout ends nobody else":           endsNobodyElse,
		"entries that somebody forged end nobody":  forgedEntries,
		"a logout as a session starts":             logoutAsItStarts,
		"a sign-in that a logout has overtaken":    overtaken,
		"what single logout cannot read is ended":  unreadable,
		"single logout and a store that goes away": logoutInterrupted,
		"the index shrinks with its sessions":      indexShrinks,
		"sign-ins race single logout":              raceLogout,
		"thousands of sessions of one NameID":      thousands,
		"without a NameID nobody is in the index":  func(b *bench) { b.start(b.manager(), person(1), by("", "i")) },
	}
}

// Each differs from the session in one thing.
func endsNobodyElse(b *bench) {
	m := b.manager()
	s := b.start(m, person(1), func(s *sessionstore.Start) {
		s.Identity.NameID = identity.NameID{Value: "n", Format: persistent, NameQualifier: "urn:corp", SPNameQualifier: "urn:sp"}
		s.Identity.Authn.SessionIndex = "i"
	})
	for _, change := range []func(*sessionstore.Named){
		func(n *sessionstore.Named) { n.IDP = "other" },
		func(n *sessionstore.Named) { n.IDP = "cor" },
		func(n *sessionstore.Named) { n.NameID.Value = "N" },
		func(n *sessionstore.Named) { n.NameID.Value = "n " },
		func(n *sessionstore.Named) { n.NameID.Format = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" },
		func(n *sessionstore.Named) { n.NameID.NameQualifier = "urn:other" },
		func(n *sessionstore.Named) { n.NameID.SPNameQualifier = "urn:other" },
		func(n *sessionstore.Named) { n.Issuer = "urn:other" }, // whose left-out qualifier means itself
		func(n *sessionstore.Named) { n.Indexes = []string{"I", "i "} },
		func(n *sessionstore.Named) { n.Indexes = []string{""} },
	} {
		n := named("n", "i")
		change(&n)
		b.logsOut(m, n, 0)
	}
	b.alive(s.ID)
	b.logsOut(m, named("n", "i"), 1)
}

// Who can write the index makes it name the sessions of others.
func forgedEntries(b *bench) {
	spy := &clerk{Store: b.Store}
	m := b.manager(over(spy))
	others := []*sessionstore.Session{
		b.start(m, person(2), by("victim", "i")),
		b.start(m, person(2), by("n", "i"), func(s *sessionstore.Start) { s.Identity.IDP = "other" }),
		b.start(m, person(2), by("n", "j")),
	}
	mine := b.start(m, person(1), by("n", "i"))
	for _, hers := range others {
		forged := spy.last
		forged.ID = hers.ID
		b.must(b.Store.Delist(b.ctx(), spy.name, []sessionstore.Entry{{ID: hers.ID, Index: sessionstore.HashIndex(hers.Identity.Authn.SessionIndex)}}))
		_, err := b.Store.Enlist(b.ctx(), spy.name, forged, time.Hour)
		b.must(err)
	}
	b.logsOut(m, named("n", "i"), 1)
	b.gone(mine.ID)
	b.alive(others[0].ID, others[1].ID, others[2].ID)
	b.logsOut(m, named("n"), 1)
	b.alive(others[0].ID, others[1].ID)
	b.gone(others[2].ID)
}

// A logout comes between the index entry and the session, then right after it.
func logoutAsItStarts(b *bench) {
	for _, n := range []sessionstore.Named{named("n"), named("n", "i")} {
		for _, late := range []bool{false, true} {
			spy := &clerk{Store: b.Store}
			m := b.manager(over(spy))
			logout := func() {
				spy.before, spy.after = nil, nil
				if _, err := b.manager().EndNamed(b.ctx(), n, sessionstore.ReasonSingleLogout); err != nil {
					b.Error(err)
				}
			}
			if spy.before = logout; late {
				spy.before, spy.after = nil, logout
			}
			_, err := m.Start(b.ctx(), b.signIn(m, person(1), by("n", "i")))
			b.refused(err, sessionstore.ErrEpochMoved)
			b.listed(person(1))
			b.gone(spy.created)
			// Neither does it stand in the way of the next, nor of others.
			spy.before = func() {
				if _, err := b.manager().EndNamed(b.ctx(), named("n", "another"), sessionstore.ReasonSingleLogout); err != nil {
					b.Error(err)
				}
			}
			next := b.start(m, person(1), by("n", "i"))
			b.logsOut(m, named("n"), 1)
			b.gone(next.ID)
		}
	}
}

// SAML Core §3.7.3.2: the assertion was on its way when the logout came.
func overtaken(b *bench) {
	m := b.manager()
	at := b.Now().Truncate(time.Second)
	issued := func(index string, d time.Duration) func(*sessionstore.Start) {
		return func(s *sessionstore.Start) {
			by("n", index)(s)
			s.Identity.Authn.Issued = at.Add(d)
		}
	}
	refused := func(change func(*sessionstore.Start)) {
		b.Helper()
		_, err := m.Start(b.ctx(), b.signIn(m, person(1), change))
		b.refused(err, sessionstore.ErrEpochMoved)
	}
	one := named("n", "i")
	one.Issued = at
	b.logsOut(m, one, 0)
	refused(issued("i", -time.Minute))
	refused(issued("i", 0))
	b.start(m, person(1), issued("j", -time.Minute))
	b.start(m, person(1), issued("i", time.Second)) // a new sign-in
	all := named("n")
	all.Issued = at
	b.logsOut(m, all, 2)
	refused(issued("j", -time.Minute))
	b.start(m, person(1), issued("j", time.Second))
	b.start(m, person(1), by("n", "j")) // nobody knows when
	b.start(m, person(1), func(s *sessionstore.Start) { issued("j", -time.Minute)(s); s.Identity.IDP = "other" })
}

// A record of another release, or sealed with a key that is not ours: a replica
// may serve it, so it ends.
func unreadable(b *bench) {
	m := b.manager()
	foreign := b.start(b.manager(keys(9)), person(1), by("n", "i"))
	b.logsOut(m, named("n"), 1)
	b.gone(foreign.ID)
	newer := b.start(m, person(1), by("n", "i"))
	b.logsOut(b.manager(over(&clerk{Store: b.Store, format: true})), named("n", "j"), 0)
	b.alive(newer.ID)
	b.logsOut(b.manager(over(&clerk{Store: b.Store, format: true})), named("n", "i"), 1)
	b.gone(newer.ID)
}

// What was not ended is found again by whoever asks again.
func logoutInterrupted(b *bench) {
	store := &meddler{Store: b.Store}
	m := b.manager(over(store))
	for i := range 5 {
		b.start(m, person(1), by("n", fmt.Sprint("i", i)))
	}
	store.failing = 1
	ended, err := m.EndNamed(b.ctx(), named("n"), sessionstore.ReasonSingleLogout)
	b.refused(err, sessionstore.ErrUnavailable)
	b.logsOut(m, named("n"), 5-ended)
	b.listed(person(1))
	// A sign-in that cannot be confirmed holds no place.
	spy := &clerk{Store: b.Store}
	spy.after = func() { spy.away = true }
	m = b.manager(over(spy))
	_, err = m.Start(b.ctx(), b.signIn(m, person(1), by("n", "i")))
	b.refused(err, sessionstore.ErrUnavailable)
	b.listed(person(1))
}

// However a session ends, its entry goes with it or soon after.
func indexShrinks(b *bench) {
	spy := &clerk{Store: b.Store}
	m := b.manager(over(spy))
	one := func(s *sessionstore.Start) { by("n", "i")(s); s.Limits.MaxConcurrent = 1 }
	last := b.start(m, person(1), one)
	for range 20 {
		s := b.start(m, person(1), one) // evicts
		b.must(m.End(b.ctx(), s.ID, sessionstore.ReasonLogout))
		s = b.start(m, person(1), one)
		last = b.start(m, person(1), one, func(n *sessionstore.Start) { n.Replaces = s.ID })
	}
	deny := func(s *sessionstore.Start) { one(s); s.Limits.OnLimit = sessionstore.Deny }
	_, err := m.Start(b.ctx(), b.signIn(m, person(1), deny))
	b.refused(err, sessionstore.ErrLimit)
	left := func(want int) {
		b.Helper()
		entries, err := b.Store.Listed(b.ctx(), spy.name, nil, sessionstore.Entry{})
		b.must(err)
		if len(entries) != want {
			b.Errorf("%d entries are left, want %d", len(entries), want)
		}
	}
	left(1)
	b.alive(last.ID)
	if _, err := m.EndAll(b.ctx(), person(1), sessionstore.ReasonOperator); err != nil {
		b.Error(err)
	}
	left(0)
	// Ended unheard, an entry stays until the session would have been over.
	for range 60 {
		s := b.start(m, person(1), by("n", "i"), func(s *sessionstore.Start) { s.Limits.Lifetime = time.Second })
		_, err := b.Store.End(b.ctx(), s.ID, sessionstore.ReasonLogout)
		b.must(err)
	}
	b.Advance(2100 * time.Millisecond)
	for range 4 {
		b.must(m.End(b.ctx(), b.start(m, person(1), by("n", "i")).ID, sessionstore.ReasonLogout))
	}
	left(0)
}

// raceLogout signs in while others log out: who started lives or was ended by a
// logout, and after a last logout nobody lives.
func raceLogout(b *bench) {
	replicas := []*sessionstore.Manager{b.manager(), b.manager()}
	in := b.signIn(replicas[0], person(1), by("n", "i"))
	var started, refused, ended atomic.Int64
	together(100, func(i int) {
		m := replicas[i%2]
		if i%5 == 0 {
			n, err := m.EndNamed(b.ctx(), named("n"), sessionstore.ReasonSingleLogout)
			for errors.Is(err, sessionstore.ErrUnavailable) {
				ended.Add(int64(n))
				n, err = m.EndNamed(b.ctx(), named("n"), sessionstore.ReasonSingleLogout)
			}
			ended.Add(int64(n))
			return
		}
		switch err := patiently(func() error { _, err := m.Start(b.ctx(), in); return err }); {
		case err == nil:
			started.Add(1)
		case errors.Is(err, sessionstore.ErrEpochMoved):
			refused.Add(1)
		default:
			b.Error(err)
		}
	})
	n, err := replicas[0].EndNamed(b.ctx(), named("n"), sessionstore.ReasonSingleLogout)
	b.must(err)
	b.listed(person(1))
	if total := ended.Load() + int64(n); total < started.Load() {
		b.Errorf("%d started and %d refused, but only %d were ended", started.Load(), refused.Load(), total)
	}
}

// An identity provider may send one NameID for everybody.
func thousands(b *bench) {
	const many = sessionstore.MaxRows + 500
	m := b.manager()
	var all []sessionstore.ID
	for i := range many {
		all = append(all, b.start(m, person(i), by("everybody", fmt.Sprint(i))).ID)
	}
	begun := time.Now()
	b.logsOut(m, named("everybody", "7"), 1)
	one := time.Since(begun)
	b.logsOut(m, named("everybody"), many-1)
	b.Logf("one of %d ended in %v, the others in %v", many, one, time.Since(begun)-one)
	b.gone(all[0], all[7], all[many-1])
}

// clerk is a store that notes and disturbs how sessions come to be.
type clerk struct {
	sessionstore.Store
	name          sessionstore.NameHash // of the last that was enlisted
	last          sessionstore.Entry
	created       sessionstore.ID
	before, after func() // around the next Create
	away          bool   // for entries
	format        bool   // records are of another release
}

// Enlist notes who.
func (c *clerk) Enlist(ctx context.Context, n sessionstore.NameHash, e sessionstore.Entry, ttl time.Duration) ([]sessionstore.Logout, error) {
	c.name, c.last = n, e
	if c.away {
		return nil, sessionstore.ErrUnavailable
	}
	return c.Store.Enlist(ctx, n, e, ttl)
}

// Create creates between before and after.
func (c *clerk) Create(ctx context.Context, in sessionstore.Create) (sessionstore.Created, error) {
	c.created = in.ID
	if c.before != nil {
		c.before()
	}
	created, err := c.Store.Create(ctx, in)
	if c.after != nil {
		c.after()
	}
	return created, err
}

// Load may find a record of another release.
func (c *clerk) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	row, err := c.Store.Load(ctx, id)
	if err == nil && c.format {
		return sessionstore.Row{ID: id, Record: sessionstore.Record{Format: 99}, Now: row.Now}, sessionstore.ErrFormat
	}
	return row, err
}
