package sessionstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Choice holds limits that were chosen for one person; nil fields choose nothing.
type Choice struct {
	Idle          *time.Duration `json:",omitempty"` // at least 1 s
	MaxConcurrent *int           `json:",omitempty"` // 0 = no limit
}

// Preferences are what is remembered of one person beside their sessions. The
// zero value is that of nearly everybody.
type Preferences struct {
	Own      Choice `json:",omitzero"` // by the person, on the account page
	Operator Choice `json:",omitzero"` // by an operator, for this person
}

// ErrPreference says that a value is none that can be chosen.
var ErrPreference = errors.New("no such limit can be chosen")

func (c Choice) check() error {
	if c.Idle != nil && (*c.Idle < time.Second || *c.Idle > maxLife) {
		return fmt.Errorf("%w: an idle time of %v, which must be between 1s and %v", ErrPreference, *c.Idle, maxLife)
	}
	if c.MaxConcurrent != nil && (*c.MaxConcurrent < 0 || *c.MaxConcurrent > maxCount) {
		return fmt.Errorf("%w: %d sessions, which must be between 0 and %d", ErrPreference, *c.MaxConcurrent, maxCount)
	}
	return nil
}

// maxCount is the highest number of sessions that somebody may be given by name.
const maxCount = 1_000_000

// Preferences returns what was chosen for p: the zero value where nothing was.
// What no key of ours opens is [ErrFormat], not nothing: a key that is missing
// by mistake must not loosen a limit.
func (m *Manager) Preferences(ctx context.Context, p identity.Person) (Preferences, error) {
	note, err := m.store.Note(ctx, p.Hash())
	if err != nil {
		return Preferences{}, fmt.Errorf("reading preferences: %w", err)
	}
	return m.openNote(p.Hash(), note)
}

// setTries is how often a change begins anew since another one came first.
const setTries = 8

// SetPreferences changes what was chosen for p and returns what holds now.
// change gets what is there, and may be called again when somebody else was
// faster; its error ends the call and nothing has changed. [ErrPreference] says
// that a value is none. What lives against the new limits ends before the call
// returns; after an error some of it may live on until it is loaded, and the call
// may be repeated.
func (m *Manager) SetPreferences(ctx context.Context, p identity.Person, change func(*Preferences) error) (Preferences, error) {
	return m.set(ctx, p, "", change)
}

func (m *Manager) set(ctx context.Context, p identity.Person, keep ID, change func(*Preferences) error) (Preferences, error) {
	if p == "" {
		return Preferences{}, fmt.Errorf("setting preferences: %w", identity.ErrNobody)
	}
	for range setTries {
		note, err := m.store.Note(ctx, p.Hash())
		if err != nil {
			return Preferences{}, fmt.Errorf("setting preferences: %w", err)
		}
		now, err := m.openNote(p.Hash(), note)
		if err == nil {
			err = change(&now)
		}
		if err == nil {
			err = errors.Join(now.Own.check(), now.Operator.check())
		}
		if err != nil {
			return Preferences{}, fmt.Errorf("setting preferences: %w", err)
		}
		value, err := m.sealNote(p.Hash(), now)
		if err != nil {
			return Preferences{}, err
		}
		switch set, err := m.store.SetNote(ctx, p.Hash(), note, value); {
		case err != nil:
			return Preferences{}, fmt.Errorf("setting preferences: %w", err)
		case set:
			_, err := m.enforce(ctx, p, keep)
			return now, err
		}
	}
	return Preferences{}, fmt.Errorf("setting preferences: %w: others change them all the time", ErrUnavailable)
}

// sealNote returns what is stored of preferences: nothing where nothing was chosen.
func (m *Manager) sealNote(p identity.PersonHash, prefs Preferences) ([]byte, error) {
	if prefs == (Preferences{}) {
		return nil, nil
	}
	plain, err := json.Marshal(prefs)
	if err != nil {
		return nil, fmt.Errorf("sealing preferences: %w", err)
	}
	return append([]byte{Format}, m.keys.seal(purposeNote, encode(p[:]), plain)...), nil
}

func (m *Manager) openNote(p identity.PersonHash, note []byte) (prefs Preferences, err error) {
	if len(note) == 0 {
		return prefs, nil
	}
	if note[0] != Format {
		return prefs, fmt.Errorf("reading preferences: %w", ErrFormat)
	}
	plain, ok := m.keys.open(purposeNote, encode(p[:]), note[1:])
	if !ok {
		return prefs, fmt.Errorf("opening preferences; is the key they were sealed with still there? %w", ErrFormat)
	}
	if err := json.Unmarshal(plain, &prefs); err != nil {
		return Preferences{}, fmt.Errorf("reading preferences: %w", ErrFormat)
	}
	return prefs, nil
}
