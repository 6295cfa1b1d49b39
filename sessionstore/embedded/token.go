package embedded

import (
	"context"
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// Put keeps a single-use value.
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	now, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.once[key] = token{slices.Clone(value), now.Add(ttl)}
	s.later(kindOnce, key) // one that is lost is asked for anew
	s.ends.add(ending{at: now.Add(ttl), once: key})
	return nil
}

// Take returns and forgets a single-use value.
func (s *Store) Take(ctx context.Context, key string) ([]byte, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t, ok := s.once[key]
	if ok {
		delete(s.once, key)
		s.mark(kindOnce, key)
	}
	if !ok || !now.Before(t.end) {
		return nil, sessionstore.ErrNotFound
	}
	return t.value, nil
}

// Peek returns a single-use value and leaves it there.
func (s *Store) Peek(ctx context.Context, key string) ([]byte, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t, ok := s.once[key]
	if !ok || !now.Before(t.end) {
		return nil, sessionstore.ErrNotFound
	}
	return slices.Clone(t.value), nil
}

// Keep returns what was kept first.
func (s *Store) Keep(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t, ok := s.kept[key]
	s.later(kindKept, key)
	if !ok || !now.Before(t.end) {
		s.mark(kindKept, key)
		t = token{value: slices.Clone(value)}
		s.ends.add(ending{at: now.Add(ttl), kept: key})
	}
	t.end = now.Add(ttl)
	s.kept[key] = t
	return slices.Clone(t.value), nil
}

// Claim remembers the first claimant of key.
func (s *Store) Claim(ctx context.Context, key, claimant string, ttl time.Duration) (bool, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	if t, ok := s.claims[key]; ok && now.Before(t.end) {
		return string(t.value) == claimant, nil
	}
	s.claims[key] = token{[]byte(claimant), now.Add(ttl)}
	s.mark(kindClaim, key)
	s.ends.add(ending{at: now.Add(ttl), claim: key})
	return true, nil
}

// Claimed looks for a claim that counts.
func (s *Store) Claimed(ctx context.Context, key string) (bool, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	t, ok := s.claims[key]
	return ok && now.Before(t.end), nil
}
