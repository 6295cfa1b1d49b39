package logins

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// The lists in the store. Whoever asks for a login has begun one, and may
	// then answer it with nonsense as often as they like: what an identity
	// provider has signed is kept apart from that.
	signedList = "logins"
	begunList  = "logins begun"

	// Most is how many attempts each list keeps, and each process besides.
	Most     = 1000
	life     = 7 * 24 * time.Hour
	queued   = 256             // attempts that wait for the store
	patience = 2 * time.Second // with the store, for one attempt
)

// Shared is a list that all replicas see. *sessionstore.Manager is one.
type Shared interface {
	Append(ctx context.Context, name string, value []byte, keep int, ttl time.Duration) error
	Recent(ctx context.Context, name string) ([][]byte, error)
}

// Book keeps the last attempts. Those of which a signature held, or that a
// browser of ours began, are in shared lists; all others, which anybody can
// make as many of as they like, cost the memory of one process alone.
type Book struct {
	shared func() Shared
	alone  func() // told of each attempt that the store could not keep
	now    func() time.Time
	queue  chan Attempt

	mu   sync.Mutex
	ring []Attempt // guarded by mu: oldest first
}

// NewBook returns an empty book. shared is asked for anew at each use, since a
// reload replaces it.
func NewBook(shared func() Shared, alone func(), now func() time.Time) *Book {
	return &Book{shared: shared, alone: alone, now: now, queue: make(chan Attempt, queued)}
}

// Add remembers an attempt. It never waits for the store.
func (b *Book) Add(a Attempt) {
	a = Clean(a)
	if !a.Known && !a.Signed {
		b.keep(a)
		return
	}
	select {
	case b.queue <- a:
	default:
		b.alone()
		b.keep(a)
	}
}

// Run brings attempts to the store until ctx is done.
func (b *Book) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-b.queue:
			b.share(ctx, a)
		}
	}
}

func (b *Book) share(ctx context.Context, a Attempt) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, err := json.Marshal(a)
	if err == nil {
		err = b.shared().Append(ctx, a.list(), value, Most, life)
	}
	if err != nil {
		b.alone()
		b.keep(a)
	}
}

func (a Attempt) list() string {
	if a.Signed {
		return signedList
	}
	return begunList
}

func (b *Book) keep(a Attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ring) >= Most {
		b.ring = slices.Delete(b.ring, 0, len(b.ring)-Most+1)
	}
	b.ring = append(b.ring, a)
}

// Filter says which attempts are wanted.
type Filter struct {
	Failed bool   // refused, or an error
	IDP    string // empty = all
	Limit  int    // 0 = [Most]
}

func (f Filter) takes(a Attempt) bool {
	return (!f.Failed || a.Result != Accepted) && (f.IDP == "" || a.IDP == f.IDP)
}

// List returns the wanted attempts, newest first. An error says that the store
// could not be read; what this process knows comes with it.
func (b *Book) List(ctx context.Context, f Filter) ([]Attempt, error) {
	all, err := b.all(ctx)
	all = slices.DeleteFunc(all, func(a Attempt) bool { return !f.takes(a) })
	if f.Limit <= 0 || f.Limit > Most {
		f.Limit = Most
	}
	return all[:min(len(all), f.Limit)], err
}

// ErrNotFound says that no attempt has this request id.
var ErrNotFound = errors.New("no such attempt")

// Find returns the attempt of a request: ErrNotFound, or the store's error where
// it may be there.
func (b *Book) Find(ctx context.Context, requestID string) (Attempt, error) {
	all, err := b.all(ctx)
	for _, a := range all {
		if a.RequestID == requestID {
			return a, nil
		}
	}
	if err != nil {
		return Attempt{}, err
	}
	return Attempt{}, ErrNotFound
}

// all returns every attempt that is known and not too long ago.
func (b *Book) all(ctx context.Context) ([]Attempt, error) {
	signed, err := b.shared().Recent(ctx, signedList)
	begun, otherErr := b.shared().Recent(ctx, begunList)
	b.mu.Lock()
	all := slices.Clone(b.ring)
	b.mu.Unlock()
	for _, v := range append(signed, begun...) {
		var a Attempt
		if json.Unmarshal(v, &a) == nil {
			all = append(all, a)
		}
	}
	since := b.now().Add(-life) // the store forgets a list as a whole
	all = slices.DeleteFunc(all, func(a Attempt) bool { return a.Time.Before(since) })
	slices.SortStableFunc(all, func(a, c Attempt) int {
		return cmp.Or(c.Time.Compare(a.Time), cmp.Compare(a.RequestID, c.RequestID))
	})
	return slices.CompactFunc(all, func(a, c Attempt) bool { return a.RequestID == c.RequestID }), errors.Join(err, otherErr)
}
