package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// The configuration of docs/several-idps.md works, and publishes where a
// discovery service answers.
func TestConfigurationWithSeveralIDPs(t *testing.T) {
	dir := t.TempDir()
	var out, said bytes.Buffer
	s := streams{out: &out, err: &said}
	if err := makeKeys(s, dir, "sso.example.com"); err != nil {
		t.Fatal(err)
	}
	block := blocks(t, "../../docs/several-idps.md", "yaml")[0]
	rename(t, dir, block)
	for name, text := range map[string]string{
		"corp.xml": document(t, "corp"), "partner.xml": document(t, "partner"),
		"corp.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`, "config.yaml": block,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "config.yaml")
	if code := run([]string{"check", "--config", file}, s); code != exitOK {
		t.Fatalf("check says %d: %s", code, said.String())
	}
	out.Reset()
	if code := run([]string{"metadata", "--config", file}, s); code != exitOK {
		t.Fatalf("metadata says %d: %s", code, said.String())
	}
	if want := `Location="https://sso.example.com/.samlgate/login" index="1"`; !strings.Contains(out.String(), want) {
		t.Errorf("no %s in\n%s", want, out.String())
	}
}

// document is the metadata of an identity provider of that name.
func document(t *testing.T, name string) string {
	t.Helper()
	base := "https://" + name + ".example.net"
	idp, err := idptest.New(idptest.Config{EntityID: base + "/metadata", BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	text, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
