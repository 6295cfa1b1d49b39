package config

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// idpOf loads the minimal file with further keys in its only idp block.
func idpOf(t *testing.T, keys ...string) (IDP, error) {
	t.Helper()
	text := `
server: {external_url: https://sso.example.com}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - name: corp
      metadata_file: corp.xml
      ` + strings.Join(keys, "\n      ") + `
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes: [{name: wiki, host: wiki.example.com, upstream: http://10.0.0.5:8080}]
`
	dir := withKeys(t, "config.yaml", text)
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env})
	if err != nil {
		return IDP{}, err
	}
	cfg.SAML.IDPs[0].MetadataFile = ""
	return cfg.SAML.IDPs[0], nil
}

func mustIDP(t *testing.T, keys ...string) IDP {
	t.Helper()
	idp, err := idpOf(t, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return idp
}

// presetWords are the words that the schema takes.
func presetWords(t *testing.T) []string {
	t.Helper()
	f, found := reflect.TypeFor[IDP]().FieldByName("Preset")
	if !found {
		t.Fatal("no field")
	}
	return strings.Fields(f.Tag.Get("oneof"))
}

func TestEveryPresetWordHasOne(t *testing.T) {
	words := presetWords(t)
	slices.Sort(words)
	if got := slices.Sorted(maps.Keys(presets())); !slices.Equal(got, words) {
		t.Errorf("presets are %q, words %q", got, words)
	}
}

// A preset changes what must be signed, never to less, and where attributes
// come from; everything else is as without one.
func TestPresetsNeverWeaken(t *testing.T) {
	plain := mustIDP(t)
	for _, word := range presetWords(t) {
		idp := mustIDP(t, "preset: "+word)
		if idp.AllowSHA1 || idp.AllowCBC || idp.IDPInitiated != "deny" || !idp.SignRequests || idp.InsecureUnicodeEmail != "" {
			t.Errorf("%s weakens: %+v", word, idp)
		}
		if !slices.Equal(idp.Required, []string{"email"}) || len(idp.EmailDomains) > 0 || !reflect.DeepEqual(idp.Roles, plain.Roles) {
			t.Errorf("%s decides who may enter: %+v", word, idp)
		}
		if got, want := slices.Sorted(maps.Keys(idp.Attributes)), slices.Sorted(maps.Keys(plain.Attributes)); !slices.Equal(got, want) {
			t.Errorf("%s: attributes %q, want %q", word, got, want)
		}
		for key, sources := range idp.Attributes {
			if key != "username" && (len(sources) == 0 || key != "email" && slices.Contains(sources, "NameID")) {
				t.Errorf("%s: %s comes from %q", word, key, sources)
			}
		}
		idp.Preset, idp.RequireSigned, idp.Attributes = "", plain.RequireSigned, plain.Attributes
		if !reflect.DeepEqual(idp, plain) {
			t.Errorf("%s changes more than it may:\n got %+v\nwant %+v", word, idp, plain)
		}
	}
}

// What the operator writes wins, above the preset and below it; attributes key
// by key.
func TestPresetIsOverruled(t *testing.T) {
	wins := func(got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	idp := mustIDP(t, "require_signed: either", "attributes: {email: [mail], dept: [Department]}", "preset: entra", "sign_requests: false", "name_id_format: urn:x")
	wins(idp.RequireSigned, "either")
	wins(idp.SignRequests, false)
	wins(idp.NameIDFormat, "urn:x")
	wins(idp.Attributes["email"], []string{"mail"})
	wins(idp.Attributes["dept"], []string{"Department"})
	wins(idp.Attributes["first_name"], []string{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"})
	wins(idp.Attributes["username"], []string{})
	wins(mustIDP(t, "preset: google", "attributes:").Attributes["email"], []string{"Email", "NameID"})
	wins(mustIDP(t, "preset: ${env:NOT_SET:-google}").RequireSigned, "response")
	wins(mustIDP(t, `preset: ""`).RequireSigned, "either")
}

// Two blocks with one preset do not share their lists.
func TestPresetsAreNotShared(t *testing.T) {
	first := presets()["simplesamlphp"].attributes
	first["roles"][0] = "changed"
	if got := presets()["simplesamlphp"].attributes["roles"][0]; got != "eduPersonAffiliation" {
		t.Errorf("roles come from %q", got)
	}
}
