package gateway

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/admin/setup"
	"github.com/samlgate/samlgate/config"
)

// Setup is what the administrator of an identity provider has to enter: for the
// gateway's own service provider, or for the one of saml.service_providers that
// is called as.
func Setup(cfg *config.Config, idp, as string) (setup.Guide, error) {
	i := slices.IndexFunc(cfg.SAML.IDPs, func(p config.IDP) bool { return p.Name == idp })
	if i < 0 {
		var names []string
		for _, p := range cfg.SAML.IDPs {
			names = append(names, p.Name)
		}
		return setup.Guide{}, fmt.Errorf("no identity provider is called %q; saml.idps has %s", idp, strings.Join(names, ", "))
	}
	if as == "" {
		return setup.For(setupFacts(cfg, cfg.SAML.IDPs[i])), nil
	}
	j := slices.IndexFunc(cfg.SAML.ServiceProviders, func(p config.ServiceProvider) bool { return p.Name == as })
	if j < 0 {
		return setup.Guide{}, noServiceProvider(cfg, as)
	}
	return setup.For(furtherFacts(cfg, cfg.SAML.IDPs[i], cfg.SAML.ServiceProviders[j])), nil
}

// setup is what the admin listener shows of the current configuration.
func (r *Runner) setup() admin.Setup {
	t := r.current.Load()
	if t == nil {
		return admin.Setup{}
	}
	return admin.Setup{Pages: t.pages, Guides: guides(t.cfg)}
}

// guides are those of every identity provider, and of the further SP identities
// whose apps its people may open.
func guides(cfg *config.Config) []setup.Guide {
	var all []setup.Guide
	for _, p := range cfg.SAML.IDPs {
		all = append(all, setup.For(setupFacts(cfg, p)))
		for _, as := range cfg.SAML.ServiceProviders {
			if slices.ContainsFunc(cfg.Routes, func(r config.Route) bool { return opens(r, p.Name, as.Name) }) {
				all = append(all, setup.For(furtherFacts(cfg, p, as)))
			}
		}
	}
	return all
}

func setupFacts(cfg *config.Config, p config.IDP) setup.Facts {
	e := EndpointsOf(cfg)
	f := setup.Facts{
		IDP: p.Name, Name: p.DisplayName, Product: p.Preset,
		EntityID: cfg.SAML.EntityID, Metadata: e.Metadata, ACS: e.ACS, SLO: e.SLO, App: firstApp(cfg, p.Name, ""),
		Signed: p.RequireSigned, SignRequests: p.SignRequests, NameIDFormat: p.NameIDFormat,
		Attributes: setupAttributes(p),
	}
	for _, k := range cfg.SAML.Keys {
		if len(k.Certificates) > 0 {
			f.Certificates = append(f.Certificates, setupCertificate(k.Certificates[0]))
		}
	}
	return f
}

// furtherFacts are those of a further SP identity: other names and addresses.
func furtherFacts(cfg *config.Config, p config.IDP, as config.ServiceProvider) setup.Facts {
	f, e := setupFacts(cfg, p), EndpointsAt(cfg, as)
	f.As, f.EntityID, f.Metadata, f.ACS, f.SLO, f.App = as.Name, as.EntityID, e.Metadata, e.ACS, e.SLO, firstApp(cfg, p.Name, as.Name)
	return f
}

// opens reports whether the people of an identity provider may open a route by
// way of an SP identity.
func opens(r config.Route, idp, as string) bool {
	return r.ServiceProvider == as && (len(r.IDPs) == 0 || slices.Contains(r.IDPs, idp))
}

// firstApp is the address of the first route that they may open so.
func firstApp(cfg *config.Config, idp, as string) string {
	for _, r := range cfg.Routes {
		if !opens(r, idp, as) {
			continue
		}
		if place := placeOf(cfg, r.Name); place != "" {
			return place
		}
	}
	return ""
}

// setupAttributes are those with a source, ours first, the operator's own after.
func setupAttributes(p config.IDP) []setup.Attribute {
	ours := []string{"email", "first_name", "last_name", "username", "roles", "employee_id"}
	keys := slices.SortedFunc(maps.Keys(p.Attributes), func(a, b string) int {
		if i, j := slices.Index(ours, a), slices.Index(ours, b); i >= 0 && j >= 0 {
			return i - j
		} else if i != j {
			return j - i // what is not ours has -1 and comes last
		}
		return cmp.Compare(a, b)
	})
	var all []setup.Attribute
	for _, key := range keys {
		a := setup.Attribute{Key: key, Required: slices.Contains(p.Required, key)}
		for _, name := range p.Attributes[key] {
			if name == "NameID" {
				a.NameID = true
			} else {
				a.Names = append(a.Names, name)
			}
		}
		if a.NameID || len(a.Names) > 0 {
			all = append(all, a)
		}
	}
	return all
}

func setupCertificate(c *x509.Certificate) setup.Certificate {
	sum := sha256.Sum256(c.Raw)
	return setup.Certificate{
		PEM:         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		Fingerprint: strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"),
		Until:       c.NotAfter,
	}
}
