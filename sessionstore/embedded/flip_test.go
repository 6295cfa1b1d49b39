//go:build !race

package embedded_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// Whatever byte is flipped: the store does not open, or has everything. It never
// crashes, and nobody who was signed out is signed in.
func TestFlippedBytes(t *testing.T) {
	path, ids := filled(t)
	whole := contents(t, path)
	step := len(whole)/400 + 1
	opened := 0
	for at := 0; at < len(whole); at += step {
		bad := bytes.Clone(whole)
		bad[at] ^= byte(1 << (at / step % 8))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := embedded.Open(embedded.Options{Path: path, Now: time.Now})
		if err != nil {
			continue
		}
		opened++
		for _, id := range ids {
			if _, err := s.Load(t.Context(), id); err != nil {
				t.Errorf("byte %d: a session is lost: %v", at, err)
			}
		}
		if e, err := s.Epochs(t.Context(), person(0).Hash()); err != nil || e.Person != 1 {
			t.Errorf("byte %d: the epoch is %v, %v", at, e, err)
		}
		if first, err := s.Claim(t.Context(), "claim", "you", time.Hour); first || err != nil {
			t.Errorf("byte %d: claimed twice, %v", at, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	t.Logf("%d of %d flips were in pages that hold nothing", opened, len(whole)/step)
}
