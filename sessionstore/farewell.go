package sessionstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Farewell tells the browser of an ended session why it ended.
type Farewell struct {
	Reason Reason
	Agent  string    `json:",omitempty"` // the browser whose sign-in ended it, in words; empty where none did
	At     time.Time `json:",omitzero"`  // when it ended, on the clock of the gateway that ended it; zero for ReasonIdle
	IDP    string    `json:",omitempty"` // the session's, by its configured name; for ReasonIdle alone
}

// word is a farewell as it is kept. That of a session which ends unused is written
// when it starts, since nobody is there when it ends: it holds while nobody ended
// the session, nor all of its person's.
type word struct {
	Farewell
	Person []byte `json:",omitempty"` // an identity.PersonHash
	Epochs Epochs `json:",omitzero"`
}

const (
	farewellKind = "farewell"
	farewellLife = 24 * time.Hour // and never longer than the session would have lived
	farewellMost = 32             // of the sessions that one call ended
)

// told are the ends that somebody wants to hear of who did not bring them about.
func told(why Reason) bool {
	switch why {
	case ReasonEvicted, ReasonOperator, ReasonSelf, ReasonRole, ReasonSingleLogout:
		return true
	}
	return false
}

// foretell keeps the farewell of a session that may end unused. Nobody waits for
// it to succeed.
func (m *Manager) foretell(ctx context.Context, s *Session, e Epochs) {
	if m.tellIdle {
		p := s.Identity.Person.Hash()
		m.keepWord(ctx, s, s.Expires.Sub(m.now()), word{Farewell: Farewell{Reason: ReasonIdle, IDP: s.Identity.IDP}, Person: p[:], Epochs: e})
	}
}

// leaveWord keeps a farewell for the browser of each session that has just
// ended, by the sign-in of agent if that is known, in place of the one foretold.
// Nobody waits for it to succeed: without it the browser is asked to sign in all
// the same.
func (m *Manager) leaveWord(ctx context.Context, ended []Ended, agent string) {
	now := m.now()
	for i, e := range ended {
		if leaves(i, e) {
			m.keepWord(ctx, e.Session, min(farewellLife, e.Session.Expires.Sub(now)), word{Farewell: Farewell{Reason: e.Reason, Agent: agent, At: now}})
		}
	}
}

func leaves(i int, e Ended) bool { return e.Session != nil && told(e.Reason) && i < farewellMost }

// unsay takes back what was foretold of sessions that have just ended, where
// nothing took its place. Where an epoch ended them all it holds no more anyway.
func (m *Manager) unsay(ctx context.Context, ended []Ended) {
	for i, e := range ended {
		if m.tellIdle && e.Reason != ReasonIdle && !leaves(i, e) {
			_, _ = m.TakeOnce(ctx, farewellKind, string(e.ID))
		}
	}
}

func (m *Manager) keepWord(ctx context.Context, s *Session, life time.Duration, w word) {
	if value, err := json.Marshal(w); err == nil && life >= time.Millisecond {
		_ = m.PutOnce(ctx, farewellKind, string(s.ID), value, life)
	}
}

// Farewell returns why the session called id has ended, for as
// long as nobody has taken it: [ErrNotFound] where there is nothing to tell.
func (m *Manager) Farewell(ctx context.Context, id ID) (Farewell, error) {
	value, err := m.PeekOnce(ctx, farewellKind, string(id))
	return m.farewell(ctx, id, value, err)
}

// TakeFarewell is [Manager.Farewell] for the one who tells the person.
func (m *Manager) TakeFarewell(ctx context.Context, id ID) (Farewell, error) {
	value, err := m.TakeOnce(ctx, farewellKind, string(id))
	return m.farewell(ctx, id, value, err)
}

func (m *Manager) farewell(ctx context.Context, id ID, value []byte, err error) (Farewell, error) {
	var w word
	if err == nil {
		err = json.Unmarshal(value, &w)
	}
	if err == nil && w.Reason == ReasonIdle {
		err = m.holds(ctx, id, w)
	}
	if err != nil {
		return Farewell{}, fmt.Errorf("reading a farewell: %w", err)
	}
	return w.Farewell, nil
}

// holds is [ErrNotFound] where the session still lives, or all sessions of the
// person were ended after w was foretold.
func (m *Manager) holds(ctx context.Context, id ID, w word) error {
	if _, err := m.store.Load(ctx, id); !errors.Is(err, ErrNotFound) {
		return cmp.Or(err, ErrNotFound)
	}
	var p identity.PersonHash
	copy(p[:], w.Person)
	now, err := m.store.Epochs(ctx, p)
	if err == nil && (now.Person != w.Epochs.Person || now.Bucket != w.Epochs.Bucket) {
		err = ErrNotFound
	}
	return err
}

// PeekOnce returns what [Manager.TakeOnce] would, and leaves it there.
func (m *Manager) PeekOnce(ctx context.Context, kind, code string) ([]byte, error) {
	if kind == "" || code == "" {
		return nil, ErrNotFound
	}
	value, err := m.store.Peek(ctx, hashName(kind, code))
	return m.openOnce(kind, code, value, err)
}

// openOnce opens what a store gave for kind and code.
func (m *Manager) openOnce(kind, code string, value []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("reading a single-use token: %w", err)
	}
	if len(value) == 0 || value[0] != Format {
		return nil, fmt.Errorf("reading a single-use token: %w", ErrFormat)
	}
	plain, ok := m.keys.open(purposeOnce, hashName(kind, code), value[1:])
	if !ok {
		return nil, fmt.Errorf("opening a single-use token: %w", ErrNotFound)
	}
	return plain, nil
}
