package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
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
