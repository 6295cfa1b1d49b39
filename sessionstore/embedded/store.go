// Package embedded keeps sessions in the memory of one process, and in a file
// where they are to survive it ([Durable]).
//
// It is the store of a gateway that runs alone: two processes would not know of
// each other's sessions.
package embedded

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

var _ sessionstore.Store = (*Store)(nil)

// Store is a [sessionstore.Store] in memory. One lock makes each call atomic.
type Store struct {
	now func() time.Time

	mu       sync.Mutex
	closed   bool
	sessions map[sessionstore.ID]*sessionstore.Record
	index    index                                     // of sessions
	persons  map[identity.PersonHash][]sessionstore.ID // by creation; may name sessions that are over
	moved    map[identity.PersonHash]uint64            // epochs of persons
	buckets  [sessionstore.Buckets]uint64              // epochs of buckets
	once     map[string]token                          // key → single-use value
	kept     map[string]token                          // key → what was kept first
	claims   map[string]token                          // key → first claimant
	names    map[sessionstore.NameHash]*name           // NameIDs, for single logout
	seq      uint64                                    // counts noted logouts
	lists    map[string]list                           // key → what was appended
	notes    map[identity.PersonHash][]byte            // never over
	ends     endings                                   // what is over soonest, to free it
	watchers map[*watcher]struct{}
	changed  changes // what a file does not know yet
}

type token struct {
	value []byte
	end   time.Time
}

// New returns an empty store that reads the time from now.
func New(now func() time.Time) *Store {
	return &Store{
		now:      now,
		sessions: make(map[sessionstore.ID]*sessionstore.Record),
		persons:  make(map[identity.PersonHash][]sessionstore.ID),
		moved:    make(map[identity.PersonHash]uint64),
		once:     make(map[string]token),
		kept:     make(map[string]token),
		claims:   make(map[string]token),
		names:    make(map[sessionstore.NameHash]*name),
		lists:    make(map[string]list),
		notes:    make(map[identity.PersonHash][]byte),
		watchers: make(map[*watcher]struct{}),
	}
}

// enter takes the lock for one call and returns its moment. On nil error the
// caller unlocks.
func (s *Store) enter(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", sessionstore.ErrUnavailable, err)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return time.Time{}, fmt.Errorf("%w: closed", sessionstore.ErrUnavailable)
	}
	now := time.UnixMilli(s.now().UnixMilli())
	s.sweep(now)
	return now, nil
}

// epochs returns the current epochs of p. The lock is held.
func (s *Store) epochs(p identity.PersonHash) sessionstore.Epochs {
	return sessionstore.Epochs{Person: s.moved[p], Bucket: s.buckets[sessionstore.BucketOf(p)]}
}

// live returns the record of id unless it is over. The lock is held.
func (s *Store) live(id sessionstore.ID, now time.Time) (*sessionstore.Record, bool) {
	r, ok := s.sessions[id]
	if !ok || !now.Before(r.End()) {
		return nil, false
	}
	e := s.epochs(r.Person)
	return r, e.Person == r.Epochs.Person && e.Bucket == r.Epochs.Bucket
}

// Epochs returns the current epochs of p.
func (s *Store) Epochs(ctx context.Context, p identity.PersonHash) (sessionstore.Epochs, error) {
	if _, err := s.enter(ctx); err != nil {
		return sessionstore.Epochs{}, err
	}
	defer s.mu.Unlock()
	return s.epochs(p), nil
}

// Load returns a live record.
func (s *Store) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return sessionstore.Row{}, err
	}
	defer s.mu.Unlock()
	r, ok := s.live(id, now)
	if !ok {
		return sessionstore.Row{}, sessionstore.ErrNotFound
	}
	ids := s.persons[r.Person]
	return sessionstore.Row{
		ID: id, Record: *r, Now: now, Note: slices.Clone(s.notes[r.Person]), Later: len(ids) - 1 - slices.Index(ids, id),
	}, nil
}

// Touch records a use that was ago before now.
func (s *Store) Touch(ctx context.Context, id sessionstore.ID, ago time.Duration) error {
	now, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	r, ok := s.live(id, now)
	if !ok {
		return sessionstore.ErrNotFound
	}
	if used := now.Add(-max(0, ago)); used.After(r.LastUse) {
		r.LastUse = used
		s.later(kindSession, string(id))
	}
	return nil
}

// List returns the live records of p, oldest first.
func (s *Store) List(ctx context.Context, p identity.PersonHash) ([]sessionstore.Row, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return s.rows(p, now), nil
}

// rows forgets what is over of p and returns the rest. The lock is held.
func (s *Store) rows(p identity.PersonHash, now time.Time) []sessionstore.Row {
	var rows []sessionstore.Row
	for _, id := range s.keep(p, now) {
		if len(rows) < sessionstore.MaxRows {
			rows = append(rows, sessionstore.Row{ID: id, Record: *s.sessions[id], Now: now})
		}
	}
	return rows
}

// Ping reports whether the store is open.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.enter(ctx); err != nil {
		return err
	}
	s.mu.Unlock()
	return nil
}

// Close forgets everything and ends all watches.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	clear(s.sessions)
	s.index = index{}
	clear(s.persons)
	clear(s.once)
	clear(s.kept)
	clear(s.claims)
	clear(s.names)
	clear(s.notes)
	s.ends = nil
	for w := range s.watchers {
		s.drop(w)
	}
	return nil
}
