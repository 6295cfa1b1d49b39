package samlsp

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

func TestNewRefuses(t *testing.T) {
	base := func() Config {
		return Config{EntityID: testEntity, ACSURL: testACS, Keys: []KeyPair{testKeys().p256}, Replay: &idptest.Replays{}, Now: testNow}
	}
	if _, err := New(base(), testIdentityProvider()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"entity id":         func(c *Config) { c.EntityID = "" },
		"replay cache":      func(c *Config) { c.Replay = nil },
		"clock is required": func(c *Config) { c.Now = nil },
		"clock skew":        func(c *Config) { c.ClockSkew = time.Hour },
		"key pair":          func(c *Config) { c.Keys = nil },
		"acs url":           func(c *Config) { c.ACSURL = "/acs" },
		"discovery url":     func(c *Config) { c.DiscoveryURL = "javascript:alert(1)" },
		"slo url":           func(c *Config) { c.SLOURL = "javascript:alert(1)" },
		"belong":            func(c *Config) { c.Keys[0].Certificate = testKeys().p384.Certificate },
		"2048":              func(c *Config) { c.Keys = []KeyPair{testKeys().weak} },
		"both required":     func(c *Config) { c.Keys = []KeyPair{{}} },
	} {
		cfg := base()
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for want, change := range map[string]func(*IdentityProvider){
		"needs a name":           func(p *IdentityProvider) { p.Name = "" },
		"entity id":              func(p *IdentityProvider) { p.EntityID = "" },
		"usable":                 func(p *IdentityProvider) { p.Certificates = []*x509.Certificate{testKeys().weak.Certificate, nil} },
		"key operation":          func(p *IdentityProvider) { p.Certificates = slices.Repeat(p.Certificates, 33) },
		"signature policy":       func(p *IdentityProvider) { p.Require = "none" },
		"by binding":             func(p *IdentityProvider) { p.RequestBinding = "x" },
		"no single sign-on":      func(p *IdentityProvider) { p.SSO = nil },
		"absolute http or https": func(p *IdentityProvider) { p.SSO[PostBinding] = "javascript:alert(1)" },
		"has no source":          func(p *IdentityProvider) { p.Required = []string{"phone"} },
	} {
		idp := testIdentityProvider()
		change(idp)
		if _, err := New(base(), idp); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestProvidersSideBySide(t *testing.T) {
	second := func() *IdentityProvider {
		p := testIdentityProvider()
		p.Name, p.EntityID, p.EmailDomains = "two", "https://two.example", []string{"two.example"}
		return p
	}
	first := testIdentityProvider()
	sp := good().provider(t)
	if err := sp.SetIDP(second()); err == nil {
		t.Error("one of two idps may speak for every domain")
	}
	first.EmailDomains = []string{"example.com"}
	if err := sp.SetIDP(first); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*IdentityProvider){
		"same entity id":  func(p *IdentityProvider) { p.EntityID = testIDP },
		"shared domain":   func(p *IdentityProvider) { p.EmailDomains = []string{"x.example", "example.com"} },
		"other entity id": func(p *IdentityProvider) { p.Name, p.EntityID = "corp", "https://new.example" },
	} {
		p := second()
		change(p)
		if err := sp.SetIDP(p); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
	p := second()
	if err := sp.SetIDP(p); err != nil {
		t.Fatal(err)
	}
	p.EmailDomains[0] = "changed.example"
	if got, ok := sp.IDP("two"); !ok || got.EmailDomains[0] != "two.example" || len(sp.IDPs()) != 2 {
		t.Error("an idp changed after it was handed over")
	}
	// An assertion of one never answers a login at the other.
	m := good()
	m.want.IDP = "two"
	if a, err := sp.VerifyResponse(t.Context(), encode(m.sealed(t)), m.want); a != nil || err == nil {
		t.Error("another idp answered")
	}
}

func TestReasonsHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Reasons() {
		if s := r.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("reason %d is called %q", r, s)
		} else {
			seen[s] = true
		}
	}
	if Reason(200).String() != "unknown" {
		t.Error("a reason that does not exist")
	}
}
