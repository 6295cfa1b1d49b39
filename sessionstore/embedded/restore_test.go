package embedded_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// A restore brings back what was chosen and used, and nobody's session: not one
// that was ended since the backup, nor one of now.
func TestRestore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "state.db"), time.Now)
	ctx, ana, eve := t.Context(), person(1), person(2)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ended, open1 := signIn(t, s, ana), signIn(t, s, ana)
	must(s.SetNote(ctx, ana.Hash(), nil, []byte("then")))
	must(s.Claim(ctx, "then", "me", time.Hour))
	must(s.Keep(ctx, "roles", []byte("then"), time.Hour))
	backup, err := s.Backup(ctx)
	must(nil, err)
	var kept bytes.Buffer
	must(io.Copy(&kept, backup))
	must(nil, backup.Close())

	must(s.End(ctx, ended, sessionstore.ReasonLogout))
	must(s.SetNote(ctx, ana.Hash(), []byte("then"), []byte("now")))
	must(s.SetNote(ctx, eve.Hash(), nil, []byte("now")))
	must(s.Claim(ctx, "now", "me", time.Hour))
	newer := signIn(t, s, eve)
	before, err := s.Epochs(ctx, eve.Hash())
	must(nil, err)

	for _, bad := range []string{"", "no backup", kept.String()[:kept.Len()/2]} {
		if err := s.Restore(ctx, strings.NewReader(bad)); !errors.Is(err, embedded.ErrNoCopy) {
			t.Errorf("%d bytes were taken for a backup: %v", len(bad), err)
		}
	}
	if _, err := s.Load(ctx, newer); err != nil {
		t.Fatalf("a refused backup ended a session: %v", err)
	}
	must(nil, s.Restore(ctx, bytes.NewReader(kept.Bytes())))
	must(nil, s.Close())
	s = open(t, filepath.Join(dir, "state.db"), time.Now)
	for _, id := range []sessionstore.ID{ended, open1, newer} {
		if _, err := s.Load(ctx, id); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("a session lives: %v", err)
		}
	}
	if note, err := s.Note(ctx, ana.Hash()); string(note) != "then" || err != nil {
		t.Errorf("Ana's note is %q, %v", note, err)
	}
	if note, err := s.Note(ctx, eve.Hash()); len(note) != 0 || err != nil {
		t.Errorf("Eve's note is %q, %v", note, err)
	}
	if roles, err := s.Keep(ctx, "roles", []byte("new"), time.Hour); string(roles) != "then" || err != nil {
		t.Errorf("the first roles are %q, %v", roles, err)
	}
	for _, key := range []string{"then", "now"} {
		if first, err := s.Claim(ctx, key, "you", time.Hour); first || err != nil {
			t.Errorf("what was used %s can be used again, %v", key, err)
		}
	}
	if e, err := s.Epochs(ctx, eve.Hash()); err != nil || e.Bucket <= before.Bucket {
		t.Errorf("epochs %v after %v, %v", e, before, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*copy*")); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}
