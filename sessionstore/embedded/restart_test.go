package embedded_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// The promises hold over restarts: the whole suite once more, on a store that is
// closed and opened again and again between the calls.
func TestRestarts(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		now, advance := clock()
		s := &restless{t: t, path: filepath.Join(t.TempDir(), "state.db"), now: now}
		s.Store = s.open()
		t.Cleanup(func() {
			if err := s.Store.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Harness{Store: s, Now: now, Advance: advance}
	})
}

// restless restarts before many calls, unless somebody watches.
type restless struct {
	sessionstore.Store
	t      *testing.T
	path   string
	now    func() time.Time
	calls  int
	mu     sync.RWMutex
	closed bool
}

func (s *restless) open() sessionstore.Store {
	d, err := embedded.Open(embedded.Options{Path: s.path, Now: s.now})
	if err != nil {
		s.t.Error(err)
	}
	return d
}

// restart returns with the lock for reading.
func (s *restless) restart() {
	if s.mu.TryLock() {
		if s.calls++; !s.closed && (s.calls%101 == 0 || s.calls < 100 && s.calls%3 == 0) {
			if err := s.Store.Close(); err != nil {
				s.t.Error(err)
			}
			s.Store = s.open()
		}
		s.mu.Unlock()
	}
	s.mu.RLock()
}

func (s *restless) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.Store.Close()
}

func (s *restless) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.Store.Watch(ctx, told)
}

func (s *restless) Epochs(ctx context.Context, p identity.PersonHash) (sessionstore.Epochs, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Epochs(ctx, p)
}

func (s *restless) Create(ctx context.Context, c sessionstore.Create) (sessionstore.Created, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Create(ctx, c)
}

func (s *restless) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Load(ctx, id)
}

func (s *restless) Touch(ctx context.Context, id sessionstore.ID, ago time.Duration) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Touch(ctx, id, ago)
}

func (s *restless) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.End(ctx, id, why)
}

func (s *restless) EndAll(ctx context.Context, p identity.PersonHash, why sessionstore.Reason) ([]sessionstore.Row, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.EndAll(ctx, p, why)
}

func (s *restless) List(ctx context.Context, p identity.PersonHash) ([]sessionstore.Row, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.List(ctx, p)
}

func (s *restless) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Put(ctx, key, value, ttl)
}

func (s *restless) Take(ctx context.Context, key string) ([]byte, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Take(ctx, key)
}

func (s *restless) Keep(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Keep(ctx, key, value, ttl)
}

func (s *restless) Claim(ctx context.Context, key, claimant string, ttl time.Duration) (bool, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Claim(ctx, key, claimant, ttl)
}

func (s *restless) Append(ctx context.Context, key string, value []byte, keep int, ttl time.Duration) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Append(ctx, key, value, keep, ttl)
}

func (s *restless) Recent(ctx context.Context, key string) ([][]byte, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Recent(ctx, key)
}

func (s *restless) Enlist(ctx context.Context, n sessionstore.NameHash, e sessionstore.Entry, ttl time.Duration) ([]sessionstore.Logout, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Enlist(ctx, n, e, ttl)
}

func (s *restless) NoteLogout(ctx context.Context, n sessionstore.NameHash, l []sessionstore.Logout) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.NoteLogout(ctx, n, l)
}

func (s *restless) Listed(ctx context.Context, n sessionstore.NameHash, i *sessionstore.IndexHash, after sessionstore.Entry) ([]sessionstore.Entry, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Listed(ctx, n, i, after)
}

func (s *restless) Note(ctx context.Context, p identity.PersonHash) ([]byte, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Note(ctx, p)
}

func (s *restless) SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (bool, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.SetNote(ctx, p, old, value)
}

func (s *restless) IDs(ctx context.Context, in []sessionstore.Bucket) ([]sessionstore.ID, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.IDs(ctx, in)
}

func (s *restless) Claimed(ctx context.Context, key string) (bool, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Claimed(ctx, key)
}

func (s *restless) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.EndBucket(ctx, b, why)
}

func (s *restless) Peek(ctx context.Context, key string) ([]byte, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Peek(ctx, key)
}

func (s *restless) Delist(ctx context.Context, n sessionstore.NameHash, entries []sessionstore.Entry) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Delist(ctx, n, entries)
}

func (s *restless) Rows(ctx context.Context, ids []sessionstore.ID) ([]sessionstore.Row, error) {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Rows(ctx, ids)
}

func (s *restless) Ping(ctx context.Context) error {
	s.restart()
	defer s.mu.RUnlock()
	return s.Store.Ping(ctx)
}
