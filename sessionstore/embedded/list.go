package embedded

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// list is one list of values, newest first. The few there are have fixed names,
// so that one which is over stays until its name is used again.
type list struct {
	values [][]byte
	end    time.Time
}

// repeats is how far back a repetition is looked for.
const repeats = 64

// Append puts value in front of a list.
func (s *Store) Append(ctx context.Context, key string, value []byte, keep int, ttl time.Duration) error {
	now, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	l := s.lists[key]
	if !now.Before(l.end) {
		l.values = nil
	}
	l.end = now.Add(ttl)
	if !slices.ContainsFunc(l.values[:min(repeats, len(l.values))], func(v []byte) bool { return bytes.Equal(v, value) }) {
		l.values = slices.Insert(l.values, 0, bytes.Clone(value))
	}
	if len(l.values) > keep {
		l.values = slices.Delete(l.values, keep, len(l.values))
	}
	s.lists[key] = l
	return nil
}

// Recent returns the values of a list.
func (s *Store) Recent(ctx context.Context, key string) ([][]byte, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	l := s.lists[key]
	if !now.Before(l.end) {
		delete(s.lists, key)
		return nil, nil
	}
	return slices.Clone(l.values), nil
}
