package gateway

import (
	"net/url"
	"testing"

	"github.com/samlgate/samlgate/config"
)

func TestSetupFacts(t *testing.T) {
	cfg := &config.Config{
		Server: config.Server{ExternalURL: &url.URL{Scheme: "https", Host: "sso.example.com:8443"}, Prefix: "/.samlgate"},
		SAML: config.SAML{EntityID: "urn:gw", Paths: config.SAMLPaths{ACS: "/sso/acs"}, IDPs: []config.IDP{{
			Name: "corp", Required: []string{"email"},
			Attributes: config.Attributes{
				"zone": {"Zone"}, "roles": {"Role"}, "email": {"Email", "NameID"}, "area": {"Area"}, "username": {}, "first_name": {"NameID"},
			},
		}}},
		Routes: []config.Route{
			{Name: "hr", Hosts: []string{"hr.example.com"}, Path: "/", IDPs: []string{"other"}},
			{Name: "any", Hosts: []string{"*.apps.example.com"}, Path: "/"},
			{Name: "wiki", Hosts: []string{"wiki.example.com"}, Path: "/w", IDPs: []string{"corp"}},
		},
	}
	f := setupFacts(cfg, cfg.SAML.IDPs[0])
	if f.ACS != "https://sso.example.com:8443/sso/acs" || f.EntityID != "urn:gw" || f.App != "https://wiki.example.com:8443/w" {
		t.Errorf("%+v", f)
	}
	var order string
	for _, a := range f.Attributes {
		order += a.Key + " "
		if a.Required != (a.Key == "email") || a.NameID != (a.Key == "email" || a.Key == "first_name") {
			t.Errorf("%+v", a)
		}
	}
	if order != "email first_name roles area zone " {
		t.Errorf("the order is %s", order)
	}
	for _, c := range [][2]string{{"crop", ""}, {"corp", "odl"}, {"crop", "old"}} {
		if _, err := Setup(cfg, c[0], c[1]); err == nil {
			t.Errorf("there is a guide for %q as %q", c[0], c[1])
		}
	}
}

// A further SP identity has names, addresses and apps of its own; it is nobody's
// business at an identity provider whose people may not open those.
func TestSetupOfAFurtherServiceProvider(t *testing.T) {
	cfg := &config.Config{
		Server: config.Server{ExternalURL: &url.URL{Scheme: "https", Host: "sso.example.com"}, Prefix: "/.samlgate"},
		SAML: config.SAML{EntityID: "urn:gw", IDPs: []config.IDP{{Name: "corp", Preset: "okta"}, {Name: "hr"}},
			ServiceProviders: []config.ServiceProvider{{Name: "old", EntityID: "urn:old", Origin: "https://wiki.example.com", Paths: config.SAMLPaths{ACS: "/mellon/postResponse"}}}},
		Routes: []config.Route{
			{Name: "hr", Hosts: []string{"hr.example.com"}, Path: "/"},
			{Name: "wiki", Hosts: []string{"wiki.example.com"}, Path: "/", IDPs: []string{"corp"}, ServiceProvider: "old"},
		},
	}
	f := furtherFacts(cfg, cfg.SAML.IDPs[0], cfg.SAML.ServiceProviders[0])
	if f.EntityID != "urn:old" || f.ACS != "https://wiki.example.com/mellon/postResponse" || f.App != "https://wiki.example.com/" || f.Product != "okta" {
		t.Errorf("%+v", f)
	}
	if own := setupFacts(cfg, cfg.SAML.IDPs[0]); own.App != "https://hr.example.com/" || own.EntityID != "urn:gw" {
		t.Errorf("%+v", own)
	}
	var all string
	for _, g := range guides(cfg) {
		all += g.IDP + "/" + g.As + " "
	}
	if all != "corp/ corp/old hr/ " {
		t.Errorf("guides of %s", all)
	}
	if g, err := Setup(cfg, "corp", "old"); err != nil || g.Title() != "Okta: what to enter for  (corp), for the service provider old" || g.Parts[0].Fields[1].Value != "urn:old" {
		t.Errorf("%v %s", err, g.Title())
	}
}
