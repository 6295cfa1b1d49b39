package redis

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

const ana identity.Person = "ana@example.com"

func request(t *testing.T, s *Store) sessionstore.Create {
	t.Helper()
	id, err := sessionstore.NewID(ana)
	if err != nil {
		t.Fatal(err)
	}
	epochs, err := s.Epochs(t.Context(), ana.Hash())
	if err != nil {
		t.Fatal(err)
	}
	return sessionstore.Create{ID: id, Person: ana.Hash(), Epochs: epochs, Idle: time.Hour, Interval: 30 * time.Second, Lifetime: 12 * time.Hour, Body: []byte("body")}
}

func create(t *testing.T, s *Store) sessionstore.ID {
	t.Helper()
	c := request(t, s)
	if _, err := s.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// everything asks a store for each thing it can do, and wants one answer.
func everything(t *testing.T, s *Store, id sessionstore.ID, want error) {
	t.Helper()
	ctx, hash := t.Context(), ana.Hash()
	calls := map[string]func() error{
		"epochs":  func() error { _, err := s.Epochs(ctx, hash); return err },
		"create":  func() error { _, err := s.Create(ctx, sessionstore.Create{ID: id, Person: hash}); return err },
		"load":    func() error { _, err := s.Load(ctx, id); return err },
		"touch":   func() error { return s.Touch(ctx, id, 0) },
		"end":     func() error { _, err := s.End(ctx, id, sessionstore.ReasonLogout); return err },
		"end all": func() error { _, err := s.EndAll(ctx, hash, sessionstore.ReasonLogout); return err },
		"bucket":  func() error { return s.EndBucket(ctx, 0, sessionstore.ReasonLogout) },
		"list":    func() error { _, err := s.List(ctx, hash); return err },
		"put":     func() error { return s.Put(ctx, "k", nil, time.Minute) },
		"take":    func() error { _, err := s.Take(ctx, "k"); return err },
		"keep":    func() error { _, err := s.Keep(ctx, "k", nil, time.Minute); return err },
		"claim":   func() error { _, err := s.Claim(ctx, "k", "c", time.Minute); return err },
		"claimed": func() error { _, err := s.Claimed(ctx, "k"); return err },
		"enlist": func() error {
			_, err := s.Enlist(ctx, sessionstore.NameHash{}, sessionstore.Entry{ID: id}, time.Hour)
			return err
		},
		"delist": func() error {
			return s.Delist(ctx, sessionstore.NameHash{}, []sessionstore.Entry{{ID: id}})
		},
		"logout": func() error { return s.NoteLogout(ctx, sessionstore.NameHash{}, []sessionstore.Logout{{All: true}}) },
		"listed": func() error {
			_, err := s.Listed(ctx, sessionstore.NameHash{}, nil, sessionstore.Entry{})
			return err
		},
		"watch": func() error { return s.Watch(ctx, func(sessionstore.Invalidation) {}) },
		"ping":  func() error { return s.Ping(ctx) },
		"ready": func() error { _, err := s.Prerequisites(ctx); return err },
	}
	for name, call := range calls {
		start := time.Now()
		err := call()
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if !errors.Is(err, want) || strings.Contains(err.Error(), string(id)) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestKilledAndBack(t *testing.T) {
	server := storetest.NewRedis(t)
	s := open(t, server.Addr, "")
	id := create(t, s)
	lost := make(chan error, 1)
	ready := make(chan struct{}, 1)
	go func() { // ends when the server does
		lost <- s.Watch(t.Context(), func(i sessionstore.Invalidation) {
			if i.Scope == sessionstore.ScopeReady {
				ready <- struct{}{}
			}
		})
	}()
	<-ready
	server.Kill(t)
	everything(t, s, id, sessionstore.ErrUnavailable)
	select {
	case err := <-lost:
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("the watch ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the watch did not notice")
	}
	server.Start(t)
	storetest.Eventually(t, 5*time.Second, "the store is back", func() bool { return s.Ping(t.Context()) == nil })
	create(t, s) // the scripts are loaded anew
	if _, err := s.Load(t.Context(), id); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("a session of the lost server: %v", err)
	}
}

// A frozen server holds the first few calls for a moment and no others.
func TestFrozen(t *testing.T) {
	server := storetest.NewRedis(t)
	s := open(t, server.Addr, "")
	id := create(t, s)
	server.Freeze(t)
	var slow int
	for range 50 {
		start := time.Now()
		if _, err := s.Load(t.Context(), id); !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Fatalf("a frozen server gave %v", err)
		}
		if took := time.Since(start); took > 2500*time.Millisecond {
			t.Errorf("a call took %v", took)
		} else if took > 100*time.Millisecond {
			slow++
		}
	}
	if slow > 2*breakAfter {
		t.Errorf("%d of 50 calls were slow", slow)
	}
	server.Thaw(t)
	storetest.Eventually(t, 5*time.Second, "the session is back", func() bool { _, err := s.Load(t.Context(), id); return err == nil })
}

// A watch on a server that is frozen, with its connection open, hears nothing
// and must not look as if nothing happened.
func TestFrozenWatch(t *testing.T) {
	t.Parallel()
	server := storetest.NewRedis(t)
	s := open(t, server.Addr, "")
	lost := make(chan error, 1)
	ready := make(chan struct{}, 1)
	go func() { // ends when the server does
		lost <- s.Watch(t.Context(), func(i sessionstore.Invalidation) {
			if i.Scope == sessionstore.ScopeReady {
				ready <- struct{}{}
			}
		})
	}()
	<-ready
	server.Freeze(t)
	select {
	case err := <-lost:
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("the watch ended with %v", err)
		}
	case <-time.After((watchLost + 3) * watchQuiet):
		t.Error("the watch did not notice")
	}
}

