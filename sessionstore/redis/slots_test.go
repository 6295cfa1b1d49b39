package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// move is a slot on its way from one node of a cluster to another, key by key.
type move struct {
	*testing.T
	from, to *goredis.Client
	slot     int64
	names    [2]string // ids of the nodes
}

// beginMove lets the slot of b begin to move.
func beginMove(t *testing.T, s *Store, b sessionstore.Bucket) *move {
	t.Helper()
	m := &move{T: t}
	owner, err := s.master(t.Context(), s.bucket(b))
	if err != nil {
		t.Fatal(err)
	}
	masters, err := s.masters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range masters {
		if client := serverOf(t, n.addr()); n.addr() == owner.Options().Addr {
			m.from = client
		} else {
			m.to = client
		}
	}
	m.slot = m.from.ClusterKeySlot(t.Context(), s.bucket(b)).Val()
	m.names = [2]string{m.from.Do(t.Context(), "CLUSTER", "MYID").Val().(string), m.to.Do(t.Context(), "CLUSTER", "MYID").Val().(string)}
	m.do(m.to, "CLUSTER", "SETSLOT", m.slot, "IMPORTING", m.names[0])
	m.do(m.from, "CLUSTER", "SETSLOT", m.slot, "MIGRATING", m.names[1])
	return m
}

func (m *move) do(c *goredis.Client, args ...any) {
	m.Helper()
	if err := c.Do(context.Background(), args...).Err(); err != nil {
		m.Fatalf("%v: %v", args, err)
	}
}

func (m *move) key(key string) {
	m.Helper()
	host, port, err := net.SplitHostPort(m.to.Options().Addr)
	if err != nil {
		m.Fatal(err)
	}
	m.do(m.from, "MIGRATE", host, port, key, 0, 1000)
}

// finish moves what is left, and the slot.
func (m *move) finish() {
	m.Helper()
	for _, key := range m.from.ClusterGetKeysInSlot(m.Context(), int(m.slot), 100).Val() {
		m.key(key)
	}
	for _, c := range []*goredis.Client{m.to, m.from} {
		m.do(c, "CLUSTER", "SETSLOT", m.slot, "NODE", m.names[1])
	}
}

// While the slot of a bucket moves, nobody has all that is known of its sessions:
// one that is alive must not look as if it were gone, nor one that ended as if it
// lived because the epoch that ended it is still, or no longer, here.
func TestSlotsMove(t *testing.T) {
	c := storetest.NewCluster(t, 0)
	s := openWith(t, Options{Cluster: c.Addrs()})
	ctx := t.Context()
	ended := create(t, s)
	bucket := s.bucket(ended.Bucket())
	if err := s.EndBucket(ctx, ended.Bucket(), sessionstore.ReasonOperator); err != nil {
		t.Fatal(err)
	}
	living := createFor(t, s, neighbour(ana))
	unsure := func(when string) {
		t.Helper()
		for what, id := range map[string]sessionstore.ID{"a session that ended": ended, "a session": living} {
			if row, err := s.Load(ctx, id); !errors.Is(err, sessionstore.ErrUnavailable) {
				t.Errorf("%s: %s: %q, %v", when, what, row.Body, err)
			}
		}
	}
	m := beginMove(t, s, ended.Bucket())
	unsure("nothing has moved")
	m.key(bucket + "x")
	unsure("the index has moved")
	m.key(bucket + "s:" + string(ended))
	unsure("the one that ended has moved")
	m.key(bucket + "e")
	unsure("the epoch has moved")
	m.finish()
	for range 2 {
		if _, err := s.Load(ctx, ended); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("a session that ended: %v", err)
		}
		if _, err := s.Load(ctx, living); err != nil {
			t.Errorf("a session: %v", err)
		}
		if err := exercise(t, s); err != nil {
			t.Errorf("after the slot moved: %v", err)
		}
		living = create(t, s)
	}
}

// neighbour returns somebody else in the bucket of p.
func neighbour(p identity.Person) identity.Person {
	for n := 0; ; n++ {
		q := identity.Person(fmt.Sprintf("person%d@example.com", n))
		if sessionstore.BucketOf(q.Hash()) == sessionstore.BucketOf(p.Hash()) {
			return q
		}
	}
}

// createFor is create for somebody.
func createFor(t *testing.T, s *Store, p identity.Person) sessionstore.ID {
	t.Helper()
	c := request(t, s)
	id, err := sessionstore.NewID(p)
	if err != nil {
		t.Fatal(err)
	}
	if c.Epochs, err = s.Epochs(t.Context(), p.Hash()); err != nil {
		t.Fatal(err)
	}
	c.ID, c.Person = id, p.Hash()
	if _, err := s.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return id
}
