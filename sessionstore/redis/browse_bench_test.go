package redis

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// asDense is how many sessions of a million are in one bucket.
const asDense = 1_000_000 / sessionstore.Buckets

// inFirstBucket returns different people of bucket 0.
func inFirstBucket(n int) []identity.Person {
	var all []identity.Person
	for i := 0; len(all) < n; i++ {
		if p := identity.Person(fmt.Sprintf("person%d@example.com", i)); sessionstore.BucketOf(p.Hash()) == 0 {
			all = append(all, p)
		}
	}
	return all
}

func startAll(b *testing.B, m *sessionstore.Manager, people []identity.Person) {
	b.Helper()
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for i := worker; i < len(people); i += 4 {
				epochs, err := m.Epochs(b.Context(), people[i])
				if err == nil {
					_, err = m.Start(b.Context(), sessionstore.Start{
						Identity: identity.Identity{IDP: "corp", Person: people[i], Email: identity.Email(people[i]), FirstName: "Ana", LastName: "Souza", Roles: []string{"staff", "wiki"}},
						Epochs:   epochs, Limits: sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
					})
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
}

// BenchmarkOperators shows what operators wait for where a bucket is as full as
// with a million sessions: a page of 100, all of a bucket (a 256th of a scan), one
// session by its id, and the end of the 1,000 sessions of one person.
func BenchmarkOperators(b *testing.B) {
	s, err := New(Options{Addr: storetest.StartRedis(b), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{Store: s, Keys: [][]byte{key}, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	people := inFirstBucket(asDense)
	startAll(b, m, people)
	page, err := m.Browse(b.Context(), "", 100, nil)
	if err != nil || len(page.Sessions) != 100 {
		b.Fatal(len(page.Sessions), err)
	}
	middle := page.Next
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			if page, err := m.Browse(b.Context(), middle, 100, nil); err != nil || len(page.Sessions) != 100 {
				b.Fatal(len(page.Sessions), err)
			}
		}
	})
	b.Run("user", func(b *testing.B) {
		for b.Loop() {
			if all, err := m.List(b.Context(), people[7]); err != nil || len(all) != 1 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("bucket", func(b *testing.B) {
		for b.Loop() {
			if page, err := m.Browse(b.Context(), "", 1000, func(s *sessionstore.Session) bool { return s.Identity.IDP == "other" }); err != nil || len(page.Sessions) != 0 {
				b.Fatal(len(page.Sessions), err)
			}
		}
	})
	b.Run("find", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Find(b.Context(), middle); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("end1000", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			startAll(b, m, slicesOf(people[3], 1000))
			b.StartTimer()
			if n, err := m.EndAll(b.Context(), people[3], sessionstore.ReasonOperator); err != nil || n < 1000 {
				b.Fatal(n, err)
			}
		}
	})
}

func slicesOf(p identity.Person, n int) []identity.Person {
	all := make([]identity.Person, n)
	for i := range all {
		all[i] = p
	}
	return all
}
