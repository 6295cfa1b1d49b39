// Package storetest checks that a store keeps the promises of
// [sessionstore.Store], and that sessions over it behave as operators read in
// their documents. It also starts real Redis servers for tests.
package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Harness is a store under test, empty, and a way to let its time pass.
type Harness struct {
	Store   sessionstore.Store
	Now     func() time.Time    // the local clock, for managers
	Advance func(time.Duration) // returns when so much time has passed for the store
	Slack   time.Duration       // by how much Advance may come back late
}

// RealTime returns the clock and the patience for a store that cannot be given
// a clock.
func RealTime() (now func() time.Time, advance func(time.Duration)) {
	return time.Now, func(d time.Duration) { <-time.NewTimer(d).C }
}

// Run runs the whole suite; newHarness is called once for each case and cleans
// up by t.Cleanup. Cases run in parallel.
func Run(t *testing.T, newHarness func(*testing.T) Harness) {
	runCases(t, newHarness, func(string) bool { return true })
}

func runCases(t *testing.T, newHarness func(*testing.T) Harness, wanted func(string) bool) {
	cases := map[string]func(*bench){}
	for _, group := range []map[string]func(*bench){createCases(), timeCases(), endCases(), tokenCases(), listCases(), watchCases(), managerCases(), raceCases(), attackCases(), nameCases(), namedCases(), keptCases(), noteCases(), browseCases(), limitCases(), farewellCases()} {
		for name, run := range group {
			cases[name] = run
		}
	}
	for name, run := range cases {
		if !wanted(name) {
			continue
		}
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			run(&bench{T: t, Harness: newHarness(t)})
		})
	}
}

// bench is one case with its store.
type bench struct {
	*testing.T
	Harness
}

func (b *bench) ctx() context.Context { return b.Context() }

// must fails the case on an error.
func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// person returns somebody; the same number is the same person.
func person(n int) identity.Person {
	return identity.Person(fmt.Sprintf("person%d@example.com", n))
}

// neighbour returns another person in the same bucket as p, or in another one.
func neighbour(p identity.Person, same bool) identity.Person {
	for n := 1000; ; n++ {
		if q := person(n); (sessionstore.BucketOf(q.Hash()) == sessionstore.BucketOf(p.Hash())) == same {
			return q
		}
	}
}

// request returns a Create for p with an hour of idle time and a new id.
func (b *bench) request(p identity.Person, change ...func(*sessionstore.Create)) sessionstore.Create {
	b.Helper()
	id, err := sessionstore.NewID(p)
	b.must(err)
	epochs, err := b.Store.Epochs(b.ctx(), p.Hash())
	b.must(err)
	c := sessionstore.Create{ID: id, Person: p.Hash(), Epochs: epochs, Lifetime: 12 * time.Hour, Body: []byte("body of " + string(id))}
	idle(time.Hour)(&c)
	for _, f := range change {
		f(&c)
	}
	return c
}

func idle(d time.Duration) func(*sessionstore.Create) {
	return func(c *sessionstore.Create) { c.Idle, c.Interval = d, sessionstore.Interval(d) }
}

func life(d time.Duration) func(*sessionstore.Create) {
	return func(c *sessionstore.Create) { c.Lifetime = d }
}

func limit(n int, on sessionstore.OnLimit) func(*sessionstore.Create) {
	return func(c *sessionstore.Create) { c.MaxConcurrent, c.OnLimit = n, on }
}

func replaces(id sessionstore.ID) func(*sessionstore.Create) {
	return func(c *sessionstore.Create) { c.Replaces = id }
}

// create adds a session of p.
func (b *bench) create(p identity.Person, change ...func(*sessionstore.Create)) sessionstore.Created {
	b.Helper()
	created, err := b.Store.Create(b.ctx(), b.request(p, change...))
	b.must(err)
	return created
}

// alive and gone check whether sessions load.
func (b *bench) alive(ids ...sessionstore.ID) {
	b.Helper()
	for _, id := range ids {
		if _, err := b.Store.Load(b.ctx(), id); err != nil {
			b.Errorf("%s: %v; want it alive", id, err)
		}
	}
}

func (b *bench) gone(ids ...sessionstore.ID) {
	b.Helper()
	for _, id := range ids {
		if _, err := b.Store.Load(b.ctx(), id); !is(err, sessionstore.ErrNotFound) {
			b.Errorf("%s: %v; want it gone", id, err)
		}
	}
}

// listed checks which sessions of p are listed, in order.
func (b *bench) listed(p identity.Person, want ...sessionstore.ID) {
	b.Helper()
	rows, err := b.Store.List(b.ctx(), p.Hash())
	b.must(err)
	got := ids(rows)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		b.Errorf("listed %v, want %v", got, want)
	}
}

// ended checks what a Create ended, in order.
func (b *bench) ended(c sessionstore.Created, why sessionstore.Reason, want ...sessionstore.ID) {
	b.Helper()
	var got []sessionstore.ID
	for _, e := range c.Ended {
		got = append(got, e.ID)
		if e.Reason != why || string(e.Body) != "body of "+string(e.ID) {
			b.Errorf("%s ended by %v with body %q", e.ID, e.Reason, e.Body)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		b.Errorf("ended %v, want %v", got, want)
	}
	b.gone(want...)
}

func (b *bench) refused(err, want error) {
	b.Helper()
	if !is(err, want) {
		b.Errorf("got %v, want %v", err, want)
	}
}

func ids(rows []sessionstore.Row) []sessionstore.ID {
	var all []sessionstore.ID
	for _, r := range rows {
		all = append(all, r.ID)
	}
	return all
}
