package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// pages asks for page after page, does something in between, and counts how often
// each session came.
func (b *bench) pages(m *sessionstore.Manager, most int, want func(*sessionstore.Session) bool, between func()) map[sessionstore.Handle]int {
	b.Helper()
	seen := map[sessionstore.Handle]int{}
	after := sessionstore.Handle("")
	for range 1000 {
		page, err := m.Browse(b.ctx(), after, most, want)
		b.must(err)
		if len(page.Sessions) > most {
			b.Fatalf("a page of %d", len(page.Sessions))
		}
		for _, s := range page.Sessions {
			seen[s.ID.Handle()]++
		}
		if page.Next == "" {
			return seen
		}
		if page.Next <= after {
			b.Fatalf("the page behind %q ends with %q", after, page.Next)
		}
		after = page.Next
		between()
	}
	b.Fatal("the pages never end")
	return nil
}

func browseCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"the index knows what lives": func(b *bench) {
			p, q := person(1), neighbour(person(1), false)
			one, two, other := b.create(p).Row.ID, b.create(p).Row.ID, b.create(q).Row.ID
			in := func(buckets ...sessionstore.Bucket) []sessionstore.ID {
				ids, err := b.Store.IDs(b.ctx(), buckets)
				b.must(err)
				slices.Sort(ids)
				return ids
			}
			both := []sessionstore.ID{one, two}
			slices.Sort(both)
			if got := in(one.Bucket()); !slices.Equal(got, both) {
				b.Errorf("%v, want %v", got, both)
			}
			if got := in(one.Bucket(), other.Bucket()); len(got) != 3 {
				b.Errorf("%v", got)
			}
			if got := in(); len(got) != 0 {
				b.Errorf("no bucket holds %v", got)
			}
			_, err := b.Store.End(b.ctx(), two, sessionstore.ReasonOperator)
			b.must(err)
			if got := in(one.Bucket()); !slices.Equal(got, []sessionstore.ID{one}) {
				b.Errorf("%v after an end", got)
			}
		},
		"rows are those that live": func(b *bench) {
			p, q := person(1), neighbour(person(1), false)
			one, two, other := b.create(p).Row.ID, b.create(p).Row.ID, b.create(q).Row.ID
			short := b.create(p, life(time.Second)).Row.ID
			set, err := b.Store.SetNote(b.ctx(), q.Hash(), nil, []byte("note"))
			if err != nil || !set {
				b.Fatal(set, err)
			}
			_, err = b.Store.End(b.ctx(), two, sessionstore.ReasonOperator)
			b.must(err)
			never, err := sessionstore.NewID(p)
			b.must(err)
			b.Advance(1100 * time.Millisecond)
			rows, err := b.Store.Rows(b.ctx(), []sessionstore.ID{other, never, short, two, one})
			b.must(err)
			if got := ids(rows); !slices.Equal(got, []sessionstore.ID{other, one}) {
				b.Fatalf("%v", got)
			}
			if string(rows[0].Note) != "note" || rows[1].Note != nil || string(rows[1].Body) != "body of "+string(one) || rows[1].Now.IsZero() {
				b.Errorf("%+v", rows)
			}
			b.must(b.Store.EndBucket(b.ctx(), other.Bucket(), sessionstore.ReasonOperator))
			_, err = b.Store.EndAll(b.ctx(), p.Hash(), sessionstore.ReasonOperator)
			b.must(err)
			rows, err = b.Store.Rows(b.ctx(), []sessionstore.ID{other, one})
			if err != nil || len(rows) != 0 {
				b.Errorf("%v %v", ids(rows), err)
			}
		},
		"paging is stable while sessions come, go and are used":   stablePages,
		"the sessions of one person come in pages":                onesPages,
		"a handle finds its session, and what is none finds none": handles,
		"people are listed once, with their sessions":             peopleOnce,
		"browsing passes over what is over by the limits of now": func(b *bench) {
			s := b.start(b.manager(), person(1))
			strict := b.manager(func(c *sessionstore.ManagerConfig) {
				c.Rules.Base = sessionstore.Limits{Idle: time.Hour, Lifetime: time.Millisecond}
			})
			b.Advance(5 * time.Millisecond)
			if seen := b.pages(strict, 10, nil, func() {}); len(seen) != 0 {
				b.Errorf("%s is listed: %v", s.ID, seen)
			}
		},
	}
}

