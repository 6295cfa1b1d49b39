package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Named says whose sessions a logout of an identity provider is about
// (SAML Core §3.7.1).
type Named struct {
	IDP    string // its name in the configuration: sessions of others never end
	Issuer string // its entity id, which a NameQualifier that is left out stands for (§8.3.7)
	NameID identity.NameID
	// Indexes are the SessionIndexes to end, whole; none means all sessions of
	// the NameID.
	Indexes []string
	// Issued is the IssueInstant of the request. Sign-ins that the provider
	// asserted before it and that reach us only later are refused (§3.7.3.2).
	// Where it is zero they are not.
	Issued time.Time
}

const (
	endsAtOnce = 8   // ends of one EndNamed or EndEverything that are under way at the same time: each may wait for a replica
	maxPages   = 100 // of MaxRows entries each that one EndNamed looks at for one index
)

// EndNamed ends the live sessions that n names, wherever they were made, and
// returns how many. One that is about to start ends as well, see [Manager.Start].
// Nobody found is no error. [ErrUnavailable] says that some may live on: ask
// again, which goes on where this call stopped.
//
// Sessions are ended eight at a time, so a thousand take as long as 250 round
// trips to the store. An IdP that gives everybody one NameID costs that for each
// logout without a SessionIndex; with one only the sessions of that index are
// looked at. Beyond a hundred thousand it is ErrUnavailable.
//
// The index only says where to look. What ends is decided by the sealed record,
// which nobody can write but a gateway. A record that cannot be read, of another
// release or sealed with a key that is not ours, is ended too: it was enlisted
// under this name, another replica may serve it, and who could have forged the
// entry could have deleted the record.
func (m *Manager) EndNamed(ctx context.Context, n Named, why Reason) (ended int, err error) {
	if n.IDP == "" || n.NameID.Value == "" {
		return 0, nil
	}
	name := HashNameID(n.IDP, n.NameID)
	// First, so that whoever enlists after this was read sees it.
	if err := m.store.NoteLogout(ctx, name, n.logouts()); err != nil {
		return 0, fmt.Errorf("noting a logout: %w", err)
	}
	for _, index := range n.lookups() {
		k, err := m.endListed(ctx, name, index, n, why)
		ended += k
		if err != nil {
			return ended, fmt.Errorf("ending the sessions of a NameID: %w", err)
		}
	}
	return ended, nil
}

// logouts is what is remembered of n.
func (n Named) logouts() []Logout {
	if len(n.Indexes) == 0 {
		return []Logout{{All: true, Issued: n.Issued}}
	}
	if len(n.Indexes) > MaxLogouts { // what starts just now is stopped, what starts later is not
		return []Logout{{All: true}}
	}
	all := make([]Logout, 0, len(n.Indexes))
	for _, index := range n.lookups() {
		all = append(all, Logout{Index: *index, Issued: n.Issued})
	}
	return all
}

// lookups are the parts of the index to look at; nil is all of it.
func (n Named) lookups() []*IndexHash {
	if len(n.Indexes) == 0 {
		return []*IndexHash{nil}
	}
	var all []*IndexHash
	seen := make(map[IndexHash]bool)
	for _, index := range n.Indexes {
		if hash := HashIndex(index); !seen[hash] {
			seen[hash] = true
			all = append(all, &hash)
		}
	}
	return all
}

// means reports whether n is about s.
func (n Named) means(s *Session) bool {
	return s.Identity.IDP == n.IDP && s.Identity.NameID.Means(n.NameID, n.Issuer) &&
		(len(n.Indexes) == 0 || slices.Contains(n.Indexes, s.Identity.Authn.SessionIndex))
}

// endListed ends what n names among the entries of one index.
func (m *Manager) endListed(ctx context.Context, name NameHash, index *IndexHash, n Named, why Reason) (ended int, err error) {
	var after Entry
	for range maxPages {
		entries, err := m.store.Listed(ctx, name, index, after)
		if err != nil || len(entries) == 0 {
			return ended, err
		}
		k, err := m.endPage(ctx, name, entries, n, why)
		ended += k
		if err != nil || len(entries) < MaxRows {
			return ended, err
		}
		after = entries[len(entries)-1]
	}
	return ended, fmt.Errorf("%w: more than %d sessions of one NameID", ErrUnavailable, maxPages*MaxRows)
}

// endPage ends what n names among entries. After an error it begins no more.
func (m *Manager) endPage(ctx context.Context, name NameHash, entries []Entry, n Named, why Reason) (int, error) {
	p := &page{entries: entries}
	var workers sync.WaitGroup
	for range min(endsAtOnce, len(entries)) {
		workers.Go(func() { // ends when there is nothing left to take
			for e, ok := p.take(); ok; e, ok = p.take() {
				p.put(m.endEntry(ctx, e, n, why))
			}
		})
	}
	workers.Wait()
	m.unsay(ctx, m.report(ctx, p.ended, ""))
	if len(p.over) > 0 {
		_ = m.store.Delist(ctx, name, p.over) // see delist
	}
	return len(p.ended), p.err
}

// page is what the workers of endPage share.
type page struct {
	mu      sync.Mutex
	entries []Entry    // not yet looked at
	ended   []EndedRow // and told
	over    []Entry    // whose session has ended for good
	err     error      // the first
}

func (p *page) take() (e Entry, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.entries) == 0 || p.err != nil {
		return e, false
	}
	e, p.entries = p.entries[0], p.entries[1:]
	return e, true
}

func (p *page) put(e Entry, row *EndedRow, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if row != nil {
		p.ended, p.over = append(p.ended, *row), append(p.over, e)
	}
	if p.err == nil {
		p.err = err
	}
}

// endEntry ends one session if n names it. Where there is none the entry stays:
// its session may be about to be created.
func (m *Manager) endEntry(ctx context.Context, e Entry, n Named, why Reason) (Entry, *EndedRow, error) {
	if e.ID == "" { // somebody meddled with the index
		return e, nil, nil
	}
	asked := m.now()
	found, err := m.store.Load(ctx, e.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return e, nil, nil
	case err != nil && !errors.Is(err, ErrFormat):
		return e, nil, err
	case err == nil:
		if s, unreadable := m.session(found, asked); unreadable == nil && !n.means(s) {
			return e, nil, nil // of somebody else, or of another of their sessions
		}
	}
	gone, err := m.store.End(ctx, e.ID, why)
	if errors.Is(err, ErrNotFound) { // somebody else was faster
		return e, nil, nil
	}
	if err != nil {
		return e, nil, err
	}
	return e, &EndedRow{Row: gone, Reason: why}, nil
}
