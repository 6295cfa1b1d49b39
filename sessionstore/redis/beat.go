package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

// beats are the heartbeat of one watch on one server. Each is a script that
// writes a key and publishes a number on a channel of our own, which the
// connection of the watch listens to as well. Redis sends to a connection in the
// order in which it published, on all channels: the number that comes back has
// come after every end before it. A channel of our own because a hundred
// gateways that hear each other's hearts would be ten thousand messages a second.
type beats struct {
	store   *Store
	node    node
	channel string
	buckets sessionstore.BucketSet // of node

	mu   sync.Mutex
	last uint64               // number that was sent last
	sent map[uint64]time.Time // number → when it set out, those that are not back yet
}

const (
	beatEvery = 500 * time.Millisecond
	beatWait  = time.Second // for the answer to one
	beatsOpen = 16          // that we remember to have sent
)

func (s *Store) newBeats(n node) *beats {
	return &beats{store: s, node: n, channel: s.prefix + ":beat:" + rand.Text(), buckets: n.set(), sent: make(map[uint64]time.Time)}
}

// run sends until ctx is done or the server says that this is no place to write.
// What goes missing is no matter: the lease lapses.
func (b *beats) run(ctx context.Context) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		if err := b.send(ctx); err != nil && refused(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (b *beats) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatWait)
	defer cancel()
	// To this node and no other: in a cluster, what another publishes is heard
	// here too, on its way between the nodes, and proves nothing.
	keys, args := b.store.named(b.store.bucket(b.node.buckets[0]), "beat", []any{b.channel, b.next()})
	return b.store.scripts["beat"].Run(ctx, b.node.client, keys, args...).Err()
}

// next notes that a beat sets out now.
func (b *beats) next() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	delete(b.sent, b.last-beatsOpen)
	b.sent[b.last] = b.store.now()
	return b.last
}

// heard is what a message on our channel proves. A number that comes twice, as
// when the client asked twice, proves nothing new.
func (b *beats) heard(payload string) (sessionstore.Invalidation, bool) {
	n, err := strconv.ParseUint(payload, 10, 64)
	if err != nil {
		return sessionstore.Invalidation{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	sent, ok := b.sent[n]
	delete(b.sent, n)
	return sessionstore.Invalidation{Scope: sessionstore.ScopeBeat, Buckets: b.buckets, Sent: sent}, ok
}

// refused reports whether err is an answer that no waiting changes: a replica, a
// server that does not own the bucket, a right that is missing. A master that
// waits for its replicas, for memory or for other masters is none of that.
func refused(err error) bool {
	var answered goredis.Error
	if !errors.As(err, &answered) {
		return false
	}
	for _, passing := range []string{"NOREPLICAS", "MISCONF", "OOM", "BUSY", "TRYAGAIN", "CLUSTERDOWN"} {
		if strings.HasPrefix(answered.Error(), passing) {
			return false
		}
	}
	return true
}
