package sessionstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Limits returns the limits that hold for a sign-in of id, by [ManagerConfig].Rules
// and what was chosen for the person: [ErrUnavailable], [ErrFormat]. What was chosen
// is sealed anew with the newest key, so that a key which nobody signed in under
// for long enough can be taken away.
func (m *Manager) Limits(ctx context.Context, id identity.Identity) (Limits, error) {
	hash := id.Person.Hash()
	note, err := m.store.Note(ctx, hash)
	if err != nil {
		return Limits{}, fmt.Errorf("reading preferences: %w", err)
	}
	p, err := m.openNote(hash, note)
	if err != nil {
		return Limits{}, err
	}
	if len(note) > 0 && !m.keys.newest(note[1:]) {
		if anew, err := m.sealNote(hash, p); err == nil {
			_, _ = m.store.SetNote(ctx, hash, note, anew) // next time, if it fails
		}
	}
	return m.rules.For(id, p), nil
}

// tighten holds s to limits that may be stricter than those it began with, and
// says why it is over, or ReasonUnknown where it lives. lag is how far its
// recorded last use may be behind the true one.
func (s *Session) tighten(l Limits, now time.Time, lag time.Duration) Reason {
	s.Expires = earlier(s.Expires, s.Created.Add(l.Lifetime))
	lowered := l.Idle < s.Idle
	s.Idle = min(s.Idle, l.Idle)
	switch {
	case !now.Before(s.Expires):
		return ReasonLifetime
	case lowered && now.Sub(s.LastSeen) >= s.Idle+lag: // else the store has judged it
		return ReasonIdle
	}
	return ReasonUnknown
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// review holds a session that was loaded to the limits of now. One that is over
// by them ends here: [ErrNotFound].
func (m *Manager) review(ctx context.Context, s *Session, row Row, asked time.Time) error {
	if !m.rules.set() {
		return nil
	}
	p, err := m.openNote(row.Person, row.Note)
	if err != nil {
		return err
	}
	l := m.rules.For(s.Identity, p)
	if why := s.tighten(l, asked, row.Interval); why != ReasonUnknown {
		if _, err := m.end(ctx, s.ID, why); err != nil {
			return err
		}
		return ErrNotFound
	}
	if l.MaxConcurrent == 0 || row.Later < l.MaxConcurrent {
		return nil
	}
	// A limit that was lowered since: of the sessions that were started before,
	// too, no more are served than it allows.
	if _, err := m.enforce(ctx, s.Identity.Person, ""); err != nil {
		return err
	}
	_, err = m.store.Load(ctx, s.ID)
	return err
}

// held is a session and what holds for it.
type held struct {
	session *Session
	limits  Limits
	over    Reason // why it must end; ReasonUnknown where it lives
}

// held returns the sessions of p, oldest first, as the limits of now see them.
func (m *Manager) held(ctx context.Context, p identity.Person) ([]held, error) {
	asked := m.now()
	rows, err := m.store.List(ctx, p.Hash())
	if err != nil {
		return nil, err
	}
	var prefs Preferences
	if m.rules.set() {
		if prefs, err = m.Preferences(ctx, p); err != nil {
			return nil, err
		}
	}
	all := make([]held, 0, len(rows))
	for _, row := range rows {
		s, err := m.session(row, asked)
		if err != nil {
			continue
		}
		h := held{session: s}
		if m.rules.set() {
			h.limits = m.rules.For(s.Identity, prefs)
			h.over = s.tighten(h.limits, asked, row.Interval)
		}
		all = append(all, h)
	}
	return all, nil
}

// enforce ends the sessions of p that are over by the limits of now, and those
// beyond their number: under evict_idle the least lately used, else the oldest.
// keep, if it lives, is the last to go.
func (m *Manager) enforce(ctx context.Context, p identity.Person, keep ID) (ended int, err error) {
	if !m.rules.set() {
		return 0, nil
	}
	all, err := m.held(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("holding a person to their limits: %w", err)
	}
	slices.Reverse(all)
	if len(all) > 0 && all[0].limits.OnLimit == EvictIdle { // as the newest sign-in has it
		slices.SortStableFunc(all, func(a, b held) int { return b.session.LastSeen.Compare(a.session.LastSeen) })
	}
	slices.SortStableFunc(all, func(a, b held) int { return boolean(b.session.ID == keep) - boolean(a.session.ID == keep) })
	stay := 0
	for _, h := range all {
		if h.over == ReasonUnknown && h.limits.MaxConcurrent > 0 && stay >= h.limits.MaxConcurrent {
			h.over = ReasonEvicted
		}
		if h.over == ReasonUnknown {
			stay++
			continue
		}
		gone, err := m.end(ctx, h.session.ID, h.over)
		ended += len(gone)
		if err != nil {
			return ended, err
		}
	}
	return ended, nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Choose remembers a person's own choice, made in the session s, and holds their
// sessions to it at once; s itself ends last. See [Manager.SetPreferences].
func (m *Manager) Choose(ctx context.Context, s *Session, c Choice) (Preferences, error) {
	return m.set(ctx, s.Identity.Person, s.ID, func(p *Preferences) error { p.Own = c; return nil })
}
