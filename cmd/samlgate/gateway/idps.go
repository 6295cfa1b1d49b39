package gateway

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/metadata"
)

// buildSAML makes the service provider and what keeps its identity providers
// fresh. Those behind a URL are added when their metadata arrives; old is the
// tree before a reload, whose copy holds until then.
func (b *base) buildSAML(t, old *tree) error {
	cfg := t.cfg
	t.signers = make(map[string][]*x509.Certificate)
	var loaded []*samlsp.IdentityProvider
	var errs []error
	for _, c := range cfg.SAML.IDPs {
		idp, err := b.identityProvider(t, c, old)
		if err == nil && idp != nil {
			err = b.accept(idp)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("idp %q: %w", c.Name, err))
		} else if idp != nil {
			loaded = append(loaded, idp)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var err error
	if t.identities, err = b.identities(t, loaded); err != nil {
		return fmt.Errorf("saml: %w", err)
	}
	t.sp = t.identities[own]
	for _, c := range cfg.SAML.IDPs {
		if c.MetadataURL == nil {
			continue
		}
		s, err := b.source(t, c, old)
		if err != nil {
			return fmt.Errorf("idp %q: %w", c.Name, err)
		}
		t.sources = append(t.sources, s)
	}
	return nil
}

// ServiceProvider makes one service provider alone, for its metadata: the
// gateway's own, or the one of saml.service_providers with that name.
func ServiceProvider(cfg *config.Config, name string, opts Options) (*samlsp.ServiceProvider, error) {
	b := &base{log: opts.Log, now: opts.Now}
	all, err := b.identities(&tree{cfg: cfg}, nil)
	if err != nil {
		return nil, err
	}
	if sp := all[name]; sp != nil {
		return sp, nil
	}
	return nil, noServiceProvider(cfg, name)
}

func noServiceProvider(cfg *config.Config, name string) error {
	names := make([]string, len(cfg.SAML.ServiceProviders))
	for i, c := range cfg.SAML.ServiceProviders {
		names[i] = c.Name
	}
	return fmt.Errorf("no service provider is called %q; saml.service_providers has %s", name, strings.Join(names, ", "))
}

func (b *base) spConfig(t *tree) samlsp.Config {
	cfg := t.cfg
	c := samlsp.Config{
		EntityID:    cfg.SAML.EntityID,
		MetadataURL: endpoint(cfg, cfg.SAML.Paths.Metadata, "metadata"),
		ACSURL:      endpoint(cfg, cfg.SAML.Paths.ACS, "acs"),
		SLOURL:      endpoint(cfg, cfg.SAML.Paths.SLO, "slo"),
		SOAPURL:     endpoint(cfg, cfg.SAML.Paths.SOAP, "soap"),
		ClockSkew:   cfg.SAML.ClockSkew, Replay: replay{t}, Now: b.now, InsecureSharedDomains: cfg.SAML.InsecureSharedDomains,
		SignMetadata: cfg.SAML.SignMetadata,
	}
	if len(cfg.SAML.IDPs) > 1 {
		c.DiscoveryURL = cfg.Server.ExternalURL.Scheme + "://" + cfg.Server.ExternalURL.Host + cfg.Server.Prefix + "/login"
	}
	for _, k := range cfg.SAML.Keys {
		if len(k.Certificates) > 0 {
			c.Keys = append(c.Keys, samlsp.KeyPair{Certificate: k.Certificates[0], Key: k.Key})
		}
	}
	if title := cfg.Pages.Title; title != "" {
		c.Organization = samlsp.Organization{Name: title, DisplayName: title, URL: cfg.Server.ExternalURL.String()}
	}
	if mail := cfg.Pages.Support.Email; mail != "" {
		c.Contact = samlsp.Contact{Name: cfg.Pages.Support.Text, Email: mail}
	}
	return c
}

// identityProvider returns what the file says about an identity provider, nil
// where the rest is still to be fetched.
func (b *base) identityProvider(t *tree, c config.IDP, old *tree) (*samlsp.IdentityProvider, error) {
	idp := resolve(c)
	signers, err := b.signers(c)
	if err != nil {
		return nil, err
	}
	t.signers[c.Name] = signers
	switch {
	case c.MetadataFile != "":
		d, err := readMetadata(string(c.MetadataFile), c.EntityID, signers, b.now())
		if err == nil {
			err = d.EndsWithin(c.MetadataMaxValidity, b.now())
		}
		if err != nil {
			return nil, fmt.Errorf("metadata_file: %w", err)
		}
		b.warn(c.Name, d.Warnings)
		b.warnExpiry(fmt.Sprintf("idp %q", c.Name), d.Certificates)
		return d.ApplyTo(idp), nil
	case c.MetadataURL != nil:
		return known(c, old, idp), nil
	}
	return b.byHand(c, idp)
}

func resolve(c config.IDP) samlsp.IdentityProvider {
	binding := samlsp.RedirectBinding
	if c.RequestBinding == "post" {
		binding = samlsp.PostBinding
	}
	return samlsp.IdentityProvider{
		Name: c.Name, DisplayName: c.DisplayName, RequestBinding: binding, SignRequests: c.SignRequests,
		Require: samlsp.SignedPart(c.RequireSigned), NameIDFormat: c.NameIDFormat, EmailDomains: c.EmailDomains,
		Attributes: mapping(c.Attributes), Required: c.Required,
		ForceAuthn: c.ForceAuthn, AuthnContext: c.AuthnContext, AllowSHA1: c.AllowSHA1, AllowCBC: c.AllowCBC,
		InsecureUnicodeEmail: c.InsecureUnicodeEmail,
	}
}

func mapping(a config.Attributes) samlsp.Mapping {
	m := samlsp.Mapping{
		Email: a["email"], FirstName: a["first_name"], LastName: a["last_name"],
		Username: a["username"], Roles: a["roles"], EmployeeID: a["employee_id"],
	}
	for key, sources := range a {
		switch key {
		case "email", "first_name", "last_name", "username", "roles", "employee_id":
			continue
		}
		if m.Extra == nil {
			m.Extra = make(map[string][]string)
		}
		m.Extra[key] = sources
	}
	return m
}

func (b *base) byHand(c config.IDP, idp samlsp.IdentityProvider) (*samlsp.IdentityProvider, error) {
	if err := metadata.CheckEndpoint(c.SSOURL.String()); err != nil {
		return nil, fmt.Errorf("sso_url: %w", err)
	}
	certs, err := parsed("certificates", c.Certificates)
	if err != nil {
		return nil, err
	}
	usable, warnings, err := metadata.Usable(certs, b.now())
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	b.warn(c.Name, warnings)
	b.warnExpiry(fmt.Sprintf("idp %q", c.Name), usable)
	idp.EntityID, idp.Certificates = c.EntityID, usable
	idp.SSO = map[samlsp.Binding]string{samlsp.RedirectBinding: c.SSOURL.String(), samlsp.PostBinding: c.SSOURL.String()}
	if c.SLOURL != nil {
		idp.SLO = map[samlsp.Binding]string{samlsp.RedirectBinding: c.SLOURL.String()}
	}
	return &idp, nil
}

func (b *base) warn(idp string, warnings []string) {
	for _, w := range warnings {
		if b.doubt != nil {
			b.doubt(fmt.Sprintf("idp %q: metadata: %s", idp, w))
			continue
		}
		b.log.Warn("metadata: "+w, "idp", idp)
	}
}

// replay lends the session store's memory to the service provider.
type replay struct{ t *tree }
