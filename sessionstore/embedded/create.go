package embedded

import (
	"context"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Create adds a record and makes room for it.
func (s *Store) Create(ctx context.Context, c sessionstore.Create) (sessionstore.Created, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return sessionstore.Created{}, err
	}
	defer s.mu.Unlock()
	if r, ok := s.live(c.ID, now); ok { // a repetition
		return sessionstore.Created{Row: sessionstore.Row{ID: c.ID, Record: *r, Now: now}}, nil
	}
	if e := s.epochs(c.Person); e.Person != c.Epochs.Person || e.Bucket != c.Epochs.Bucket {
		return sessionstore.Created{}, sessionstore.ErrEpochMoved
	}
	frees := c.Frees
	if r, ok := s.live(frees, now); !ok || r.Person != c.Person || frees == c.Replaces {
		frees = ""
	}
	live := slices.DeleteFunc(slices.Clone(s.keep(c.Person, now)), func(id sessionstore.ID) bool { return id == c.Replaces || id == frees })
	over := 0 // how many must go
	if c.MaxConcurrent > 0 {
		over = max(0, len(live)+1-c.MaxConcurrent)
	}
	if over > 0 && c.OnLimit.Refuses() {
		return sessionstore.Created{}, sessionstore.ErrLimit
	}
	if over > 0 && c.OnLimit == sessionstore.EvictIdle {
		slices.SortStableFunc(live, func(a, b sessionstore.ID) int { return s.sessions[a].LastUse.Compare(s.sessions[b].LastUse) })
	}
	var ended []sessionstore.EndedRow
	for _, id := range live[:over] {
		ended = append(ended, s.end(id, sessionstore.ReasonEvicted, now))
	}
	if _, ok := s.live(c.Replaces, now); ok {
		ended = append(ended, s.end(c.Replaces, sessionstore.ReasonReplaced, now))
	}
	if frees != "" {
		ended = append(ended, s.end(frees, sessionstore.ReasonSelf, now))
	}
	return sessionstore.Created{Row: s.add(c, now), Ended: ended}, nil
}

// add writes the record of c. The lock is held.
func (s *Store) add(c sessionstore.Create, now time.Time) sessionstore.Row {
	r := &sessionstore.Record{
		Format: sessionstore.Format, Created: now, LastUse: now, Person: c.Person, Epochs: c.Epochs, Body: slices.Clone(c.Body),
		Idle: c.Idle.Truncate(time.Millisecond), Interval: c.Interval.Truncate(time.Millisecond),
		Expires: now.Add(c.Lifetime.Truncate(time.Millisecond)),
	}
	s.sessions[c.ID] = r
	s.index.add(c.ID)
	s.began(c.ID)
	s.persons[c.Person] = append(s.persons[c.Person], c.ID)
	s.ends.add(ending{at: r.End(), session: c.ID})
	return sessionstore.Row{ID: c.ID, Record: *r, Now: now}
}

// keep frees the records of p that are over and returns the ids of the
// others, oldest first. The lock is held.
func (s *Store) keep(p identity.PersonHash, now time.Time) []sessionstore.ID {
	for _, id := range slices.Clone(s.persons[p]) {
		if _, ok := s.live(id, now); !ok {
			s.forget(id)
		}
	}
	return s.persons[p]
}

// forget frees a record without telling anybody. The lock is held.
func (s *Store) forget(id sessionstore.ID) {
	r, ok := s.sessions[id]
	if !ok {
		return
	}
	delete(s.sessions, id)
	s.index.drop(id)
	s.gone(id)
	if left := slices.DeleteFunc(s.persons[r.Person], func(o sessionstore.ID) bool { return o == id }); len(left) > 0 {
		s.persons[r.Person] = left
	} else {
		delete(s.persons, r.Person)
	}
}
