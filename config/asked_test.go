package config

import (
	"strings"
	"testing"
)

// What is asked of an identity provider is named by URIs; for the usual formats
// of a NameID their last part will do.
func TestWhatIsAskedOfAnIDP(t *testing.T) {
	const file = "      metadata_file: corp.xml\n"
	for given, want := range map[string]string{
		"":             "",
		"emailAddress": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
		"persistent":   "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
		"urn:x:y":      "urn:x:y",
	} {
		cfg, err := loadWith(t, file+"      name_id_format: \""+given+"\"\n")
		if err != nil || cfg.SAML.IDPs[0].NameIDFormat != want {
			t.Errorf("name_id_format %q: %v, wanted %q", given, err, want)
		}
	}
	for lines, want := range map[string]string{
		"      name_id_format: Persistent\n":                             "name_id_format: is no URI; short for one there are",
		"      name_id_format: \"urn:x y\"\n":                            "name_id_format: is no URI",
		"      authn_context: [\"urn:x\", mfa]\n":                        "authn_context[1]: is no URI",
		"      authn_context: [\"\"]\n":                                  "authn_context[0]: is empty",
		"      entity_id: \"urn:\u00e4\"\n":                              "is not an entity ID",
		"      authn_context: [\"urn:x:\u00e4\"]\n":                      "authn_context[0]: is no URI",
		"      authn_context: [\"" + strings.Repeat("x:", 513) + "\"]\n": "authn_context[0]: is no URI",
	} {
		_, err := loadWith(t, file+lines)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "config.yaml:") {
			t.Errorf("%s: %v, wanted %q", lines, err, want)
		}
	}
}
