package sessionstore

import (
	"context"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// enlistment is a session that is about to start, as single logout finds it.
type enlistment struct {
	name   NameHash
	entry  Entry
	ttl    time.Duration
	issued time.Time // IssueInstant of the assertion, or zero
	begun  time.Time
	seen   uint64 // the newest logout known when it was enlisted
}

// enlist writes the index entry of c, before c is created: from here on a logout
// finds it. A person whose assertion names nobody is not enlisted.
//
// SAML Core §3.7.3.2: a logout counts for assertions too which arrive after it.
// Those that were issued before it are refused. Both times are of one clock,
// that of the identity provider, so a new sign-in is never mistaken for an old.
func (m *Manager) enlist(ctx context.Context, c Create, id identity.Identity) (*enlistment, error) {
	if id.IDP == "" || id.NameID.Value == "" {
		return nil, nil
	}
	e := &enlistment{name: HashNameID(id.IDP, id.NameID), entry: Entry{c.ID, HashIndex(id.Authn.SessionIndex)},
		ttl: c.Lifetime, issued: id.Authn.Issued, begun: m.now()}
	noted, err := m.store.Enlist(ctx, e.name, e.entry, e.ttl)
	if err != nil {
		return nil, fmt.Errorf("enlisting a session: %w", err)
	}
	for _, l := range noted {
		e.seen = max(e.seen, l.Seq)
	}
	if e.covered(noted) {
		m.delist(ctx, e)
		return nil, fmt.Errorf("enlisting a session: logged out since it was asserted: %w", ErrEpochMoved)
	}
	return e, nil
}

// confirm looks for logouts that came after e was enlisted, and so may have
// looked for its session before it was there.
func (m *Manager) confirm(ctx context.Context, e *enlistment) error {
	if e == nil {
		return nil
	}
	noted, err := m.store.Enlist(ctx, e.name, e.entry, e.ttl)
	if err != nil {
		return fmt.Errorf("confirming a session: %w", err)
	}
	// A logout that came right after enlisting must still be remembered.
	if e.covered(noted) || m.now().Sub(e.begun).Abs() > LogoutMemory/3 {
		return fmt.Errorf("confirming a session: logged out as it started: %w", ErrEpochMoved)
	}
	return nil
}

// covered reports whether one of the logouts that concern e counts for it.
func (e *enlistment) covered(noted []Logout) bool {
	for _, l := range noted {
		before := !l.Issued.IsZero() && !e.issued.IsZero() && !e.issued.After(l.Issued)
		if l.Seq > e.seen || before {
			return true
		}
	}
	return false
}

// delist takes an entry out of the index. One that stays behind does no harm and
// goes when its time is over, so nobody waits for this to succeed.
func (m *Manager) delist(ctx context.Context, e *enlistment) {
	if e != nil {
		_ = m.store.Delist(ctx, e.name, []Entry{e.entry})
	}
}

// delistAll takes the entries of sessions that have just ended out of the index.
func (m *Manager) delistAll(ctx context.Context, ended []Ended) {
	byName := make(map[NameHash][]Entry)
	for _, e := range ended {
		if s := e.Session; s != nil && s.Identity.IDP != "" && s.Identity.NameID.Value != "" {
			name := HashNameID(s.Identity.IDP, s.Identity.NameID)
			byName[name] = append(byName[name], Entry{s.ID, HashIndex(s.Identity.Authn.SessionIndex)})
		}
	}
	for name, entries := range byName {
		for len(entries) > 0 {
			n := min(len(entries), MaxRows)
			_ = m.store.Delist(ctx, name, entries[:n]) // see delist
			entries = entries[n:]
		}
	}
}
