package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func good(t *testing.T, name string, more ...string) (*Config, string) {
	t.Helper()
	text, err := os.ReadFile("testdata/good/" + name)
	if err != nil {
		t.Fatal(err)
	}
	dir := withKeys(t, append(more, "config.yaml", string(text))...)
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env})
	if err != nil {
		t.Fatal(err)
	}
	return cfg, dir
}

// same compares got with what the design writes down.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestDefaults(t *testing.T) {
	cfg, dir := good(t, "minimal.yaml")
	same(t, "external_url", cfg.Server.ExternalURL.String(), "https://sso.example.com")
	same(t, "listen", cfg.Server.Listen, Address{"tcp", ":8443"})
	same(t, "http_listen", cfg.Server.HTTPListen, Address{})
	same(t, "admin_listen", cfg.Server.AdminListen, Address{"tcp", "127.0.0.1:9090"})
	same(t, "tls", cfg.Server.TLS, (*ServerTLS)(nil))
	same(t, "prefix", cfg.Server.Prefix, "/.samlgate")
	same(t, "drain", cfg.Server.Drain, Drain{5 * time.Second, 30 * time.Second})
	same(t, "rate_limits", cfg.Server.RateLimits, RateLimits{Rate{20, time.Minute}, Rate{60, time.Minute}, Rate{600, time.Minute}, Rate{60, time.Minute}})
	same(t, "driver", cfg.Store.Driver, "embedded")
	same(t, "cache_bytes", cfg.Store.CacheBytes, Size(128<<20))
	same(t, "embedded.path", cfg.Store.Embedded.Path, Path(""))
	same(t, "redis.addresses", cfg.Store.Redis.Addresses, []string{"127.0.0.1:6379"})
	same(t, "cookie_name", cfg.Session.CookieName, "__Host-samlgate")
	same(t, "idle_timeout", cfg.Session.IdleTimeout, 30*time.Minute)
	same(t, "max_lifetime", cfg.Session.MaxLifetime, 12*time.Hour)
	same(t, "max_concurrent", cfg.Session.MaxConcurrent, 3)
	same(t, "on_limit", cfg.Session.OnLimit, "evict_oldest")
	same(t, "entity_id", cfg.SAML.EntityID, "https://sso.example.com/.samlgate/saml/metadata")
	same(t, "clock_skew", cfg.SAML.ClockSkew, 3*time.Minute)
	idp := cfg.SAML.IDPs[0]
	same(t, "metadata_file", string(idp.MetadataFile), filepath.Join(dir, "corp.xml"))
	same(t, "display_name", idp.DisplayName, "corp")
	same(t, "sign_requests", idp.SignRequests, true)
	same(t, "require_signed", idp.RequireSigned, "either")
	same(t, "required", idp.Required, []string{"email"})
	same(t, "attributes.roles", idp.Attributes["roles"], []string{"Role", "groups"})
	same(t, "roles", idp.Roles, Roles{Unknown: "pass", Deny: []string{"Restricted"}, Sync: "every_login"})
	same(t, "headers.employee_id", cfg.Headers.EmployeeID, "X-Auth-Employee-Id")
	same(t, "headers.signing.jwt", cfg.Headers.Signing.JWT, JWT{Header: "X-Auth-Assertion", Algorithm: "EdDSA", TTL: time.Minute})
	r := cfg.Routes[0]
	same(t, "hosts", r.Hosts, []string{"wiki.example.com"})
	same(t, "path", r.Path, "/")
	same(t, "upstream", r.Upstream.String(), "http://10.0.0.5:8080")
	same(t, "audience", r.Audience, "wiki")
	same(t, "unauthenticated", r.Unauthenticated, "auto")
	same(t, "route headers", r.Headers.HeaderNames, cfg.Headers.HeaderNames)
	same(t, "timeouts", r.Timeouts, Timeouts{5 * time.Second, time.Minute, 0})
	same(t, "limits", r.Limits, RequestLimits{0, 8192, 0})
	same(t, "languages", cfg.Pages.Languages, []string{"en", "de", "fr"})
	same(t, "time_zone", cfg.Pages.TimeZone, time.UTC)
	same(t, "audit", cfg.Audit, Audit{Stdout: true})
	same(t, "log", cfg.Log, Log{"info", "json", false})
	if len(cfg.Session.CookieKeys[0].Bytes()) != 32 || cfg.SAML.Keys[0].Key == nil || cfg.Headers.Signing.Keys[0].Private == nil {
		t.Error("a key was not read")
	}
	same(t, "warnings", warned(cfg), []string{"1 store.embedded.path", "2 server.tls"})
}