// onesPages: those of nobody else are among them, and the last page says so.
func onesPages(b *bench) {
	m := b.manager()
	p, beside := person(1), neighbour(person(1), true)
	want := map[sessionstore.Handle]bool{}
	for n := range 20 {
		want[b.start(m, p, func(s *sessionstore.Start) { s.Identity.IDP = fmt.Sprintf("idp%d", n%2) }).ID.Handle()] = true
		b.start(m, beside)
	}
	after := sessionstore.Handle("")
	for turn := range 2 {
		page, err := m.BrowseOf(b.ctx(), p, after, 10, nil)
		b.must(err)
		if len(page.Sessions) != 10 || (page.Next == "") != (turn == 1) {
			b.Fatalf("%d sessions, then %q", len(page.Sessions), page.Next)
		}
		for _, s := range page.Sessions {
			if !want[s.ID.Handle()] {
				b.Errorf("%s came twice, or is somebody else's", s.ID)
			}
			delete(want, s.ID.Handle())
		}
		after = page.Next
	}
	page, err := m.BrowseOf(b.ctx(), p, "", 100, func(s *sessionstore.Session) bool { return s.Identity.IDP == "idp1" })
	if err != nil || len(page.Sessions) != 10 || page.Next != "" {
		b.Errorf("%d at idp1, then %q: %v", len(page.Sessions), page.Next, err)
	}
	if page, err = m.BrowseOf(b.ctx(), person(2), "", 100, nil); err != nil || len(page.Sessions) != 0 {
		b.Errorf("%d of nobody, %v", len(page.Sessions), err)
	}
}

// stablePages: what lives all the while comes exactly once.
func stablePages(b *bench) {
	m := b.manager()
	stays := map[sessionstore.Handle]bool{}
	var leave, used []*sessionstore.Session
	for n := range 120 {
		s := b.start(m, person(n%90), func(s *sessionstore.Start) { s.Identity.IDP = fmt.Sprintf("idp%d", n%2) })
		if n%5 == 0 {
			leave = append(leave, s)
			continue
		}
		stays[s.ID.Handle()] = true
		used = append(used, s)
	}
	n := 1000
	churn := func() {
		if len(leave) > 0 {
			b.must(m.End(b.ctx(), leave[0].ID, sessionstore.ReasonOperator))
			leave = leave[1:]
		}
		b.start(m, person(n))
		b.must(b.Store.Touch(b.ctx(), used[n%len(used)].ID, 0))
		n++
	}
	for _, most := range []int{7, 100} {
		seen := b.pages(m, most, nil, churn)
		for h, times := range seen {
			if times != 1 {
				b.Errorf("%s came %d times", h, times)
			}
		}
		for h := range stays {
			if seen[h] != 1 {
				b.Errorf("%s came %d times", h, seen[h])
			}
		}
	}
	odd := b.pages(m, 3, func(s *sessionstore.Session) bool { return s.Identity.IDP == "idp1" }, func() {})
	if len(odd) == 0 || len(odd) > 60 {
		b.Errorf("%d at idp1", len(odd))
	}
	for _, most := range []int{0, 1001} {
		if _, err := m.Browse(b.ctx(), "", most, nil); err == nil {
			b.Errorf("a page of %d", most)
		}
	}
}

func handles(b *bench) {
	m := b.manager()
	s := b.start(m, person(1))
	b.start(m, person(1))
	whole := s.ID.Handle()
	for _, h := range []sessionstore.Handle{whole, sessionstore.Handle(s.ID.Hash())} {
		found, err := m.Find(b.ctx(), h)
		if err != nil || found.ID != s.ID {
			b.Errorf("%s finds %v, %v", h, found, err)
		}
	}
	// The attack: what operators read is no session, and tells nothing of one.
	if strings.Contains(string(s.ID), s.ID.Hash()) {
		b.Error("the handle holds a part of the id")
	}
	if _, err := m.Get(b.ctx(), sessionstore.ID(whole)); !is(err, sessionstore.ErrNotFound) {
		b.Errorf("a handle is used as a session: %v", err)
	}
	elsewhere := sessionstore.Bucket(byte(s.ID.Bucket())+1).String() + string(whole[4:])
	for _, bad := range []string{"", elsewhere, string(whole) + "x", string(s.ID), "b999" + string(whole[4:]), "*", strings.Repeat("\n", 16), strings.Repeat("A", 16)} {
		if _, err := m.Find(b.ctx(), sessionstore.Handle(bad)); !is(err, sessionstore.ErrNotFound) {
			b.Errorf("%q finds something: %v", bad, err)
		}
	}
	b.must(m.End(b.ctx(), s.ID, sessionstore.ReasonOperator))
	_, err := m.Find(b.ctx(), whole)
	b.refused(err, sessionstore.ErrNotFound)
}

func peopleOnce(b *bench) {
	m := b.manager()
	for n := range 70 {
		b.start(m, person(n%50))
	}
	for _, most := range []int{1, 7, 1000} {
		seen, sessions, after := map[identity.Person]int{}, 0, ""
		for {
			page, err := m.People(b.ctx(), after, most)
			b.must(err)
			for _, p := range page.People {
				seen[p.Person]++
				sessions += len(p.Sessions)
			}
			if page.Next == "" {
				break
			}
			after = page.Next
		}
		if len(seen) != 50 || sessions != 70 {
			b.Errorf("pages of %d: %d people, %d sessions", most, len(seen), sessions)
		}
		for p, times := range seen {
			if times != 1 {
				b.Errorf("%s came %d times", p.Hash(), times)
			}
		}
	}
}
