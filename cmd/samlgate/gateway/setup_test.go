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
	if _, found := Setup(cfg, "crop"); found {
		t.Error("there is a guide for nobody")
	}
}
