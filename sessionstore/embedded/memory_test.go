package embedded

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

const ana identity.Person = "ana@example.com"

// What is over is freed, a bounded number with each call, and takes no memory.
func TestSweep(t *testing.T) {
	now := time.Unix(1772355600, 0)
	s := New(func() time.Time { return now })
	ctx := t.Context()
	const many = 3 * sweepMost
	for i := range many {
		id, err := sessionstore.NewID(ana)
		if err != nil {
			t.Fatal(err)
		}
		c := sessionstore.Create{ID: id, Person: ana.Hash(), Idle: time.Minute, Interval: time.Second, Lifetime: time.Hour}
		if _, err := s.Create(ctx, c); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, fmt.Sprint(i), nil, time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Claim(ctx, fmt.Sprint(i), "me", time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	held := func() int { return len(s.sessions) + len(s.once) + len(s.claims) }
	now = now.Add(time.Hour)
	if _, err := s.Take(ctx, fmt.Sprint(many/2)); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("took a token that is over: %v", err)
	}
	if first, err := s.Claim(ctx, fmt.Sprint(many/2), "you", time.Hour); !first || err != nil {
		t.Errorf("a claim that is over still counts: %v", err)
	}
	if n := held(); n < 3*many-2*sweepMost-2 {
		t.Errorf("two calls freed %d", 3*many-n)
	}
	for range 3 * many / sweepMost {
		if err := s.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if held() != 1 || len(s.persons) != 0 || len(s.ends) != 2 { // the new claim, under its old ending too
		t.Errorf("%d things, %d persons and %d endings are held", held(), len(s.persons), len(s.ends))
	}
}

// Who listens too slowly is cut off and told, and nothing is left of a watch.
func TestSlowWatch(t *testing.T) {
	s := New(time.Now)
	ready, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() { // ends by release
		done <- s.Watch(context.Background(), func(i sessionstore.Invalidation) {
			if i.Scope == sessionstore.ScopeReady {
				close(ready)
				<-release
			}
		})
	}()
	<-ready
	for range watchBehind + 1 {
		if err := s.EndBucket(t.Context(), 0, sessionstore.ReasonOperator); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	if err := <-done; !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("a watch that missed something ended with %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Watch(ctx, func(sessionstore.Invalidation) { cancel() }); !errors.Is(err, context.Canceled) || len(s.watchers) != 0 {
		t.Errorf("%v, %d watchers are left", err, len(s.watchers))
	}
}
