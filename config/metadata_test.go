package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// loadWith loads the minimal configuration with other lines for its provider.
func loadWith(t *testing.T, lines string) (*Config, error) {
	t.Helper()
	base, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(base), "      metadata_file: corp.xml\n", lines, 1)
	dir := withKeys(t, "config.yaml", text)
	return Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env})
}

// Pinned signers go with metadata in every form, and allow plain http.
func TestMetadataCertificates(t *testing.T) {
	allow := func(lines string) {
		t.Helper()
		cfg, err := loadWith(t, lines)
		if err != nil {
			t.Errorf("%v in\n%s", err, lines)
			return
		}
		if p := cfg.SAML.IDPs[0]; len(p.MetadataCertificates) != strings.Count(lines, "sp.crt") || len(p.MetadataCertificates) > 0 && p.MetadataCertificates[0].Content == nil {
			t.Errorf("%d certificates of\n%s", len(p.MetadataCertificates), lines)
		}
	}
	deny := func(lines, want string) {
		t.Helper()
		if _, err := loadWith(t, lines); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, wanted %q in\n%s", err, want, lines)
		}
	}
	const pin = "      metadata_certificates: [sp.crt]\n"
	allow("      metadata_url: https://idp.example.com/metadata\n" + pin)
	allow("      metadata_url: http://idp.example.com/metadata\n" + pin)
	deny("      metadata_url: http://idp.example.com/metadata\n", "must be https")
	deny("      metadata_url: ftp://idp.example.com/metadata\n"+pin, "must be https")
	allow("      metadata_file: corp.xml\n" + pin)
	allow("      metadata_url: https://federation.example.com/all\n      entity_id: https://idp.example.com/\n")
	allow("      metadata_file: corp.xml\n      entity_id: https://idp.example.com/\n")
	deny("      metadata_file: corp.xml\n      entity_id: https://idp.example.com/\n      sso_url: https://idp.example.com/sso\n", "described twice")
	deny("      entity_id: urn:corp\n      sso_url: https://idp.example.com/sso\n      certificates: [sp.crt]\n"+pin, "no metadata that they could have signed")
	allow("      metadata_file: corp.xml\n      metadata_max_validity: 336h\n")
	deny("      metadata_file: corp.xml\n      metadata_max_validity: 59m\n", "must be at least 1h")
	deny("      entity_id: urn:corp\n      sso_url: https://idp.example.com/sso\n      certificates: [sp.crt]\n      metadata_max_validity: 336h\n", "no metadata that could end")
	deny("      metadata_file: corp.xml\n      metadata_certificates: [sp.key]\n", "is a private key")
	deny("      metadata_file: corp.xml\n      metadata_certificates: [nowhere.crt]\n", "metadata_certificates[0]")
}
