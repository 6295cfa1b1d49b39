package sessionstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Farewell tells the browser of an ended session why it ended.
type Farewell struct {
	Reason Reason
	Agent  string    `json:",omitempty"` // the browser whose sign-in ended it, in words; empty where none did
	At     time.Time // when it ended, on the clock of the gateway that ended it
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

// leaveWord keeps a farewell for the browser of each session that has just
// ended, by the sign-in of agent if that is known. Nobody waits for it to succeed:
// without it the browser is asked to sign in all the same.
func (m *Manager) leaveWord(ctx context.Context, ended []Ended, agent string) {
	now := m.now()
	for _, e := range ended[:min(len(ended), farewellMost)] {
		if e.Session == nil || !told(e.Reason) {
			continue
		}
		life := min(farewellLife, e.Session.Expires.Sub(now))
		value, err := json.Marshal(Farewell{Reason: e.Reason, Agent: agent, At: now})
		if err != nil || life < time.Millisecond {
			continue
		}
		_ = m.PutOnce(ctx, farewellKind, string(e.ID), value, life)
	}
}

// Farewell returns why the session called id ended, for as long as nobody has
// taken it: [ErrNotFound] where there is nothing to tell.
func (m *Manager) Farewell(ctx context.Context, id ID) (Farewell, error) {
	value, err := m.PeekOnce(ctx, farewellKind, string(id))
	return farewell(value, err)
}

// TakeFarewell is [Manager.Farewell] for the one who tells the person.
func (m *Manager) TakeFarewell(ctx context.Context, id ID) (Farewell, error) {
	value, err := m.TakeOnce(ctx, farewellKind, string(id))
	return farewell(value, err)
}

func farewell(value []byte, err error) (f Farewell, _ error) {
	if err == nil {
		err = json.Unmarshal(value, &f)
	}
	if err != nil {
		return Farewell{}, fmt.Errorf("reading a farewell: %w", err)
	}
	return f, nil
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
