package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestMinimalPassesLoad(t *testing.T) {
	for _, metadata := range []string{"corp.xml", "https://idp.example.com/metadata"} {
		text, err := Minimal("https://sso.example.com", "http://10.0.0.5:8080", metadata)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n"); lines > 25 {
			t.Errorf("%d lines; at most 25 are promised", lines)
		}
		dir := withKeys(t, "config.yaml", string(text))
		cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if cfg.Routes[0].Hosts[0] != "sso.example.com" {
			t.Errorf("hosts = %q", cfg.Routes[0].Hosts)
		}
	}
}

// A first try on one machine is reachable where it says it is.
func TestMinimalListensOnItsLoopbackOrigin(t *testing.T) {
	for external, want := range map[string]string{
		"http://sso.localhost:9000": "127.0.0.1:9000",
		"http://localhost":          "127.0.0.1:80",
		"http://[::1]:9000":         "[::1]:9000",
		"http://127.0.0.2:9000":     "127.0.0.2:9000",
		"https://localhost:9000":    ":8443",
		"https://sso.example.com":   ":8443",
	} {
		text, err := Minimal(external, "http://10.0.0.5:8080", "corp.xml")
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(filepath.Join(withKeys(t, "config.yaml", string(text)), "config.yaml"), Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		same(t, external, cfg.Server.Listen.Addr, want)
	}
}

func TestMinimalRefuses(t *testing.T) {
	for _, in := range [][3]string{
		{"", "http://10.0.0.5", "corp.xml"},
		{"https://sso.example.com", "10.0.0.5:8080", "corp.xml"},
		{"https://sso.example.com", "http://10.0.0.5", ""},
	} {
		if text, err := Minimal(in[0], in[1], in[2]); err == nil {
			t.Errorf("Minimal(%q) = %s", in, text)
		}
	}
}

func TestMinimalQuotesWhatItIsGiven(t *testing.T) {
	name := "co${env:HOME}\"\n: x.xml"
	text, err := Minimal("https://sso.example.com", "http://10.0.0.5:8080", name)
	if err != nil {
		t.Fatal(err)
	}
	dir := withKeys(t, "config.yaml", string(text))
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{NoFiles: true})
	if err != nil || filepath.Base(string(cfg.SAML.IDPs[0].MetadataFile)) != name {
		t.Errorf("metadata_file did not come back as it went in: %v", err)
	}
}
