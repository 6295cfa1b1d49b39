package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// said is what one command line gave.
type said struct {
	testing.TB
	line     string
	code     int
	out, err string
}

// samlgate carries out a command line in this process.
func samlgate(t testing.TB, args ...string) *said { t.Helper(); return samlgateReading(t, "", args...) }

func samlgateReading(t testing.TB, stdin string, args ...string) *said {
	t.Helper()
	var out, err bytes.Buffer
	code := run(args, streams{strings.NewReader(stdin), &out, &err})
	return &said{t, "samlgate " + strings.Join(args, " "), code, out.String(), err.String()}
}

// exits checks the exit code.
func (s *said) exits(code int) *said {
	s.Helper()
	if s.code != code {
		s.Fatalf("%s: exit %d, want %d\n%s%s", s.line, s.code, code, s.out, s.err)
	}
	return s
}

// complains checks that standard error holds each text.
func (s *said) complains(texts ...string) *said { s.Helper(); return s.holds("stderr", s.err, texts) }

// prints checks that standard output holds each text.
func (s *said) prints(texts ...string) *said { s.Helper(); return s.holds("stdout", s.out, texts) }

func (s *said) holds(where, got string, texts []string) *said {
	s.Helper()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			s.Errorf("%s: %s lacks %q:\n%s", s.line, where, text, got)
		}
	}
	return s
}

// keys are made once: RSA takes its time.
var keys = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "samlgate-keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := makeKeys(streams{out: io.Discard}, dir, "sso.example.com"); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"sp.crt", "sp.key", "cookie.key", "signing.key"} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return files, nil
})

// folder is a folder with the keys of keygen and the metadata of an IdP.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	files, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, filepath.Join(dir, name), string(content))
	}
	write(t, filepath.Join(dir, "corp.xml"), idpMetadata(t, "https://idp.example.com/metadata"))
	return dir
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var idpKey = sync.OnceValues(func() (idptest.Key, error) { return idptest.NewRSAKey(2048, time.Now()) })

func idpMetadata(t testing.TB, entityID string) string {
	t.Helper()
	key, err := idpKey()
	if err != nil {
		t.Fatal(err)
	}
	idp, err := idptest.New(idptest.Config{EntityID: entityID, BaseURL: "https://idp.example.com/idp", Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// initIn writes a configuration into a folder of keys and returns its name.
func initIn(t testing.TB, dir string) string {
	t.Helper()
	samlgate(t, "init", "--url", "https://sso.example.com", "--upstream", "http://127.0.0.1:8081",
		"--metadata", filepath.Join(dir, "corp.xml"), "--out", dir).exits(exitOK)
	return filepath.Join(dir, "config.yaml")
}

// change replaces a text that must be in the file.
func change(t testing.TB, name, old, replacement string) {
	t.Helper()
	text := read(t, name)
	if !strings.Contains(text, old) {
		t.Fatalf("%s lacks %q", name, old)
	}
	write(t, name, strings.Replace(text, old, replacement, 1))
}
