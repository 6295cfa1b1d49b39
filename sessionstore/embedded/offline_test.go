package embedded_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// A backup takes the place of the file: what was chosen is as it was then, nobody
// is signed in by it, and the file that was there is kept, whole or not.
func TestReplace(t *testing.T) {
	ana := person(1)
	for name, damage := range map[string]func(path string) error{
		"whole":   func(string) error { return nil },
		"damaged": func(path string) error { return os.Truncate(path, 100) },
		"missing": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, backup := filepath.Join(dir, "state.db"), filepath.Join(dir, "backup.db")
			s := open(t, path, time.Now)
			if _, err := s.SetNote(t.Context(), ana.Hash(), nil, []byte("then")); err != nil {
				t.Fatal(err)
			}
			then := signIn(t, s, ana)
			if err := s.Copy(t.Context(), backup); err != nil {
				t.Fatal(err)
			}
			if _, err := s.SetNote(t.Context(), ana.Hash(), []byte("then"), []byte("now")); err != nil {
				t.Fatal(err)
			}
			now := signIn(t, s, ana)
			if err := errors.Join(s.Close(), damage(path)); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			aside, err := embedded.Replace(path, backup, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if name == "missing" != (aside == "") || aside != "" && !bytes.Equal(contents(t, aside), before) {
				t.Errorf("%q is not the file that was there", aside)
			}
			s = open(t, path, time.Now)
			for _, id := range []sessionstore.ID{then, now} {
				if _, err := s.Load(t.Context(), id); !errors.Is(err, sessionstore.ErrNotFound) {
					t.Errorf("a session lives: %v", err)
				}
			}
			if note, err := s.Note(t.Context(), ana.Hash()); string(note) != "then" || err != nil {
				t.Errorf("the note is %q, %v", note, err)
			}
			if left, _ := filepath.Glob(path + ".copy-*"); len(left) != 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// A file that was copied by hand does not say that it is a copy, and signs nobody
// in either: not even whom the copy has signed in.
func TestReplaceByCopyOfHand(t *testing.T) {
	path, ids := filled(t)
	byHand := filepath.Join(t.TempDir(), "copied.db")
	if err := os.WriteFile(byHand, contents(t, path), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Replace(path, byHand, time.Now); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	s := open(t, path, time.Now)
	for _, id := range ids {
		if _, err := s.Load(t.Context(), id); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("a session lives: %v", err)
		}
	}
}

// While a process has the file, and for what is no backup, nothing changes.
func TestReplaceRefused(t *testing.T) {
	path, _ := filled(t)
	dir := filepath.Dir(path)
	good := filepath.Join(dir, "good.db")
	s := open(t, path, time.Now)
	if err := s.Copy(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Replace(path, good, time.Now); err == nil || !strings.Contains(err.Error(), "a process has it open; stop the gateway first") {
		t.Errorf("while it is open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, path)
	bad := filepath.Join(dir, "bad.db")
	for _, content := range [][]byte{nil, []byte("no backup"), contents(t, good)[:8192]} {
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := embedded.Replace(path, bad, time.Now); !errors.Is(err, embedded.ErrNoCopy) {
			t.Errorf("%d bytes were taken for a backup: %v", len(content), err)
		}
	}
	if _, err := embedded.Replace(path, filepath.Join(dir, "nowhere.db"), time.Now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("from nowhere: %v", err)
	}
	if !bytes.Equal(contents(t, path), before) {
		t.Error("the file was changed")
	}
	if left, _ := filepath.Glob(path + ".[cb]*-*"); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}
