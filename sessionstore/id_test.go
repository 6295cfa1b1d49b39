package sessionstore

import (
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
)

func TestNewID(t *testing.T) {
	seen := make(map[ID]bool)
	for range 1000 {
		id, err := NewID("ana@example.com")
		if err != nil || seen[id] || id.Bucket() != BucketOf(identity.Person("ana@example.com").Hash()) {
			t.Fatalf("%q, %v", string(id), err)
		}
		if back, err := ParseID(string(id)); err != nil || back != id {
			t.Fatalf("%q parses as %q, %v", string(id), string(back), err)
		}
		if h := id.Hash(); len(h) != 16 || strings.Contains(string(id), h) || strings.Contains(id.String(), string(id)[5:]) {
			t.Fatalf("%q shows itself as %s", string(id), id)
		}
		seen[id] = true
	}
}

// What parses has one spelling, and its parts make it up again.
func FuzzParseID(f *testing.F) {
	id, err := NewID("ana@example.com")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(id), "", "b256." + strings.Repeat("A", 43), "b000." + strings.Repeat("\n", 43), string(id)[:47] + "B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if err != nil {
			if id != "" {
				t.Fatalf("refused %q and gave an id", s)
			}
			return
		}
		if string(id) != s || len(s) != 48 || id.Bucket().String() != s[:4] || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("accepted %q", s)
		}
	})
}

func TestReasons(t *testing.T) {
	for i := range reasonNames {
		if r := Reason(i); ParseReason(r.String()) != r {
			t.Errorf("%d is called %s", i, r)
		}
	}
	if Reason(200).String() != "unknown" || ParseReason("of a newer release") != ReasonUnknown {
		t.Error("an unknown reason must stay unknown")
	}
}

func TestInterval(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{time.Second: 50 * time.Millisecond, 10 * time.Minute: 30 * time.Second, 8 * time.Hour: 30 * time.Second} {
		if got := Interval(idle); got != want {
			t.Errorf("Interval(%v) = %v, want %v", idle, got, want)
		}
	}
}
