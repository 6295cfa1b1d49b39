package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestKeygen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	samlgate(t, "keygen", "--out", dir, "--name", "sso.example.com").exits(exitOK).
		prints("wrote "+filepath.Join(dir, "sp.crt"), "wrote "+filepath.Join(dir, "signing.key"))
	before := map[string]string{}
	for _, name := range []string{"sp.crt", "sp.key", "cookie.key", "signing.key"} {
		file := filepath.Join(dir, name)
		before[name] = read(t, file)
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", name, info.Mode(), err)
		}
	}
	block, _ := pem.Decode([]byte(before["sp.crt"]))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || cert.Subject.CommonName != "sso.example.com" || time.Until(cert.NotAfter) < 9*365*24*time.Hour {
		t.Errorf("the certificate is of %v until %v: %v", cert.Subject, cert.NotAfter, err)
	}

	samlgate(t, "keygen", "--out", dir).exits(exitFailed).complains("sp.crt is there already", "never overwritten")
	for name, content := range before {
		if read(t, filepath.Join(dir, name)) != content {
			t.Errorf("%s was overwritten", name)
		}
	}
}

// One file that is there already stops all, whichever it is, and a link to
// nowhere is there too.
func TestKeygenWritesAllOrNothing(t *testing.T) {
	for _, name := range []string{"sp.crt", "sp.key", "cookie.key", "signing.key"} {
		dir := t.TempDir()
		if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		samlgate(t, "keygen", "--out", dir).exits(exitFailed).complains(name + " is there already")
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("with %s there: %v, %v", name, left, err)
		}
	}
}

// The next pair lies beside the present one, and the metadata shows both in the
// order of the configuration.
func TestKeygenNext(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	present := read(t, filepath.Join(dir, "sp.crt"))
	samlgate(t, "keygen", "--next", "--out", dir, "--name", "sso.example.com").exits(exitOK).
		prints("wrote "+filepath.Join(dir, "sp-next.crt"), "sp-next.key", "Add it to saml.keys")
	next := read(t, filepath.Join(dir, "sp-next.crt"))
	if info, err := os.Stat(filepath.Join(dir, "sp-next.key")); err != nil || info.Mode() != 0o600 || next == present || read(t, filepath.Join(dir, "sp.crt")) != present {
		t.Errorf("%v, %v", info, err)
	}
	samlgate(t, "keygen", "--next", "--out", dir).exits(exitFailed).complains("sp-next.crt is there already", "never overwritten")
	if read(t, filepath.Join(dir, "sp-next.crt")) != next {
		t.Error("the next certificate was overwritten")
	}

	change(t, file, "keys: [{cert_file: sp.crt, key_file: sp.key}]", "keys: [{cert_file: sp.crt, key_file: sp.key}, {cert_file: sp-next.crt, key_file: sp-next.key}]")
	samlgate(t, "check", "--config", file).exits(exitOK)
	document := samlgate(t, "metadata", "--config", file).exits(exitOK).out
	first, second := strings.Index(document, bare(t, present)), strings.Index(document, bare(t, next))
	if first < 0 || second < first {
		t.Errorf("the present certificate stands at %d, the next one at %d", first, second)
	}
}

// Alone in a folder the next pair needs nothing else.
func TestKeygenNextAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	samlgate(t, "keygen", "--next", "--out", dir).exits(exitOK)
	if made, err := os.ReadDir(dir); err != nil || len(made) != 2 {
		t.Errorf("%v, %v", made, err)
	}
}

// bare is the base64 of a certificate without its lines.
func bare(t *testing.T, certificate string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(certificate))
	return base64.StdEncoding.EncodeToString(block.Bytes)
}
