package sessionstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

var key = []byte("not random, but good enough here")

func TestNewManagerRefuses(t *testing.T) {
	store := embedded.New(time.Now)
	for name, c := range map[string]sessionstore.ManagerConfig{
		"no store": {Keys: [][]byte{key}, Now: time.Now},
		"no clock": {Store: store, Keys: [][]byte{key}},
		"no key":   {Store: store, Now: time.Now},
	} {
		if _, err := sessionstore.NewManager(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{Store: embedded.New(time.Now), Keys: [][]byte{key}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	deny := func(name string, who identity.Person, l sessionstore.Limits) {
		t.Helper()
		epochs, err := m.Epochs(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Start(t.Context(), sessionstore.Start{Identity: identity.Identity{Person: who}, Epochs: epochs, Limits: l}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	good := sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour}
	deny("nobody", "", good)
	deny("an address that is no UTF-8", "idp\x00\xff", good)
	deny("no idle limit", "ana@example.com", sessionstore.Limits{Lifetime: time.Hour})
	deny("no lifetime", "ana@example.com", sessionstore.Limits{Idle: time.Hour})
	deny("a century", "ana@example.com", sessionstore.Limits{Idle: time.Hour, Lifetime: 100 * 365 * 24 * time.Hour})
	deny("a negative limit", "ana@example.com", sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour, MaxConcurrent: -1})
	deny("an unknown policy", "ana@example.com", sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour, OnLimit: 9})
}

// A closed store is an unavailable one, whatever is asked.
func TestUnavailable(t *testing.T) {
	store := embedded.New(time.Now)
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{Store: store, Keys: [][]byte{key}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	id, err := sessionstore.NewID("ana@example.com")
	if err != nil {
		t.Fatal(err)
	}
	_, get := m.Get(t.Context(), id)
	_, take := m.TakeOnce(t.Context(), "kind", "code")
	_, claim := m.Claim(t.Context(), "key", time.Now().Add(time.Hour))
	for name, err := range map[string]error{"get": get, "take": take, "claim": claim, "ping": m.Ping(t.Context()), "end": m.End(t.Context(), id, sessionstore.ReasonLogout),
		"watch": m.Watch(t.Context(), func(sessionstore.Invalidation) {})} {
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