func TestServerThatOnlyReads(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "")
	id := create(t, s)
	ctx := t.Context()
	if err := s.client.Do(ctx, "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"ping": s.Ping(ctx), "touch": s.Touch(ctx, id, 0), "put": s.Put(ctx, "k", nil, time.Minute)} {
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// With memory full nobody signs in, but sessions go on and end.
func TestMemoryFull(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "")
	ctx := t.Context()
	id := create(t, s)
	before := request(t, s)
	name, entry := sessionstore.NameHash{1}, sessionstore.Entry{ID: id}
	if _, err := s.Enlist(ctx, name, entry, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.client.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(ctx, request(t, s)); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("create: %v", err)
	}
	if err := s.Touch(ctx, id, 0); err != nil {
		t.Errorf("touch: %v", err)
	}
	if _, err := s.Load(ctx, id); err != nil {
		t.Errorf("load: %v", err)
	}
	if _, err := s.Enlist(ctx, name, sessionstore.Entry{ID: before.ID}, time.Hour); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("enlist: %v", err)
	}
	if err := s.NoteLogout(ctx, name, []sessionstore.Logout{{All: true}}); err != nil {
		t.Errorf("note a logout: %v", err)
	}
	if err := s.Delist(ctx, name, []sessionstore.Entry{entry}); err != nil {
		t.Errorf("delist: %v", err)
	}
	if rows, err := s.EndAll(ctx, ana.Hash(), sessionstore.ReasonDeactivated); err != nil || len(rows) != 1 {
		t.Errorf("end all: %d, %v", len(rows), err)
	}
	if err := s.EndBucket(ctx, id.Bucket(), sessionstore.ReasonOperator); err != nil {
		t.Errorf("end bucket: %v", err)
	}
	if err := s.client.ConfigSet(ctx, "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(ctx, before); !errors.Is(err, sessionstore.ErrEpochMoved) {
		t.Errorf("create with epochs from before: %v", err)
	}
}

func TestScriptsForgotten(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "")
	id := create(t, s)
	if err := s.client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestDeadlineOfTheCaller(t *testing.T) {
	server := storetest.NewRedis(t)
	s := open(t, server.Addr, "")
	id := create(t, s)
	server.Freeze(t)
	defer server.Thaw(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := s.Load(ctx, id)
	if took := time.Since(start); !errors.Is(err, sessionstore.ErrUnavailable) || took > 400*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}
}

// A master that becomes a replica keeps the connection of a watch and tells
// nothing any more of what ends: its heartbeat notices.
func TestWatchOfAServerThatOnlyReads(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.StartRedis(t), "")
	lost := make(chan error, 1)
	beats := make(chan sessionstore.Invalidation, 100)
	go func() { // ends when the watch does
		lost <- s.Watch(t.Context(), func(i sessionstore.Invalidation) { beats <- i })
	}()
	<-beats // ready
	<-beats
	if err := s.client.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-lost:
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("the watch ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the watch did not notice")
	}
}
