package gateway

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/headers"
)

func ring(t *testing.T, ids ...string) []headers.Key {
	t.Helper()
	var keys []headers.Key
	for _, id := range ids {
		keys = append(keys, headers.Key{ID: id, Private: ed25519.NewKeyFromSeed([]byte(strings.Repeat(id[:1], ed25519.SeedSize)))})
	}
	return keys
}

// A key waits while any gateway was heard without it in the last ten minutes.
func TestKeysWaitForEveryGateway(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	at := func(minutes int, ids ...string) announcement {
		t.Helper()
		a, err := announce(ring(t, ids...), start.Add(time.Duration(minutes)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, c := range []struct {
		name  string
		other announcement
		now   announcement
		waits bool
	}{
		{"without it a moment ago", at(0, "a"), at(0, "b", "a"), true},
		{"without it nine minutes ago", at(0, "a"), at(9, "b", "a"), true},
		{"without it eleven minutes ago", at(0, "a"), at(11, "b", "a"), true}, // it may have published it until the twelfth began
		{"without it twelve minutes ago", at(0, "a"), at(12, "b", "a"), false},
		{"with it", at(0, "a", "b"), at(0, "b", "a"), false},
		{"with another key", at(0, "c", "a"), at(1, "b", "a"), true},
		{"a fast clock", at(2, "a"), at(0, "b", "a"), true},
	} {
		if got := c.now.lacks(c.other.encode(), c.now.prints[0]); got != c.waits {
			t.Errorf("%s: waits %v", c.name, got)
		}
	}
	now := at(0, "b")
	for _, noise := range []string{"", "x", "9999999999999999999999 aa", "words of another format"} {
		if now.lacks([]byte(noise), now.prints[0]) {
			t.Errorf("%q keeps a key waiting", noise)
		}
	}
	if a, b := at(0, "a", "b"), at(0, "b", "a"); string(a.encode()) != string(b.encode()) {
		t.Error("the order of the keys matters")
	}
	// Another key with the same id is another key, and nobody learns a secret.
	one, err := announce([]headers.Key{{ID: "s", Secret: []byte(strings.Repeat("s", 32))}}, start)
	if err != nil || strings.Contains(string(one.encode()), "ssss") || one.prints[0] == at(0, "s").prints[0] {
		t.Errorf("%s, %v", one.encode(), err)
	}
	var unheard published
	if unheard.ready("a") {
		t.Error("a key is ready before the store was heard")
	}
	// A reload brings a key while the store is away: nobody else need have it.
	heard := map[string]bool{"a": false, "b": true}
	unheard.waiting.Store(&heard)
	for id, want := range map[string]bool{"a": true, "b": false, "c": false} {
		if got := unheard.ready(id); got != want {
			t.Errorf("key %s is ready: %v", id, got)
		}
	}
}
