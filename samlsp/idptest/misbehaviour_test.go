package idptest

import (
	"slices"
	"testing"

	"github.com/samlgate/samlgate/samlsp"
)

// Every twin gets in, every mutation is refused for its own reason.
func TestMisbehaviours(t *testing.T) {
	p := newIDP(t)
	for _, m := range Misbehaviours() {
		t.Run(string(m.Class)+"/"+m.Name, func(t *testing.T) {
			r, sp := newRequest(), newSP(t, p, m.Setup.setUp)
			if first, ok, err := m.First(p, r); err != nil {
				t.Fatal(err)
			} else if ok {
				if _, err := m.Setup.signIn(sp, r, first); err != nil {
					t.Fatalf("the first message is refused: %v", err)
				}
			}
			if who, err := m.Setup.signIn(sp, r, must(t)(m.Make(p, r))); err == nil {
				t.Errorf("%s got in", who.Email)
			} else if got := reasonOf(err); got != m.Want {
				t.Errorf("refused as %q, want %q: %.300v", got, m.Want, err)
			}
			if _, err := m.Setup.signIn(sp, r, must(t)(m.Twin(p, r))); err != nil {
				t.Errorf("the twin is refused: %v", err)
			}
		})
	}
}

// The table is honest: names differ, reasons exist, pairs differ.
func TestMisbehavioursAreDistinct(t *testing.T) {
	known := map[string]bool{}
	for _, r := range samlsp.Reasons() {
		known[r.String()] = true
	}
	p, r := newIDP(t), newRequest()
	names := map[string]bool{}
	for _, m := range Misbehaviours() {
		if names[m.Name] {
			t.Errorf("%q is there twice", m.Name)
		}
		names[m.Name] = true
		if !known[m.Want] {
			t.Errorf("%q wants %q, which is no reason", m.Name, m.Want)
		}
		m.base = append([]Option{IDs("_r", "_a"), SessionIndex("_s")}, m.base...)
		if must(t)(m.Make(p, r)) == must(t)(m.Twin(p, r)) {
			t.Errorf("%q is its own twin", m.Name)
		}
	}
	for _, name := range append(slices.Concat(ideas()...), forgeries()...) {
		if !names[name] {
			t.Errorf("%q shares an idea, or is a forgery, and does not exist", name)
		}
	}
	if len(slices.Concat(ideas()...)) != len(slices.Compact(slices.Sorted(slices.Values(slices.Concat(ideas()...))))) {
		t.Error("a pair is in two ideas")
	}
	if len(names) < 240 {
		t.Errorf("%d misbehaviours are too few", len(names))
	}
}
