package embedded

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// name is what is kept of one NameID.
type name struct {
	entries map[sessionstore.ID]entry
	logouts []noted // oldest first
}

type entry struct {
	index sessionstore.IndexHash
	end   time.Time
}

type noted struct {
	sessionstore.Logout
	end time.Time
}

// listing names an entry of a name, or, without an id, its logouts.
type listing struct {
	name sessionstore.NameHash
	id   sessionstore.ID
}

// Enlist adds an entry to the index of n.
func (s *Store) Enlist(ctx context.Context, n sessionstore.NameHash, e sessionstore.Entry, ttl time.Duration) ([]sessionstore.Logout, error) {
	now, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	of := s.named(n)
	if _, ok := of.entries[e.ID]; !ok {
		end := now.Add(ttl)
		of.entries[e.ID] = entry{e.Index, end}
		s.later(kindEntry, string(n[:])+string(e.ID)) // written with its session at the latest
		s.ends.add(ending{at: end, listing: &listing{n, e.ID}})
	}
	var concern []sessionstore.Logout
	for _, l := range of.logouts {
		if now.Before(l.end) && (l.All || l.Index == e.Index) {
			concern = append(concern, l.Logout)
		}
	}
	return concern, nil
}

// Delist removes entries from the index of n.
func (s *Store) Delist(ctx context.Context, n sessionstore.NameHash, entries []sessionstore.Entry) error {
	if _, err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	of, ok := s.names[n]
	if !ok {
		return nil
	}
	for _, e := range entries {
		if of.entries[e.ID].index == e.Index {
			delete(of.entries, e.ID)
			s.later(kindEntry, string(n[:])+string(e.ID))
		}
	}
	s.forgetName(n)
	return nil
}

// NoteLogout remembers logouts of n.
func (s *Store) NoteLogout(ctx context.Context, n sessionstore.NameHash, logouts []sessionstore.Logout) error {
	now, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.seq++
	of, end := s.named(n), now.Add(sessionstore.LogoutMemory)
	for _, l := range logouts {
		l.Seq = s.seq
		of.logouts = append(of.logouts, noted{l, end})
	}
	of.forgetLogouts(now)
	s.mark(kindLogouts, string(n[:]))
	s.mark(kindSeq, seqKey)
	s.ends.add(ending{at: end, listing: &listing{name: n}})
	return nil
}

// Listed returns entries of n, ordered by index and id.
func (s *Store) Listed(ctx context.Context, n sessionstore.NameHash, index *sessionstore.IndexHash, after sessionstore.Entry) ([]sessionstore.Entry, error) {
	if _, err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	of, ok := s.names[n]
	if !ok {
		return nil, nil
	}
	var all []sessionstore.Entry
	for id, e := range of.entries {
		found := sessionstore.Entry{ID: id, Index: e.index}
		if (index == nil || e.index == *index) && inOrder(after, found) < 0 {
			all = append(all, found)
		}
	}
	slices.SortFunc(all, inOrder)
	return all[:min(len(all), sessionstore.MaxRows)], nil
}

func inOrder(a, b sessionstore.Entry) int {
	return cmp.Or(bytes.Compare(a.Index[:], b.Index[:]), cmp.Compare(a.ID, b.ID))
}

// named returns what is kept of n, to write to. The lock is held.
func (s *Store) named(n sessionstore.NameHash) *name {
	of, ok := s.names[n]
	if !ok {
		of = &name{entries: make(map[sessionstore.ID]entry)}
		s.names[n] = of
	}
	return of
}

// forgetName frees n when nothing is left of it. The lock is held.
func (s *Store) forgetName(n sessionstore.NameHash) {
	if of, ok := s.names[n]; ok && len(of.entries)+len(of.logouts) == 0 {
		delete(s.names, n)
	}
}

// forgetLogouts frees what need not be remembered. The lock is held.
func (n *name) forgetLogouts(now time.Time) {
	n.logouts = slices.DeleteFunc(n.logouts, func(l noted) bool { return !now.Before(l.end) })
	if more := len(n.logouts) - sessionstore.MaxLogouts; more > 0 {
		n.logouts = slices.Clone(n.logouts[more:])
	}
}

// unlist frees an entry, or the logouts of a name, that are over. The lock is
// held.
func (s *Store) unlist(l listing, now time.Time) {
	of, ok := s.names[l.name]
	if !ok {
		return
	}
	if l.id == "" {
		of.forgetLogouts(now)
		s.later(kindLogouts, string(l.name[:]))
	} else if e, ok := of.entries[l.id]; ok && !now.Before(e.end) {
		delete(of.entries, l.id)
		s.later(kindEntry, string(l.name[:])+string(l.id))
	}
	s.forgetName(l.name)
}
