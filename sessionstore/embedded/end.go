package embedded

import (
	"context"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// End ends one record.
func (s *Store) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return sessionstore.Row{}, err
	}
	defer s.mu.Unlock()
	if _, ok := s.live(id, now); !ok {
		s.publish(sessionstore.Invalidation{Scope: sessionstore.ScopeSession, ID: id, Reason: why})
		return sessionstore.Row{}, sessionstore.ErrNotFound
	}
	return s.end(id, why, now).Row, nil
}

// end frees a live record and tells the watchers. The lock is held.
func (s *Store) end(id sessionstore.ID, why sessionstore.Reason, now time.Time) sessionstore.EndedRow {
	row := sessionstore.Row{ID: id, Record: *s.sessions[id], Now: now}
	s.forget(id)
	s.mark(kindSession, string(id))
	s.publish(sessionstore.Invalidation{Scope: sessionstore.ScopeSession, ID: id, Reason: why})
	return sessionstore.EndedRow{Row: row, Reason: why}
}

// EndAll moves the epoch of p.
func (s *Store) EndAll(ctx context.Context, p identity.PersonHash, why sessionstore.Reason) ([]sessionstore.Row, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	rows := s.rows(p, now)
	s.moved[p]++
	s.mark(kindPerson, string(p[:]))
	for _, id := range s.persons[p] {
		delete(s.sessions, id)
		s.index.drop(id)
		s.gone(id)
	}
	delete(s.persons, p)
	s.publish(sessionstore.Invalidation{Scope: sessionstore.ScopePerson, Person: p, Bucket: sessionstore.BucketOf(p), Reason: why, Epoch: s.moved[p]})
	return rows, nil
}

// EndBucket moves the epoch of b. What it leaves behind is freed when it
// would have expired.
func (s *Store) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) error {
	if _, err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.buckets[b]++
	s.mark(kindBucket, string([]byte{byte(b)}))
	s.publish(sessionstore.Invalidation{Scope: sessionstore.ScopeBucket, Bucket: b, Reason: why, Epoch: s.buckets[b]})
	return nil
}
