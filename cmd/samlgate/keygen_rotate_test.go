package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var suggested = regexp.MustCompile(`\{id: k\d+, file: [^}]+\}`)

// The next signing key takes a free number, and what is printed can be pasted,
// whatever the algorithm.
func TestKeygenRotate(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	present := read(t, filepath.Join(dir, "signing.key"))
	const first = "{id: k1, file: signing.key}"
	for i, c := range []struct{ algorithm, name, says string }{
		{"EdDSA", "signing-2.key", "on top of headers.signing.keys"}, {"ES256", "signing-3.key", "published"},
		{"RS256", "signing-4.key", "published"}, {"HS256", "signing-5.key", "Give the app this secret"},
	} {
		args := []string{"keygen", "--rotate", "--out", dir}
		if i > 0 {
			args = append(args, "--algorithm", c.algorithm)
		}
		out := samlgate(t, args...).exits(exitOK).prints("wrote "+filepath.Join(dir, c.name), c.says).out
		if info, err := os.Stat(filepath.Join(dir, c.name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", c.name, info, err)
		}
		before := read(t, file)
		change(t, file, first, suggested.FindString(out)+", "+first)
		change(t, file, "signing:\n", "signing:\n    jwt: {algorithm: "+c.algorithm+"}\n")
		samlgate(t, "check", "--config", file).exits(exitOK)
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, filepath.Join(dir, "signing.key")) != present {
		t.Error("the present key was overwritten")
	}
	samlgate(t, "keygen", "--algorithm", "ES256", "--out", t.TempDir()).exits(exitFailed).complains("--algorithm goes with --rotate")
	samlgate(t, "keygen", "--rotate", "--next", "--out", t.TempDir()).exits(exitConfig)
}
