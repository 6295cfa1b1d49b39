package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Page is a part of all sessions, in the order of their handles, which is none
// of time. Whoever asks for page after page sees every session that lives all
// the while exactly once, whatever starts and ends in between.
type Page struct {
	Sessions []*Session
	Next     Handle // where the next page begins; empty: that was all
}

// maxLook bounds how many sessions one page is chosen from: less than a second
// of work.
const maxLook = 20_000

// Browse returns the live sessions behind after (empty: from the first on) that
// want says yes to, at most most of them (1 to [MaxRows]), or fewer: whether
// there are more is told by Next alone. A nil want wants all.
func (m *Manager) Browse(ctx context.Context, after Handle, most int, want func(*Session) bool) (Page, error) {
	if most < 1 || most > MaxRows {
		return Page{}, errors.New("browsing sessions: a page has 1 to 1000 of them")
	}
	var page Page
	looked := 0
	first, _ := after.bucket()
	err := m.walk(ctx, first, func(_ []Bucket, found []ID) (bool, error) {
		n, more, err := m.look(ctx, &page, inOrder(found, after), maxLook-looked, most, want)
		looked += n
		return more, err
	})
	if err != nil {
		return Page{}, fmt.Errorf("browsing sessions: %w", err)
	}
	return page, nil
}

// BrowseOf is [Manager.Browse] for the sessions of p alone.
func (m *Manager) BrowseOf(ctx context.Context, p identity.Person, after Handle, most int, want func(*Session) bool) (page Page, err error) {
	if most < 1 || most > MaxRows {
		return Page{}, errors.New("browsing sessions: a page has 1 to 1000 of them")
	}
	rows, err := m.store.List(ctx, p.Hash())
	if err != nil {
		return Page{}, fmt.Errorf("browsing the sessions of a person: %w", err)
	}
	found := make([]ID, len(rows))
	for i, row := range rows {
		found[i] = row.ID
	}
	ids := inOrder(found, after)
	if _, _, err := m.look(ctx, &page, ids, MaxRows, most, want); err != nil {
		return Page{}, fmt.Errorf("browsing the sessions of a person: %w", err)
	}
	if len(ids) > 0 && page.Next == ids[len(ids)-1].handle {
		page.Next = ""
	}
	return page, nil
}

// look adds what is wanted of ids to the page and reports how many it has looked
// at, and whether there is room for more: the page is not full, and it has looked
// at fewer than enough.
func (m *Manager) look(ctx context.Context, page *Page, ids []named, enough, most int, want func(*Session) bool) (looked int, more bool, err error) {
	for looked < len(ids) {
		// Where all are wanted, no more are read than fit.
		n := min(len(ids)-looked, MaxRows)
		if want == nil {
			n = min(n, most-len(page.Sessions))
		}
		full, err := m.fill(ctx, page, ids[looked:looked+n], most, want)
		looked += n
		if err != nil || full {
			return looked, false, err
		}
		if looked >= enough {
			page.Next = ids[looked-1].handle
			return looked, false, nil
		}
	}
	return looked, true, nil
}

// fill adds what is wanted of ids to the page, and reports whether it is full.
func (m *Manager) fill(ctx context.Context, page *Page, ids []named, most int, want func(*Session) bool) (full bool, err error) {
	asked := m.now()
	rows, err := m.store.Rows(ctx, bare(ids))
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		s, ok := m.seen(row, asked)
		if !ok || want != nil && !want(s) {
			continue
		}
		page.Sessions = append(page.Sessions, s)
		if len(page.Sessions) == most {
			page.Next = row.ID.Handle()
			return true, nil
		}
	}
	return false, nil
}

// seen opens a row as the limits of now see it; false where it is over by them,
// which ends it when it is used.
func (m *Manager) seen(row Row, asked time.Time) (*Session, bool) {
	s, err := m.session(row, asked)
	if err != nil || !m.rules.set() {
		return s, err == nil
	}
	p, err := m.openNote(row.Person, row.Note)
	if err != nil { // nobody knows which limits hold: an operator should see it
		return s, true
	}
	return s, s.tighten(m.rules.For(s.Identity, p), asked, row.Interval) == ReasonUnknown
}

func bare(all []named) []ID {
	ids := make([]ID, len(all))
	for i, n := range all {
		ids[i] = n.id
	}
	return ids
}

const (
	maxBuckets = 64  // how many buckets are read at once, when there is little in them
	fewIDs     = 100 // what is little
)

// walk calls visit with all ids from the bucket first on, some buckets at a time,
// until visit has enough.
func (m *Manager) walk(ctx context.Context, first Bucket, visit func(in []Bucket, ids []ID) (more bool, err error)) error {
	width := 1
	for at := int(first); at < Buckets; {
		var in []Bucket
		for b := at; b < min(at+width, Buckets); b++ {
			in = append(in, Bucket(b))
		}
		ids, err := m.store.IDs(ctx, in)
		if err != nil {
			return err
		}
		if more, err := visit(in, ids); err != nil || !more {
			return err
		}
		at += len(in)
		if width = 1; len(ids) < fewIDs*len(in) {
			width = min(4*len(in), maxBuckets)
		}
	}
	return nil
}

// Find returns the live session that h names, or [ErrNotFound].
func (m *Manager) Find(ctx context.Context, h Handle) (*Session, error) {
	h, err := ParseHandle(string(h))
	if err != nil {
		return nil, ErrNotFound
	}
	in := []Bucket{0}
	for b := range Buckets {
		if known, ok := h.bucket(); ok {
			in[0] = known
		} else {
			in[0] = Bucket(b)
		}
		ids, err := m.store.IDs(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("finding session %s: %w", h, err)
		}
		for _, id := range ids {
			if h.names(id) {
				return m.Get(ctx, id)
			}
		}
		if _, ok := h.bucket(); ok {
			break
		}
	}
	return nil, ErrNotFound
}
