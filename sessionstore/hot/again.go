package hot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// A master that fails takes what it had acknowledged last with it, unless a
// replica had it already: a session that ended a moment before may be back. Those
// who heard of the end apply it again, before they trust the new master.

const (
	againMemory = 10 * time.Minute // ends are remembered
	againEnds   = 1 << 16          // so many, the newest
	againAtOnce = 8
	againTime   = time.Second            // for one
	againDoubt  = time.Second            // two clocks differ by: what began so soon after an end is taken for older
	againRetry  = 500 * time.Millisecond // when the new master does not answer yet
)

// heard is one end and when it was heard.
type heard struct {
	sessionstore.Invalidation
	at time.Duration
}

// memory holds the ends of the last minutes.
type memory struct {
	mu   sync.Mutex
	ends []heard // guarded by mu; oldest first
}

func (m *memory) add(i sessionstore.Invalidation, at time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.covered(i)
	old := 0
	for old < len(m.ends) && (at-m.ends[old].at > againMemory || len(m.ends)-old >= againEnds) {
		old++
	}
	m.ends = append(m.ends[old:], heard{i, at})
}

// covered drops the ends of a person or of a bucket that a later one of the same
// covers: its epoch counts them. It is that of the store: those of which the
// answer was lost are among them, or were never made.
func (m *memory) covered(i sessionstore.Invalidation) {
	if i.Epoch == 0 {
		return
	}
	m.ends = slices.DeleteFunc(m.ends, func(h heard) bool {
		return h.Scope == i.Scope && h.Bucket == i.Bucket && h.Person == i.Person && h.Epoch <= i.Epoch
	})
}

// in returns the ends in some buckets that are not too old.
func (m *memory) in(buckets sessionstore.BucketSet, at time.Duration) (ends []heard) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.ends {
		if at-h.at <= againMemory && buckets.Has(h.Bucket) {
			ends = append(ends, h)
		}
	}
	return ends
}

// changed returns those of the buckets of i, whose watch has just begun, that
// another server owns than before, and holds their beats back.
func (f *Feed) changed(i sessionstore.Invalidation) (buckets sessionstore.BucketSet) {
	for n := range f.lanes {
		b := sessionstore.Bucket(n)
		if l := f.lane(b); i.Buckets.Has(b) {
			switch before, _ := l.origin.Load().(string); before {
			case i.Origin:
			case "":
				l.origin.Store(i.Origin)
			default:
				l.held.Store(l.round.Load())
				buckets.Add(b)
			}
		}
	}
	return buckets
}

// again applies the ends in some buckets again, until it is done, and then lets
// their beats count. It gives up with ctx, which ends with the watch.
func (f *Feed) again(ctx context.Context, buckets sessionstore.BucketSet, origin string) {
	var rounds [sessionstore.Buckets]uint64
	for n := range f.lanes {
		rounds[n] = f.lanes[n].round.Load()
	}
	for f.applyAll(ctx, f.memory.in(buckets, f.elapsed())) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(againRetry):
		}
	}
	for n := range f.lanes {
		if l := &f.lanes[n]; buckets.Has(sessionstore.Bucket(n)) && l.held.CompareAndSwap(rounds[n], 0) {
			l.origin.Store(origin)
		}
	}
}

// applyAll returns the first error.
func (f *Feed) applyAll(ctx context.Context, ends []heard) error {
	var workers sync.WaitGroup
	next, failed := make(chan heard), make(chan error, againAtOnce)
	for range againAtOnce {
		workers.Go(func() { // ends when next is closed
			for h := range next {
				if err := f.apply(ctx, h); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	err := func() error {
		defer close(next)
		for _, h := range ends {
			select {
			case next <- h:
			case err := <-failed:
				return err
			}
		}
		return nil
	}()
	workers.Wait()
	select {
	case late := <-failed:
		return late
	default:
		return err
	}
}

func (f *Feed) apply(ctx context.Context, h heard) error {
	ctx, cancel := context.WithTimeout(ctx, againTime)
	defer cancel()
	if done, err := f.done(ctx, h); done || err != nil {
		return err
	}
	switch h.Scope {
	case sessionstore.ScopeSession:
		if _, err := f.Store.Load(ctx, h.ID); err != nil && !errors.Is(err, sessionstore.ErrFormat) {
			return unlessGone(err)
		}
		_, err := f.Store.End(ctx, h.ID, h.Reason)
		return unlessGone(err)
	case sessionstore.ScopeBucket:
		return f.Store.EndBucket(ctx, h.Bucket, h.Reason)
	case sessionstore.ScopePerson:
		return f.applyPerson(ctx, h)
	}
	return nil
}

// done reports whether the store has an end of a person or a bucket for certain,
// so that what began since is left alone.
func (f *Feed) done(ctx context.Context, h heard) (bool, error) {
	if h.Epoch == 0 {
		return false, nil
	}
	of := h.Person
	if h.Scope == sessionstore.ScopeBucket {
		of = someone(h.Bucket)
	}
	now, err := f.Store.Epochs(ctx, of)
	if h.Scope == sessionstore.ScopeBucket {
		return now.Bucket >= h.Epoch, err
	}
	return now.Person >= h.Epoch, err
}

// applyPerson ends what a person had before, and leaves alone what they have begun
// since.
func (f *Feed) applyPerson(ctx context.Context, h heard) error {
	rows, err := f.Store.List(ctx, h.Person)
	if err != nil {
		return err
	}
	ago, older := f.elapsed()-h.at, 0
	for _, row := range rows {
		if row.Now.Sub(row.Created)+againDoubt >= ago {
			older++
		}
	}
	if older == len(rows) && older > 0 { // the epoch stops sign-ins from before as well
		_, err := f.Store.EndAll(ctx, h.Person, h.Reason)
		return err
	}
	for _, row := range rows[:older] { // oldest first
		if _, err := f.Store.End(ctx, row.ID, h.Reason); unlessGone(err) != nil {
			return err
		}
	}
	return nil
}

func unlessGone(err error) error {
	if errors.Is(err, sessionstore.ErrNotFound) {
		return nil
	}
	return err
}
