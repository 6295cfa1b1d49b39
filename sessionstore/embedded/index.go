package embedded

import (
	"context"
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// IDs returns the ids of the sessions in some buckets.
func (s *Store) IDs(ctx context.Context, in []sessionstore.Bucket) ([]sessionstore.ID, error) {
	if _, err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ids []sessionstore.ID
	all := s.indexed()
	for _, b := range in {
		for id := range all.ids[b] {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Rows returns what is live of ids.
func (s *Store) Rows(ctx context.Context, ids []sessionstore.ID) ([]sessionstore.Row, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return s.liveOf(ids, now), nil
}

// liveOf returns the live records among ids. The lock is held.
func (s *Store) liveOf(ids []sessionstore.ID, now time.Time) []sessionstore.Row {
	rows := make([]sessionstore.Row, 0, len(ids))
	for _, id := range ids {
		if r, ok := s.live(id, now); ok {
			rows = append(rows, sessionstore.Row{ID: id, Record: *r, Now: now, Note: slices.Clone(s.notes[r.Person])})
		}
	}
	return rows
}

// index knows the sessions by their buckets. It goes with s.sessions; where their
// numbers differ, such as after reading a file, it is made anew.
type index struct {
	ids   [sessionstore.Buckets]map[sessionstore.ID]struct{}
	count int
}

func (x *index) add(id sessionstore.ID) {
	ids := &x.ids[id.Bucket()]
	if *ids == nil {
		*ids = make(map[sessionstore.ID]struct{})
	}
	if _, known := (*ids)[id]; !known {
		(*ids)[id] = struct{}{}
		x.count++
	}
}

func (x *index) drop(id sessionstore.ID) {
	ids := x.ids[id.Bucket()]
	if _, known := ids[id]; known {
		delete(ids, id)
		x.count--
	}
}

// indexed returns the index of the sessions that there are. The lock is held.
func (s *Store) indexed() *index {
	if s.index.count != len(s.sessions) {
		s.index = index{}
		for id := range s.sessions {
			s.index.add(id)
		}
	}
	return &s.index
}
