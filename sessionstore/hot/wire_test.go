package hot_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// wire is a store of one process behind a wire that tests cut and stretch.
type wire struct {
	sessionstore.Store
	deaf   atomic.Bool // no beat comes back
	down   atomic.Bool // nothing is answered
	loads  atomic.Int64
	loaded func(sessionstore.ID) // if set, called with what was read still on its way

	mu  sync.Mutex
	cut context.CancelFunc
}

func newWire() *wire { return &wire{Store: embedded.New(time.Now)} }

// lose cuts the watch.
func (w *wire) lose() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut()
}

// Watch tells of ends at once, and beats twice a second.
func (w *wire) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	if w.down.Load() {
		return sessionstore.ErrUnavailable
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.mu.Lock()
	w.cut = cancel
	w.mu.Unlock()
	var mu sync.Mutex // told is called by one at a time
	var beating sync.WaitGroup
	defer beating.Wait()
	beating.Go(func() { // ends by cancel
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			sent := time.Now()
			if !w.deaf.Load() && !w.down.Load() {
				mu.Lock()
				told(sessionstore.Invalidation{Scope: sessionstore.ScopeBeat, Buckets: sessionstore.AllBuckets(), Sent: sent})
				mu.Unlock()
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return w.Store.Watch(ctx, func(i sessionstore.Invalidation) {
		if i.Scope != sessionstore.ScopeBeat {
			mu.Lock()
			defer mu.Unlock()
			told(i)
		}
	})
}

// Load counts.
func (w *wire) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	w.loads.Add(1)
	if w.down.Load() {
		return sessionstore.Row{}, sessionstore.ErrUnavailable
	}
	row, err := w.Store.Load(ctx, id)
	if w.loaded != nil {
		w.loaded(id)
	}
	return row, err
}

// Touch fails while the store is down.
func (w *wire) Touch(ctx context.Context, id sessionstore.ID, ago time.Duration) error {
	if w.down.Load() {
		return sessionstore.ErrUnavailable
	}
	return w.Store.Touch(ctx, id, ago)
}
