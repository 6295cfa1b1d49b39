package config

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// loadHeaders loads a file with these headers, and with those of its one route.
func loadHeaders(t *testing.T, all, route string) *Config {
	t.Helper()
	dir := withKeys(t, "config.yaml", `
server: {external_url: https://sso.example.com}
session: {cookie_keys: ["${file:cookie.key}"]}
saml: {keys: [{cert_file: sp.crt, key_file: sp.key}], idps: [{name: corp, metadata_file: corp.xml}]}
headers:
  signing: {keys: [{id: k1, file: signing.key}]}
`+all+`
routes:
  - name: wiki
    host: wiki.example.com
    upstream: http://10.0.0.5:8080
`+route)
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestHeaderPresetWords(t *testing.T) {
	f, _ := reflect.TypeFor[RouteHeaders]().FieldByName("Preset")
	words := strings.Fields(f.Tag.Get("oneof"))
	slices.Sort(words)
	same(t, "presets", slices.Sorted(maps.Keys(HeaderPresets())), words)
}

// A preset replaces what the route inherits, and what the route says wins, above
// the preset and below it.
func TestHeaderPreset(t *testing.T) {
	names := loadHeaders(t, "  set: {X-Api-Key: k}\n  separator: ;", "    headers: {preset: jenkins}").Routes[0].Headers.HeaderNames
	same(t, "email", names.Email, "X-Forwarded-User")
	same(t, "roles", names.Roles, "X-Forwarded-Groups")
	same(t, "separator", names.Separator, "|")
	same(t, "first name", names.FirstName, "")
	same(t, "fixed", names.Set["X-Api-Key"].Reveal(), "k")
	for _, order := range []string{"{preset: jenkins, email: \"\", username: X-Forwarded-User}", "{email: \"\", username: X-Forwarded-User, preset: jenkins}"} {
		names = loadHeaders(t, "", "    headers: "+order).Routes[0].Headers.HeaderNames
		same(t, "email", names.Email, "")
		same(t, "username", names.Username, "X-Forwarded-User")
		same(t, "roles", names.Roles, "X-Forwarded-Groups")
	}
}

// One word for all headers, or a map; a route takes over what it does not say.
func TestEncodingForms(t *testing.T) {
	of := func(e Encoding, header, want string) {
		t.Helper()
		same(t, header, e.of(header), want)
	}
	cfg := loadHeaders(t, "  encoding: percent", "")
	of(cfg.Routes[0].Headers.Encoding, "X-Auth-Email", "percent")
	cfg = loadHeaders(t, "  encoding: {default: base64, x-auth-email: ascii}", "    headers: {encoding: {X-Auth-Roles: percent}}")
	of(cfg.Headers.Encoding, "X-Auth-Email", "ascii")
	of(cfg.Headers.Encoding, "X-Auth-Roles", "base64")
	of(cfg.Routes[0].Headers.Encoding, "X-Auth-Email", "ascii")
	of(cfg.Routes[0].Headers.Encoding, "X-Auth-Roles", "percent")
	of(cfg.Routes[0].Headers.Encoding, "X-Auth-First-Name", "base64")
	of(loadHeaders(t, "", "    headers: {encoding: {X-Auth-Roles: percent}}").Routes[0].Headers.Encoding, "X-Auth-Email", "utf8")
	other := loadHeaders(t, "  encoding: {X-Auth-Email: ascii}", "    headers: {encoding: {x-auth-email: base64}}")
	same(t, "spellings of one header", other.Routes[0].Headers.Encoding.PerHeader, map[string]string{"x-auth-email": "base64"})
	same(t, "what was inherited", other.Headers.Encoding.PerHeader, map[string]string{"X-Auth-Email": "ascii"})
	of(loadHeaders(t, "  encoding: {X-Auth-Email: ascii}", "    headers: {encoding: rfc2047}").Routes[0].Headers.Encoding, "X-Auth-Email", "rfc2047")
}
