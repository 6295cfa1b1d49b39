package redis

import (
	"context"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

// topologyEvery is how often a watch looks whether the masters are still those
// that it watches.
const topologyEvery = 500 * time.Millisecond

// watches are the subscriptions of one watch on a cluster: one for each master,
// since what a node hears of others by the bus between them may go missing.
type watches struct {
	store *Store
	told  func(sessionstore.Invalidation)
	ended chan *watching

	mu  sync.Mutex                    // held while told is called
	all map[*goredis.Client]*watching // of the goroutine of watchAll alone
}

// watching is the subscription on one master.
type watching struct {
	node   node
	set    sessionstore.BucketSet
	cancel context.CancelFunc
	err    error // once it is sent to ended
}

// watchAll watches every master of a cluster, those that come to be masters too.
// It returns when ctx is done or the last one is lost.
func (s *Store) watchAll(ctx context.Context, masters []node, told func(sessionstore.Invalidation)) error {
	ctx, cancel := context.WithCancel(ctx)
	w := &watches{store: s, told: told, ended: make(chan *watching), all: make(map[*goredis.Client]*watching)}
	defer w.wait()
	defer cancel()
	tick := time.NewTicker(topologyEvery)
	defer tick.Stop()
	w.follow(ctx, masters)
	for {
		select {
		case one := <-w.ended:
			w.lost(one)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if len(w.all) == 0 {
				return one.err
			}
		case <-tick.C:
			// Without an answer the old picture goes on: what is wrong with it shows
			// as a lease that lapses.
			if masters, err := s.masters(ctx); err == nil {
				w.follow(ctx, masters)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follow begins to watch masters that are not watched, and ends the watch of those
// that own other buckets now or none. They begin anew once they have ended.
func (w *watches) follow(ctx context.Context, masters []node) {
	owns := make(map[*goredis.Client]sessionstore.BucketSet)
	for _, n := range masters {
		set := n.set()
		owns[n.client] = set
		if w.all[n.client] == nil {
			w.begin(ctx, n, set)
		}
	}
	for client, one := range w.all {
		if owns[client] != one.set {
			one.cancel()
		}
	}
}

func (w *watches) begin(ctx context.Context, n node, set sessionstore.BucketSet) {
	ctx, cancel := context.WithCancel(ctx)
	one := &watching{node: n, set: set, cancel: cancel}
	w.all[n.client] = one
	go func() { // ends by cancel, or with its subscription
		one.err = w.store.watchOne(ctx, n, func(i sessionstore.Invalidation) {
			if b, end := ofBucket(i); end && !set.Has(b) {
				return // said by the bus; who owns it is watched too
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told(i)
		})
		w.ended <- one
	}()
}

// lost tells that the buckets of one are not watched any more.
func (w *watches) lost(one *watching) {
	one.cancel()
	delete(w.all, one.node.client)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told(sessionstore.Invalidation{Scope: sessionstore.ScopeLost, Buckets: one.set})
}

// wait returns once every subscription has ended.
func (w *watches) wait() {
	for range len(w.all) {
		<-w.ended
	}
}

// ofBucket returns the bucket in which something ended or is to be loaded again.
func ofBucket(i sessionstore.Invalidation) (sessionstore.Bucket, bool) {
	switch i.Scope {
	case sessionstore.ScopeReady, sessionstore.ScopeBeat, sessionstore.ScopeLost:
		return 0, false
	case sessionstore.ScopeSession:
		return i.ID.Bucket(), true
	}
	return i.Bucket, true
}
