package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A route's signing block begins with what it inherits.
func TestSigningOfARoute(t *testing.T) {
	base, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	load := func(top, route string) *Config {
		t.Helper()
		text := overlay(string(base), "headers: {signing: "+top+"}\nroutes:\n"+
			"  - {name: wiki, host: wiki.example.com, upstream: \"http://10.0.0.5:8080\", headers: {signing: "+route+"}}\n"+
			"  - {name: hr, host: hr.example.com, upstream: \"http://10.0.0.6:8080\"}\n")
		cfg, err := Load(filepath.Join(withKeys(t, "config.yaml", text), "config.yaml"), Options{LookupEnv: env})
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	cfg := load("{jwt: {ttl: 30s}, keys: [{id: k1, file: signing.key}]}", "{jwt: {issuer: theirs}}")
	wiki, hr := cfg.Routes[0].Headers.Signing, cfg.Routes[1].Headers.Signing
	if wiki.JWT.TTL != hr.JWT.TTL || wiki.JWT.Issuer != "theirs" || hr.JWT.Issuer != "" || cfg.Headers.Signing.JWT.Issuer != "" {
		t.Errorf("%+v, %+v", wiki.JWT, hr.JWT)
	}
	if wiki.Keys[0].Private == nil || hr.Keys[0].Private == nil {
		t.Error("an inherited key was not read")
	}
	cfg = load("{keys: [{id: k1, file: signing.key}]}", "{http_signature: {enabled: true, algorithm: hmac-sha256}, keys: [{id: k1, file: signing.key}, {id: s1, file: secret.key}]}")
	if wiki := cfg.Routes[0].Headers.Signing; len(wiki.Keys) != 2 || wiki.Keys[1].Secret.Empty() || wiki.Keys[1].Private != nil || len(cfg.Headers.Signing.Keys) != 1 {
		t.Errorf("%+v", wiki.Keys)
	}
	// With keys of its own on the other route, only one has those of all.
	cfg = load("{keys: [{id: s1, file: secret.key}], jwt: {algorithm: HS256}}", "{jwt: {algorithm: EdDSA}, keys: [{id: k1, file: signing.key}]}")
	if cfg.Routes[1].Headers.Signing.Keys[0].Secret.Empty() {
		t.Error("the secret was not read")
	}
	// All routes sign on their own: nothing is missing above them.
	text := overlay(string(base), "headers: {email: X-Mail}\nroutes:\n  - {name: wiki, host: wiki.example.com, upstream: \"http://10.0.0.5:8080\", headers: {signing: {keys: [{id: k1, file: signing.key}]}}}\n")
	if _, err := Load(filepath.Join(withKeys(t, "config.yaml", text), "config.yaml"), Options{LookupEnv: env}); err != nil {
		t.Error(err)
	}
	text = strings.Replace(text, "routes:", "  \nroutes:", 1)
	text = strings.Replace(text, "{email: X-Mail}", "{insecure_skip_signing: because}", 1)
	if _, err := Load(filepath.Join(withKeys(t, "config.yaml", text), "config.yaml"), Options{LookupEnv: env}); err == nil || !strings.Contains(err.Error(), "contradicts") {
		t.Errorf("a reason not to sign beside signed routes: %v", err)
	}
}

// What the pages show of headers and routes loads beside a minimal rest.
func TestSigningDocumentationLoads(t *testing.T) {
	base, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyFiles()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]int{"../docs/header-contract.md": 1, "../docs/key-rollover.md": 1} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			if !strings.HasPrefix(block, "headers:") && !strings.HasPrefix(block, "routes:") {
				continue
			}
			want--
			dir := withKeys(t, "config.yaml", overlay(string(base), block), "wiki-signing.key", string(keys["sp.key"]), "signing-2.key", string(keys["signing.key"]))
			if _, err := Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env}); err != nil {
				t.Errorf("%s: %v\n%s", file, err, block)
			}
		}
		if want > 0 {
			t.Errorf("%s lacks a block", file)
		}
	}
}
