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
	newest uint64 // number of the first value; each next one has one less
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
		s.truncate(key, &l, 0)
	}
	l.end = now.Add(ttl)
	if !slices.ContainsFunc(l.values[:min(repeats, len(l.values))], func(v []byte) bool { return bytes.Equal(v, value) }) {
		l.values = slices.Insert(l.values, 0, bytes.Clone(value))
		l.newest++
		s.later(kindValue, valueKey(key, l.newest))
	}
	s.truncate(key, &l, keep)
	s.lists[key] = l
	s.later(kindList, key)
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
		s.truncate(key, &l, 0)
		delete(s.lists, key)
		s.later(kindList, key)
		return nil, nil
	}
	return slices.Clone(l.values), nil
}

// truncate keeps the newest values of a list. The lock is held.
func (s *Store) truncate(key string, l *list, keep int) {
	for len(l.values) > keep {
		last := len(l.values) - 1
		s.later(kindValue, valueKey(key, l.newest-uint64(last)))
		l.values[last] = nil
		l.values = l.values[:last]
	}
}
