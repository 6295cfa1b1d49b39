package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	bolt "go.etcd.io/bbolt"
)

func person(n int) identity.Person { return identity.Person(fmt.Sprintf("person%d@example.com", n)) }

// signIn adds a session of an hour.
func signIn(t testing.TB, s sessionstore.Store, p identity.Person) sessionstore.ID {
	t.Helper()
	id, err := begin(t.Context(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// filled is a closed store with some of everything, and its sessions.
func filled(t testing.TB) (path string, ids []sessionstore.ID) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state.db")
	s := open(t, path, time.Now)
	for n := range 60 {
		ids = append(ids, signIn(t, s, person(n)))
	}
	_, err := s.EndAll(t.Context(), person(0).Hash(), sessionstore.ReasonOperator)
	_, claimed := s.Claim(t.Context(), "claim", "me", time.Hour)
	_, noted := s.SetNote(t.Context(), person(1).Hash(), nil, []byte("note"))
	put := s.Put(t.Context(), "code", []byte("value"), time.Hour)
	if err := errors.Join(err, claimed, noted, put, s.Snapshot(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path, ids[1:]
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refused checks that the store does not open, says why, and leaves the file.
func refused(t *testing.T, path string, words ...string) {
	t.Helper()
	before, _ := os.ReadFile(path)
	s, err := embedded.Open(embedded.Options{Path: path, Now: time.Now})
	if err == nil {
		s.Close()
		t.Fatal("it opened")
	}
	for _, w := range append(words, path) {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestDamagedFiles(t *testing.T) {
	way := []string{"run: samlgate restore --offline --from ", "state.db.bak"}
	page := os.Getpagesize()
	for name, c := range map[string]struct {
		damage func(path string) error
		words  []string
	}{
		"missing":      {os.Remove, []string{"is missing", ".marker"}},
		"empty":        {func(p string) error { return os.Truncate(p, 0) }, []string{"is empty"}},
		"a few bytes":  {func(p string) error { return os.Truncate(p, 100) }, []string{"second page", "short"}},
		"cut by half":  {func(p string) error { return os.Truncate(p, 6*int64(page)) }, []string{"cut short"}},
		"not ours":     {func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("a"), 1<<20), 0o600) }, []string{"first page"}},
		"zeroed first": {zeroed(0, page), []string{"first page is damaged"}},
		"zeroed next":  {zeroed(page, page), []string{"second page is damaged"}},
		"newer":        {newer, []string{"newer release"}},
		"another one":  {another, []string{"no session store"}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			path, _ := filled(t)
			if err := c.damage(path); err != nil {
				t.Fatal(err)
			}
			refused(t, path, append(c.words, way...)...)
		})
	}
}

func zeroed(offset, n int) func(string) error {
	return func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(make([]byte, n), int64(offset))
		return errors.Join(err, f.Close())
	}
}

func newer(path string) error {
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte("about")).Put([]byte("format"), []byte{2}) })
	return errors.Join(err, db.Close())
}

func another(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	return db.Close()
}

func TestSecondOpener(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	first := open(t, path, time.Now)
	id := signIn(t, first, person(1))
	refused(t, path, "another process has it open", "redis")
	if _, err := first.Load(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestModes(t *testing.T) {
	path, _ := filled(t)
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	open(t, path, time.Now)
	for _, name := range []string{path, path + ".bak", path + ".marker"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// A folder that cannot hold the file is said before anything is written.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	everybodys := filepath.Join(dir, "everybodys")
	if err := errors.Join(os.Mkdir(everybodys, 0o700), os.Chmod(everybodys, 0o777), os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none", "state.db"):   "does not exist",
		filepath.Join(dir, "file", "state.db"):   "is not a folder",
		filepath.Join(everybodys, "state.db"):    "everybody may write",
		everybodys:                               "is not a file",
		filepath.Join(dir, "file", "x/state.db"): "not a directory",
	} {
		_, err := embedded.Open(embedded.Options{Path: path, Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// A copy that takes the place of the file keeps what was chosen and claimed, and
// nobody is signed in by it: who was signed out since is not in the copy.
func TestCopyInPlace(t *testing.T) {
	path, ids := filled(t)
	if err := os.Rename(path+".bak", path); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is the file itself
		s := open(t, path, time.Now)
		for _, id := range ids {
			if _, err := s.Load(t.Context(), id); !errors.Is(err, sessionstore.ErrNotFound) {
				t.Fatalf("a session came back: %v", err)
			}
		}
		if _, err := s.Take(t.Context(), "code"); !errors.Is(err, sessionstore.ErrNotFound) {
			t.Errorf("a code came back: %v", err)
		}
		if first, err := s.Claim(t.Context(), "claim", "you", time.Hour); first || err != nil {
			t.Errorf("a claim is forgotten: %v", err)
		}
		if note, err := s.Note(t.Context(), person(1).Hash()); string(note) != "note" || err != nil {
			t.Errorf("the note is %q, %v", note, err)
		}
		ids = nil
		kept := signIn(t, s, person(1))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, path, time.Now)
		if _, err := again.Load(t.Context(), kept); err != nil {
			t.Errorf("a session from after the copy is lost: %v", err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
