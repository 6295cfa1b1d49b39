package redis

import (
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

const million = 1_000_000

// BenchmarkMillion shows what a million sessions take of a real server, what
// operators wait for among them, and what is left when they have expired. It
// takes some minutes and 3 GB, and fails where a figure is missed.
func BenchmarkMillion(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		c := newCrowd(b, false)
		c.signIn(million, c.person, sessionstore.Limits{Idle: 12 * time.Hour, Lifetime: 12 * time.Hour, MaxConcurrent: 3})
		c.costs(million)
	})
	b.Run("single-logout", func(b *testing.B) {
		c := newCrowd(b, true)
		began := time.Now()
		c.signIn(million, c.person, sessionstore.Limits{Idle: 12 * time.Hour, Lifetime: 12 * time.Hour, MaxConcurrent: 3})
		b.Logf("signed in within %v", time.Since(began).Round(time.Second))
		c.costs(million)
		b.Run("operators", func(b *testing.B) { // of its own, as no more than ten lines are printed of one
			c.TB = b
			c.operate(b)
		})
	})
	b.Run("expired", func(b *testing.B) {
		for name, l := range map[string]sessionstore.Limits{
			"over": {Idle: time.Minute, Lifetime: time.Minute, MaxConcurrent: 3},
			"idle": {Idle: time.Minute, Lifetime: 12 * time.Hour, MaxConcurrent: 3},
		} {
			b.Run(name, func(b *testing.B) {
				c := newCrowd(b, name == "over")
				c.signIn(million, c.person, l)
				c.empties(10 * time.Minute)
			})
		}
	})
}

// operate does among a million sessions what operators do.
func (c *crowd) operate(b *testing.B) {
	m := managerOver(b, c.Store)
	ctx := b.Context()
	page, err := m.Browse(ctx, "b100."+"________________", 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	busy := c.person(million)
	c.signIn(1000, func(int) identity.Person { return busy }, sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour})
	c.within("a page of 100", 10*time.Millisecond, 20, func() error {
		_, err := m.Browse(ctx, page.Next, 100, nil)
		return err
	})
	c.within("a page of 100 of one person", 10*time.Millisecond, 20, func() error {
		page, err := m.BrowseOf(ctx, busy, "", 100, nil)
		if len(page.Sessions) != 100 {
			c.Errorf("%d sessions", len(page.Sessions))
		}
		return err
	})
	c.within("one person", 10*time.Millisecond, 20, func() error { _, err := m.BrowseOf(ctx, c.person(7), "", 100, nil); return err })
	c.within("all of another identity provider", 30*time.Second, 1, func() error {
		return c.scan(m, func(s *sessionstore.Session) bool { return s.Identity.IDP == "other" })
	})
	signed := 0
	c.withinAfter(func() { // the first were signed in above
		if signed++; signed > 1 {
			startAll(b, m, slicesOf(busy, 1000))
		}
	}, "the end of the 1,000 sessions of a person", 50*time.Millisecond, 3, func() error {
		n, err := m.EndAll(ctx, busy, sessionstore.ReasonOperator)
		if err == nil && n != 1000 {
			c.Errorf("%d ended", n)
		}
		return err
	})
	c.within("the end of everything", 2*time.Second, 1, func() error { return m.EndEverything(ctx, sessionstore.ReasonOperator) })
}

// scan looks at every session, page by page.
func (c *crowd) scan(m *sessionstore.Manager, want func(*sessionstore.Session) bool) error {
	after := sessionstore.Handle("")
	for {
		page, err := m.Browse(c.Context(), after, sessionstore.MaxRows, want)
		if err != nil || page.Next == "" {
			return err
		}
		after = page.Next
	}
}

// within prints how long the fastest of some tries takes; the machine may be
// busy with something else.
func (c *crowd) within(what string, most time.Duration, tries int, do func() error) {
	c.Helper()
	c.withinAfter(func() {}, what, most, tries, do)
}

// withinAfter is within for what needs something done before each try.
func (c *crowd) withinAfter(before func(), what string, most time.Duration, tries int, do func() error) {
	c.Helper()
	best := time.Hour
	for range tries {
		before()
		began := time.Now()
		if err := do(); err != nil {
			c.Fatal(what, err)
		}
		best = min(best, time.Since(began))
	}
	c.Logf("%-42s %8.1f ms (at most %v)", what, float64(best)/1e6, most)
	if best > most {
		c.Errorf("%s took %v", what, best)
	}
}
