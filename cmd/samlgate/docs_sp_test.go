package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// The configurations of docs/replace-another-sp.md work, and describe us at the
// addresses that the page says stay the same.
func TestConfigurationsInThePlaceOfAnotherSP(t *testing.T) {
	idp, err := idptest.New(idptest.Config{EntityID: "https://idp.example.com/metadata", BaseURL: "https://idp.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	document, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	all := blocks(t, "../../docs/replace-another-sp.md", "yaml")
	for i, want := range []struct{ name, lines string }{
		{"wiki", `entityID="https://wiki.example.com/mellon/metadata"
			Location="https://wiki.example.com/mellon/postResponse"
			Location="https://wiki.example.com/mellon/logout"`},
		{"jobs", `entityID="https://jobs.example.com/shibboleth"
			Location="https://jobs.example.com/Shibboleth.sso/SAML2/POST"
			Location="https://jobs.example.com/Shibboleth.sso/SLO/Redirect"`},
	} {
		dir := t.TempDir()
		var out, said bytes.Buffer
		s := streams{out: &out, err: &said}
		if err := makeKeys(s, dir, "sso.example.com"); err != nil {
			t.Fatal(err)
		}
		rename(t, dir, all[i])
		for name, text := range map[string]string{"corp.xml": string(document), "config.yaml": all[i]} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(dir, "config.yaml")
		if code := run([]string{"check", "--config", file}, s); code != exitOK || strings.Contains(said.String(), "service_provider") {
			t.Fatalf("check says %d: %s", code, said.String())
		}
		out.Reset()
		if code := run([]string{"metadata", "--config", file, "--service-provider", want.name}, s); code != exitOK {
			t.Fatalf("metadata says %d: %s", code, said.String())
		}
		for line := range strings.SplitSeq(want.lines, "\n") {
			if !strings.Contains(out.String(), strings.TrimSpace(line)) {
				t.Errorf("no %s in\n%s", line, out.String())
			}
		}
		if code := run([]string{"metadata", "--config", file, "--service-provider", "nobody"}, s); code == exitOK || !strings.Contains(said.String(), want.name) {
			t.Errorf("metadata of nobody: %d %s", code, said.String())
		}
	}
}

var pairFile = regexp.MustCompile(`(cert|key)_file: ([^,}\n]+)`)

// rename gives the pair that keygen made the names that the configuration uses.
func rename(t *testing.T, dir, configuration string) {
	t.Helper()
	for _, m := range pairFile.FindAllStringSubmatch(configuration, -1) {
		from := map[string]string{"cert": "sp.crt", "key": "sp.key"}[m[1]]
		pem, err := os.ReadFile(filepath.Join(dir, from))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, m[2]), pem, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
