package embedded

import (
	"bytes"
	"context"
	"slices"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Note returns what is noted of p.
func (s *Store) Note(ctx context.Context, p identity.PersonHash) ([]byte, error) {
	if _, err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return slices.Clone(s.notes[p]), nil
}

// SetNote notes value of p in place of old.
func (s *Store) SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (bool, error) {
	if _, err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	switch now := s.notes[p]; {
	case bytes.Equal(now, value): // a repetition
	case !bytes.Equal(now, old):
		return false, nil
	case len(value) == 0:
		delete(s.notes, p)
		s.mark(kindNote, string(p[:]))
	default:
		s.notes[p] = bytes.Clone(value)
		s.mark(kindNote, string(p[:]))
	}
	s.publish(sessionstore.Invalidation{Scope: sessionstore.ScopeReview, Person: p, Bucket: sessionstore.BucketOf(p)})
	return true, nil
}