func TestFullFile(t *testing.T) {
	cfg, _ := good(t, "full.yaml", "good.d/hr.yaml", `x-note: a second team's file
routes:
  - name: hr
    host: hr.example.com
    upstream: http://10.0.0.6
    idps: [hr]
saml: {idps: [{name: hr, metadata_file: ../hr.xml, email_domains: [hr.example.com]}]}
`)
	same(t, "listen", cfg.Server.Listen, Address{"unix", "/run/samlgate.sock"})
	same(t, "trusted_proxies", cfg.Server.TrustedProxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")})
	same(t, "return_origins", cfg.Server.ReturnOrigins, []string{"https://portal.example.com"})
	same(t, "rate_limits.login", cfg.Server.RateLimits.Login, Rate{})
	same(t, "tls pairs", len(cfg.Server.TLS.Certificates), 2)
	same(t, "token hash", cfg.Server.AdminTokens[1].Hash, [32]byte{31: 1})
	same(t, "token role", cfg.Server.AdminTokens[1].Role, "viewer")
	same(t, "redis password", cfg.Store.Redis.Password.Reveal(), "correct horse")
	same(t, "idle_timeout", cfg.Session.IdleTimeout, 20*time.Minute)
	same(t, "max_lifetime", cfg.Session.MaxLifetime, 8*time.Hour)
	same(t, "max_concurrent", cfg.Session.MaxConcurrent, 5)
	corp, hr := cfg.SAML.IDPs[0], cfg.SAML.IDPs[1]
	same(t, "email_domains", corp.EmailDomains, []string{"example.com", "xn--mller-kva.example"})
	same(t, "attributes given", corp.Attributes["email"], []string{"mail"})
	same(t, "attributes kept", corp.Attributes["last_name"], []string{"LastName", "urn:oid:2.5.4.4"})
	same(t, "roles.unknown", corp.Roles.Unknown, "drop")
	same(t, "a DER file and its base64", corp.Certificates[1].Content, corp.Certificates[2].Content)
	same(t, "included idp", hr.Name, "hr")
	same(t, "included path", filepath.Base(string(hr.MetadataFile)), "hr.xml")
	same(t, "literal", cfg.Headers.Set["X-Literal"].Reveal(), "${env:HUSH}")

	wiki, other := cfg.Routes[0], cfg.Routes[1]
	same(t, "hosts", wiki.Hosts, []string{"*.example.com", "wiki.example.com"})
	same(t, "unauthenticated", wiki.Unauthenticated, "401")
	same(t, "merged timeouts", wiki.Timeouts, Timeouts{3 * time.Second, time.Minute, 10 * time.Minute})
	same(t, "inherited timeouts", other.Timeouts, Timeouts{2 * time.Second, time.Minute, 10 * time.Minute})
	same(t, "inherited limits", other.Limits.BodyBytes, Size(1<<20))
	same(t, "replaced list", wiki.Allow.Roles, []string{"wiki"})
	same(t, "kept list", len(wiki.Allow.Networks), 1)
	same(t, "inherited list", other.Allow.Roles, []string{"staff"})
	same(t, "route's own header", wiki.Headers.Email, "X-Wiki-User")
	same(t, "route's inherited header", wiki.Headers.FirstName, "X-Auth-First-Name")
	same(t, "the other route's header", other.Headers.Email, "X-User")
	same(t, "route's own fixed header", wiki.Headers.Set["X-Api-Key"].Reveal(), "other")
	same(t, "the other route's fixed header", other.Headers.Set["X-Api-Key"].Reveal(), "hush-what-the-environment-held")
}

func TestAllMistakesAtOnce(t *testing.T) {
	dir := withKeys(t, "a.yaml", "include: [b.yaml]\nserver: {external_url: http://x.example.com}\nsesion: {}\nlog: {level: loud, level: info}\n",
		"b.yaml", "routes:\n  - {name: A B, upstream: nowhere}\n")
	_, err := Load(filepath.Join(dir, "a.yaml"), Options{})
	want := []string{"a.yaml:1: headers.signing:", "a.yaml:1: saml.keys:", "a.yaml:1: saml.idps:", "a.yaml:1: session.cookie_keys:",
		"a.yaml:2: server.external_url:", "a.yaml:3: sesion: unknown key", "a.yaml:4: log.level: the key is here twice",
		"a.yaml:4: log.level: \"loud\"", "b.yaml:2: routes[0].name:", "b.yaml:2: routes[0].upstream:", "b.yaml:2: routes[0].host:"}
	var all Errors
	if !errors.As(err, &all) {
		t.Fatal(err)
	}
	got := strings.Split(strings.ReplaceAll(all.Error(), dir+"/", ""), "\n")
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
			t.Errorf("missing %q", w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d mistakes, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	if !slices.IsSortedFunc(all, byPlace) {
		t.Error("not sorted by file and line")
	}
}

func TestNoFilesSkipsContents(t *testing.T) {
	text, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Load("-", Options{NoFiles: true, Stdin: bytes.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.Session.CookieKeys[0].Empty() || cfg.SAML.Keys[0].Key != nil {
		t.Error("a file was read")
	}
	bad := strings.Replace(string(text), "https://SSO", "http://SSO", 1)
	_, err = Load("-", Options{NoFiles: true, Stdin: strings.NewReader(bad)})
	if err == nil || !strings.HasPrefix(err.Error(), "<stdin>:3: server.external_url: must be https") {
		t.Errorf("got %v", err)
	}
}

func TestMissingFileIsNoMistakeInIt(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), Options{})
	var all Errors
	if !errors.Is(err, os.ErrNotExist) || errors.As(err, &all) {
		t.Errorf("got %v", err)
	}
	if _, err := Load("-", Options{}); err == nil {
		t.Error("standard input was not handed in, yet read")
	}
}

func TestReadableKeysAreAWarning(t *testing.T) {
	text, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := withKeys(t, "config.yaml", string(text))
	if err := os.Chmod(filepath.Join(dir, "sp.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{})
	if err != nil || !slices.ContainsFunc(cfg.Warnings, func(w Warning) bool {
		return w.Path == "saml.keys[0].key_file" && strings.Contains(w.Reason, "0644")
	}) {
		t.Errorf("%v %v", cfg, err)
	}
}

// Wherever a secret ends up, printing it tells nothing.
func TestSecretsPrintAsSuch(t *testing.T) {
	cfg, _ := good(t, "full.yaml", "good.d/hr.yaml", "x-nothing: here\n", "corp.xml", "x")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, secret := range []any{cfg.Headers.Set, cfg.Store.Redis, cfg.Server.AdminTokens[0].Token, cfg.Session.CookieKeys} {
			got := fmt.Sprintf(verb, secret)
			for _, leak := range []string{"hush", "correct horse", "admin-token", fmt.Sprintf("%x", "hush"), fmt.Sprintf("%d", []byte("hush"))[1:]} {
				if strings.Contains(got, strings.Trim(leak, "[]")) {
					t.Errorf("%s of %T tells %q", verb, secret, leak)
				}
			}
		}
	}
	if text, err := cfg.Store.Redis.Password.MarshalText(); err != nil || string(text) != "<secret>" {
		t.Errorf("%s, %v", text, err)
	}
	if got := cfg.Store.Redis.Password.LogValue().String(); got != "<secret>" {
		t.Error(got)
	}
}

// What is allowed and may be regretted is said, each at its place.
func TestWarnings(t *testing.T) {
	dir := withKeys(t, "config.yaml", `server: {external_url: "https://sso.example.com", trusted_proxies: [0.0.0.0/0]}
session: {cookie_keys: ["${file:cookie.key}"], ignore_paths: [/poll, "GET /"]}
saml:
  insecure_shared_domains: two directories of one company
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: a, metadata_file: corp.xml, insecure_unicode_email: our directory, allow_sha1: true, allow_cbc: true}, {name: b, metadata_file: hr.xml}]
headers: {insecure_skip_signing: the apps are old}
store: {driver: redis, redis: {addresses: ["redis.example.com:6379"]}}
routes:
  - {name: wiki, host: sso.example.com, upstream: "http://10.0.0.5", public: [/], allow: {networks: ["::/0"]}}
  - {name: hr, host: hr.example.com, upstream: "https://hr.example.com"}
  - {name: docs, hosts: [docs.example.com, "*.docs.example.com"], upstream: "http://10.0.0.7"}
include: [none.d/*.yaml]
`)
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "warnings", warned(cfg), []string{"1 server.trusted_proxies[0]", "2 session.ignore_paths[1]", "4 saml.insecure_shared_domains", "6 saml.idps[0].allow_cbc", "6 saml.idps[0].allow_sha1", "6 saml.idps[0].insecure_unicode_email", "7 headers.insecure_skip_signing",
		"8 store.redis.addresses[0]", "10 routes[0].allow.networks[0]", "10 routes[0].host", "10 routes[0].public[0]",
		"11 routes[1].upstream", "12 routes[2].hosts[1]", "13 include[0]"})
}

// A service provider that nobody uses, and one at another app's host.
func TestWarningsAboutServiceProviders(t *testing.T) {
	dir := withKeys(t, "config.yaml", `server: {external_url: "https://sso.example.com", tls: {cert_file: sp.crt, key_file: sp.key}}
session: {cookie_keys: ["${file:cookie.key}"]}
store: {embedded: {}}
saml: {keys: [{cert_file: sp.crt, key_file: sp.key}], idps: [{name: corp, metadata_file: corp.xml}],
  service_providers: [
    {name: idle, entity_id: urn:idle, origin: "https://wiki.example.com"},
    {name: wiki, entity_id: urn:wiki, origin: "HTTPS://WIKI.example.com:443/", paths: {slo: /mellon/logout, soap: /mellon/logout}},
    {name: all, entity_id: urn:all, origin: "https://sso.example.com"}]}
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes:
  - {name: wiki, host: wiki.example.com, upstream: "http://10.0.0.5", service_provider: wiki}
  - {name: hr, host: hr.example.com, upstream: "http://10.0.0.6", service_provider: wiki}
  - {name: docs, host: docs.example.com, upstream: "http://10.0.0.7", service_provider: all}
`)
	cfg, err := Load(filepath.Join(dir, "config.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "warnings", warned(cfg), []string{"3 store.embedded.path", "6 saml.service_providers[0]", "12 routes[1].service_provider"})
	same(t, "origin", cfg.SAML.ServiceProviders[1].Origin, "https://wiki.example.com")
}

// warned says where the warnings are.
func warned(cfg *Config) []string {
	var places []string
	for _, w := range cfg.Warnings {
		places = append(places, fmt.Sprintf("%d %s", w.Line, w.Path))
	}
	return places
}
