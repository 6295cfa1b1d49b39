package hot

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// Lease is for how long a beat of the store is proof that nothing has ended
// unheard, from when it set out.
const Lease = 1500 * time.Millisecond

// How long a feed waits before it watches again, doubling up to the most.
const (
	againLeast = 50 * time.Millisecond
	againMost  = time.Second
)

// FeedConfig is what a [Feed] works with.
type FeedConfig struct {
	Store sessionstore.Store
	Now   func() time.Time
	// Lost, if set, hears why a watch ended, nil when one has begun.
	Lost func(error)
}

// Feed hears every end that any replica makes, and knows for each bucket how
// far that can be relied on. One serves a process; it may be used from any
// goroutine.
type Feed struct {
	FeedConfig
	began time.Time
	lanes [sessionstore.Buckets]lane

	mu        sync.Mutex
	listeners []*func(sessionstore.Invalidation) // replaced, never changed

	memory memory
}

// NewFeed returns a feed that knows nothing until [Feed.Run].
func NewFeed(c FeedConfig) *Feed {
	f := &Feed{FeedConfig: c, began: c.Now()}
	for i := range f.lanes {
		f.lanes[i].sent.Store(never)
	}
	return f
}

// Listen calls told for every end, those of [Feed.Own] too, and for three things
// that are none: [sessionstore.ScopeReady] and [sessionstore.ScopeLost] when the
// watch of some buckets begins and is lost, and [sessionstore.ScopeBeat] once
// after each beginning, when it is proven that they can be relied on again.
// Calls come from any goroutine and must not block. stop ends them.
func (f *Feed) Listen(told func(sessionstore.Invalidation)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := &told
	f.listeners = append(f.listeners[:len(f.listeners):len(f.listeners)], l)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		var left []*func(sessionstore.Invalidation)
		for _, other := range f.listeners {
			if other != l {
				left = append(left, other)
			}
		}
		f.listeners = left
	}
}

// Run watches the store until ctx is done.
func (f *Feed) Run(ctx context.Context) {
	for wait := againLeast; ctx.Err() == nil; {
		heard, err := f.watch(ctx)
		f.hear(sessionstore.Invalidation{Scope: sessionstore.ScopeLost, Buckets: sessionstore.AllBuckets()})
		if ctx.Err() != nil {
			return
		}
		f.lost(err)
		if wait = min(2*wait, againMost); heard {
			wait = againLeast
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
	}
}

// watch is one watch, and reports whether it was of use.
func (f *Feed) watch(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var applying sync.WaitGroup
	defer applying.Wait()
	defer cancel()
	err = f.Store.Watch(ctx, func(i sessionstore.Invalidation) {
		if i.Scope == sessionstore.ScopeBeat && !heard {
			heard = true
			f.lost(nil)
		}
		f.hear(i)
		if i.Scope != sessionstore.ScopeReady || i.Origin == "" {
			return
		}
		if buckets := f.changed(i); buckets != (sessionstore.BucketSet{}) {
			applying.Go(func() { f.again(ctx, buckets, i.Origin) }) // ends with the watch
		}
	})
	return heard, err
}

func (f *Feed) lost(err error) {
	if f.Lost != nil {
		f.Lost(err)
	}
}

// elapsed is the time on the clock of the lanes, which no setting of the system's
// clock moves.
func (f *Feed) elapsed() time.Duration { return f.Now().Sub(f.began) }

func (f *Feed) lane(b sessionstore.Bucket) *lane { return &f.lanes[b] }

// hear moves the lanes first, so that nobody stores what they are about to
// remove, and then tells everybody.
func (f *Feed) hear(i sessionstore.Invalidation) {
	switch i.Scope {
	case sessionstore.ScopeReady, sessionstore.ScopeLost, sessionstore.ScopeBeat:
		if i.Buckets = f.move(i); i.Buckets == (sessionstore.BucketSet{}) {
			return
		}
	case sessionstore.ScopeSession:
		i.Bucket = i.ID.Bucket()
		f.lane(i.Bucket).generation.Add(1)
	case sessionstore.ScopePerson, sessionstore.ScopeReview:
		i.Bucket = sessionstore.BucketOf(i.Person)
		f.lane(i.Bucket).generation.Add(1)
	case sessionstore.ScopeBucket:
		f.lane(i.Bucket).generation.Add(1)
	default:
		return
	}
	if i.Scope == sessionstore.ScopeSession || i.Scope == sessionstore.ScopePerson || i.Scope == sessionstore.ScopeBucket {
		f.memory.add(i, f.elapsed())
	}
	f.tell(i)
}

// move moves the lanes of the buckets of i and returns those of which there is
// something to tell.
func (f *Feed) move(i sessionstore.Invalidation) (tell sessionstore.BucketSet) {
	for n := range f.lanes {
		b := sessionstore.Bucket(n)
		if !i.Buckets.Has(b) {
			continue
		}
		switch l := f.lane(b); i.Scope {
		case sessionstore.ScopeReady:
			l.begin()
			tell.Add(b)
		case sessionstore.ScopeLost:
			if l.watched() {
				tell.Add(b)
			}
			l.lose()
		case sessionstore.ScopeBeat:
			if l.beat(i.Sent.Sub(f.began)) {
				tell.Add(b)
			}
		}
	}
	return tell
}

func (f *Feed) tell(i sessionstore.Invalidation) {
	f.mu.Lock()
	all := f.listeners
	f.mu.Unlock()
	for _, told := range all {
		(*told)(i)
	}
}

// Sure returns until when it was known what ends in b, which may be in the
// future; before the first beat, when the feed began.
func (f *Feed) Sure(b sessionstore.Bucket) time.Time {
	sent := f.lane(b).sent.Load()
	if sent == never {
		return f.began
	}
	return f.began.Add(time.Duration(sent) + Lease)
}

// Away returns for how long it has not been known what ends in b: zero or less
// while it is.
func (f *Feed) Away(b sessionstore.Bucket) time.Duration { return f.lane(b).away(f.elapsed()) }

// Watched reports whether what ends is heard from all of the store.
func (f *Feed) Watched() bool {
	at := f.elapsed()
	for b := range f.lanes {
		if f.lanes[b].away(at) > 0 {
			return false
		}
	}
	return true
}
