package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerifySaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	weak, broken := filepath.Join(dir, "weak.key"), filepath.Join(dir, "jwks.json")
	for file, text := range map[string]string{weak: "correct horse battery staple\n", broken: "{}"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	base := []string{"verify", "--issuer", "https://sso.example.com", "--audience", "wiki"}
	const jwks = "https://wiki.example.com/.samlgate/jwks.json"
	for want, args := range map[string][]string{
		"--jwks or --secret is required":                           {"--authority", "wiki.example.com"},
		"the authorities of the app are required":                  {"--jwks", jwks},
		"--jwks: fetching a key set: the address must be an https": {"--jwks", "http://wiki.example.com/.samlgate/jwks.json"},
		"--jwks: reading a key set: it holds no usable key":        {"--jwks", broken},
		"--jwks: open " + filepath.Join(dir, "none"):               {"--jwks", filepath.Join(dir, "none")},
		"--secret m1: " + weak + " is not a key":                   {"--secret", "m1=" + weak},
		"--header mail: the key is one of email":                   {"--jwks", jwks, "--header", "mail=X-Mail"},
		"--upstream: write it as http://127.0.0.1:8080":            {"--jwks", jwks, "--authority", "a.example.com", "--upstream", "10.0.0.5:80"},
		"--managed needs signatures":                               {"--jwks", jwks, "--proof", "token", "--managed", "X-Api-Key"},
		"--proof must be one of":                                   {"--proof", "hope"},
		`the name of the header with the token is required`:        {"--jwks", jwks, "--proof", "token", "--header", "jwt="},
		`--listen: listen tcp: address nowhere: missing port`:      {"--jwks", jwks, "--authority", "a.example.com", "--listen", "nowhere"},
		`header X_Auth_Email is named twice (case, underscore and`: {"--jwks", jwks, "--authority", "a.example.com", "--header", "username=X_Auth_Email"},
	} {
		var out, said bytes.Buffer
		if code := run(append(base, args...), streams{out: &out, err: &said}); code == exitOK || !strings.Contains(said.String(), want) {
			t.Errorf("%v: %d, %s; want %s", args, code, said.String(), want)
		}
		if strings.Contains(said.String(), "horse") {
			t.Errorf("%v: the secret is told", args)
		}
	}
}
