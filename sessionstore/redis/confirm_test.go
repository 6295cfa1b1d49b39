package redis

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// unconfirmed collects what a store tells.
type unconfirmed struct {
	mu  sync.Mutex
	all []Unconfirmed
}

func (u *unconfirmed) add(_ context.Context, one Unconfirmed) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = append(u.all, one)
}

// since returns what was told since it was asked last.
func (u *unconfirmed) since() []Unconfirmed {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer func() { u.all = nil }()
	return u.all
}

// pair starts a master and its replica, in step.
func pair(t testing.TB, args ...string) (master, replica *storetest.Redis) {
	t.Helper()
	args = append(args, "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
	master = storetest.NewRedis(t, args...)
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	replica = storetest.NewRedis(t, append(args, "--replicaof", host+" "+port)...)
	storetest.Eventually(t, 10*time.Second, "the replica is in step", func() bool { return storetest.InStep(replica.Addr) })
	return master, replica
}

// What ends or consumes something waits for a replica. Where none confirms it has
// been done all the same, and is told.
func TestUnconfirmed(t *testing.T) {
	master, replica := pair(t)
	var told unconfirmed
	s := openWith(t, Options{Addr: master.Addr, Unconfirmed: told.add})
	ctx, hash := t.Context(), ana.Hash()
	var ended sessionstore.ID
	everyEnd := func() {
		t.Helper()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		ended = create(t, s)
		_, err := s.End(ctx, ended, sessionstore.ReasonLogout)
		check(err)
		create(t, s)
		evicting := request(t, s)
		evicting.MaxConcurrent = 1
		_, err = s.Create(ctx, evicting)
		check(err)
		_, err = s.EndAll(ctx, hash, sessionstore.ReasonLogout)
		check(err)
		check(s.EndBucket(ctx, ended.Bucket(), sessionstore.ReasonOperator))
		check(s.Put(ctx, "code", []byte("value"), time.Minute))
		_, err = s.Take(ctx, "code")
		check(err)
		if first, err := s.Claim(ctx, string(ended), "me", time.Minute); err != nil || !first {
			t.Errorf("claim: %v, %v", first, err)
		}
		if first, err := s.Claim(ctx, string(ended), "you", time.Minute); err != nil || first {
			t.Errorf("the second claim: %v, %v", first, err)
		}
		check(s.NoteLogout(ctx, sessionstore.NameHash{}, []sessionstore.Logout{{All: true}}))
	}
	storetest.Eventually(t, 30*time.Second, "a busy machine lets the replica confirm all", func() bool {
		everyEnd()
		return len(told.since()) == 0
	})
	replica.Freeze(t)
	everyEnd()
	var got []string
	for _, u := range told.since() {
		got = append(got, u.Operation)
		if u.Operation == "end" && u.Session != ended {
			t.Errorf("an end of %s is told as one of %s", ended, u.Session)
		}
	}
	if want := []string{"end", "create", "end_all", "end_bucket", "take", "claim", "note_logout"}; !slices.Equal(got, want) {
		t.Errorf("with a replica that does not answer: %v, want %v", got, want)
	}
	replica.Thaw(t)
	replica.Kill(t) // one that is gone is missed like one that does not answer
	everyEnd()
	if all := told.since(); len(all) != 7 {
		t.Errorf("without the replica there was: %v", all)
	}
}

// Who has no replicas waits for none.
func TestNoReplicas(t *testing.T) {
	var told unconfirmed
	s := openWith(t, Options{Addr: storetest.StartRedis(t), Unconfirmed: told.add})
	if _, err := s.End(t.Context(), create(t, s), sessionstore.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	if all := told.since(); len(all) != 0 {
		t.Errorf("told %v", all)
	}
}

// A master that has lost its replicas may be one that others took for dead: what
// ended elsewhere it does not know. With min-replicas-to-write nobody gets an
// answer from it.
func TestMasterAlone(t *testing.T) {
	master, replica := pair(t, "--min-replicas-to-write", "1", "--min-replicas-max-lag", "1")
	s := openWith(t, Options{Addr: master.Addr})
	id := create(t, s)
	if _, err := s.Load(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	replica.Freeze(t)
	storetest.Eventually(t, 5*time.Second, "the master gives no session", func() bool {
		_, err := s.Load(t.Context(), id)
		if err != nil && !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Fatal(err)
		}
		return err != nil
	})
	if _, err := s.List(t.Context(), ana.Hash()); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("list: %v", err)
	}
}

// What the confirmation by a replica costs an end.
func BenchmarkEnd(b *testing.B) {
	ctx := b.Context()
	run := func(name, addr string) {
		s, err := New(Options{Addr: addr, Now: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		id, err := sessionstore.NewID(ana)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.End(ctx, id, sessionstore.ReasonLogout); !errors.Is(err, sessionstore.ErrNotFound) {
					b.Fatal(err)
				}
			}
		})
	}
	master, _ := pair(b)
	run("with replica", master.Addr)
	run("alone", storetest.StartRedis(b))
}
