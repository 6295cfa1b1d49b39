package redis

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// BenchmarkReplicas shows what a hundred gateways that hear of ends ask of one
// server, and how long it takes until the last of them has heard of one.
func BenchmarkReplicas(b *testing.B) {
	const replicas = 100
	addr := storetest.StartRedis(b)
	c := &crowd{Store: storeAt(b, addr), TB: b}
	ctx, cancel := context.WithCancel(context.Background())
	var watching, ready sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	heard := make(chan struct{}, replicas)
	for range replicas {
		s := storeAt(b, addr)
		ready.Add(1)
		watching.Go(func() { // ends by cancel
			_ = s.Watch(ctx, func(i sessionstore.Invalidation) {
				switch i.Scope {
				case sessionstore.ScopeReady:
					ready.Done()
				case sessionstore.ScopeSession:
					heard <- struct{}{}
				}
			})
		})
	}
	ready.Wait()
	quiet := c.busy()
	time.Sleep(2 * time.Second) // nothing but heartbeats
	share := float64(c.busy()-quiet) / float64(2*time.Second)
	for b.Loop() {
		id, err := sessionstore.NewID(identity.Person("ana@example.com"))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = c.End(ctx, id, sessionstore.ReasonOperator) // told even where nothing was live
		for range replicas {
			<-heard
		}
	}
	b.ReportMetric(100*share, "%core-of-all-heartbeats")
}

func storeAt(b *testing.B, addr string) *Store {
	b.Helper()
	s, err := New(Options{Addr: addr, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkDense does what operators do where a bucket is as full as with ten
// million sessions.
func BenchmarkDense(b *testing.B) {
	c := newCrowd(b, true)
	people := inFirstBucket(10 * asDense)
	c.signIn(len(people), func(i int) identity.Person { return people[i] }, sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour, MaxConcurrent: 3})
	m := managerOver(b, c.Store)
	page, err := m.Browse(b.Context(), "", 100, nil)
	if err != nil {
		b.Fatal(err)
	}
	c.within("a page of 100", time.Second, 20, func() error { _, err := m.Browse(b.Context(), page.Next, 100, nil); return err })
	c.within("one session by its id", time.Second, 20, func() error { _, err := m.Find(b.Context(), page.Next); return err })
	c.within("one person", time.Second, 20, func() error { _, err := m.BrowseOf(b.Context(), people[7], "", 100, nil); return err })
	c.within("a sign-in", time.Second, 20, func() error { startAll(b, m, people[:1]); return nil })
	c.within("a 256th of a scan", 10*time.Second, 1, func() error {
		return c.scan(m, func(s *sessionstore.Session) bool { return s.Identity.IDP == "other" })
	})
}
