package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInit(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "corp.xml", idpMetadata(t, "https://idp.example.com/metadata"))
	s := samlgate(t, "init", "--url", "https://sso.example.com", "--upstream", "http://10.0.0.5:8080", "--metadata", "corp.xml").exits(exitOK)
	s.prints("wrote config.yaml", "wrote sp.key", "Tell the administrator", "https://sso.example.com/.samlgate/saml/acs",
		"https://sso.example.com/.samlgate/saml/metadata", "samlgate check --config config.yaml")
	for line := range strings.Lines(s.out) {
		if len(line) > 81 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	text := read(t, "config.yaml")
	if n := strings.Count(text, "\n"); n > 25 {
		t.Errorf("the configuration has %d lines, want 25 at most", n)
	}
	samlgate(t, "check").exits(exitOK).prints("config.yaml: ok, 1 route, 1 identity provider")

	samlgate(t, "init", "--url", "https://other.example.com", "--upstream", "http://10.0.0.6", "--metadata", "corp.xml").
		exits(exitFailed).complains("config.yaml is there already")
	if read(t, "config.yaml") != text {
		t.Error("the configuration was overwritten")
	}
}

// Metadata lies where it lies: the file names it from its own folder.
func TestInitElsewhere(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "corp.xml", idpMetadata(t, "https://idp.example.com/metadata"))
	samlgate(t, "keygen", "--out", "gw").exits(exitOK)
	key := read(t, "gw/sp.key")
	samlgate(t, "init", "--url", "https://sso.example.com", "--upstream", "http://10.0.0.5:8080", "--metadata", "corp.xml", "--out", "gw").
		exits(exitOK).prints("kept gw/sp.key", "kept gw/cookie.key")
	if read(t, "gw/sp.key") != key {
		t.Error("a key was overwritten")
	}
	if text := read(t, "gw/config.yaml"); !strings.Contains(text, `metadata_file: "../corp.xml"`) {
		t.Errorf("the metadata is named otherwise:\n%s", text)
	}
	samlgate(t, "check", "--config", "gw/config.yaml").exits(exitOK)
}

func TestInitWithURL(t *testing.T) {
	dir := folder(t)
	samlgate(t, "init", "--url", "https://sso.example.com", "--upstream", "http://10.0.0.5:8080",
		"--metadata", "https://idp.example.com/metadata", "--out", dir).exits(exitOK)
	samlgate(t, "check", "--config", filepath.Join(dir, "config.yaml")).exits(exitOK)
}

// What cannot work is said in the words of the flag, and leaves nothing behind.
func TestInitRefuses(t *testing.T) {
	meta := t.TempDir()
	good := filepath.Join(meta, "good.xml")
	write(t, good, idpMetadata(t, "https://idp.example.com/metadata"))
	sp := folder(t)
	spMetadata := samlgate(t, "metadata", "--config", initIn(t, sp)).exits(exitOK).out
	for name, content := range map[string]string{
		"garbage.xml": "this is no XML", "empty.xml": "", "sp.xml": spMetadata, "page.xml": "<!doctype html><html><body>Sign in</body></html>",
		"demo.xml": idpMetadata(t, "http://localhost:8080/.demo-idp/metadata"),
	} {
		write(t, filepath.Join(meta, name), content)
	}
	const url, app = "https://sso.example.com", "http://10.0.0.5:8080"
	for _, c := range []struct{ url, upstream, metadata, want string }{
		{url, app, "nowhere.xml", "--metadata: open"},
		{url, app, "garbage.xml", "--metadata: "},
		{url, app, "empty.xml", "--metadata: "},
		{url, app, "page.xml", "--metadata: "},
		{url, app, "sp.xml", "--metadata: "},
		{url, app, "demo.xml", "demo's identity provider"},
		{url, app, "http://idp.example.com/metadata", "--metadata: "},
		{"sso.example.com", app, "good.xml", "--url needs an address such as"},
		{"http://sso.example.com", app, "good.xml", "--url: "},
		{"https://sso.example.com/path", app, "good.xml", "--url: "},
		{url, "10.0.0.5:8080", "good.xml", "upstream"},
		{url, "http://10.0.0.5:8080/path", "good.xml", "--upstream: "},
	} {
		out := t.TempDir()
		file := c.metadata
		if !strings.Contains(file, "://") {
			file = filepath.Join(meta, file)
		}
		s := samlgate(t, "init", "--url", c.url, "--upstream", c.upstream, "--metadata", file, "--out", out).exits(exitFailed).complains(c.want)
		if strings.Count(s.err, "\n") != 1 {
			t.Errorf("%s %s: more than a sentence: %s", c.url, c.metadata, s.err)
		}
		if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind %v, %v", s.line, left, err)
		}
		t.Log(strings.TrimSpace(s.err))
	}
}

func TestInitRefusesHalfAPair(t *testing.T) {
	dir := folder(t)
	if err := os.Remove(filepath.Join(dir, "sp.key")); err != nil {
		t.Fatal(err)
	}
	samlgate(t, "init", "--url", "https://sso.example.com", "--upstream", "http://10.0.0.5:8080", "--metadata", filepath.Join(dir, "corp.xml"), "--out", dir).
		exits(exitFailed).complains("sp.crt without sp.key")
}
