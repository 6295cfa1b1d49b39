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

// Setup is what the administrator of an identity provider has to enter. It
// reports false where no identity provider is called so.
func Setup(cfg *config.Config, idp string) (setup.Guide, bool) {
	i := slices.IndexFunc(cfg.SAML.IDPs, func(p config.IDP) bool { return p.Name == idp })
	if i < 0 {
		return setup.Guide{}, false
	}
	return setup.For(setupFacts(cfg, cfg.SAML.IDPs[i])), true
}

// setup is what the admin listener shows of the current configuration.
func (r *Runner) setup() admin.Setup {
	t := r.current.Load()
	if t == nil {
		return admin.Setup{}
	}
	s := admin.Setup{Pages: t.pages}
	for _, p := range t.cfg.SAML.IDPs {
		s.Guides = append(s.Guides, setup.For(setupFacts(t.cfg, p)))
	}
	return s
}

func setupFacts(cfg *config.Config, p config.IDP) setup.Facts {
	e := EndpointsOf(cfg)
	f := setup.Facts{
		IDP: p.Name, Name: p.DisplayName, Product: p.Preset,
		EntityID: cfg.SAML.EntityID, Metadata: e.Metadata, ACS: e.ACS, App: firstApp(cfg, p.Name),
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

// firstApp is the address of the first route that the people of an identity
// provider may open.
func firstApp(cfg *config.Config, idp string) string {
	for _, r := range cfg.Routes {
		if len(r.IDPs) > 0 && !slices.Contains(r.IDPs, idp) {
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
