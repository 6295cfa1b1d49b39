package samlsp

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ServiceProvider is one SAML service provider and the identity providers it
// trusts. It is safe for concurrent use.
type ServiceProvider struct {
	cfg Config

	mu   sync.Mutex                // held while idps is replaced
	idps atomic.Pointer[providers] // immutable once stored

	metadata atomic.Pointer[signedMetadata] // the last that was made

	off map[Reason]bool // as in trial: for tests alone
}

// providers is a set of identity providers in configuration order.
type providers []*IdentityProvider

func (p providers) find(name string) (*IdentityProvider, bool) {
	for _, idp := range p {
		if idp.Name == name {
			return idp, true
		}
	}
	return nil, false
}

const (
	maxClockSkew    = 15 * time.Minute
	maxCertificates = 32 // of one identity provider
)

// New returns a service provider. It refuses a configuration that could not
// work or would not be safe, and says which part.
func New(cfg Config, idps ...*IdentityProvider) (*ServiceProvider, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.Keys = slices.Clone(cfg.Keys)
	sp := &ServiceProvider{cfg: cfg}
	set := make(providers, 0, len(idps))
	for _, given := range idps {
		idp, err := prepare(given)
		if err != nil {
			return nil, err
		}
		if _, twice := set.find(idp.Name); twice {
			return nil, fmt.Errorf("idp %q: the name is used twice", idp.Name)
		}
		set = append(set, idp)
	}
	if err := sp.compatible(set); err != nil {
		return nil, err
	}
	sp.idps.Store(&set)
	return sp, nil
}

func (cfg *Config) validate() error {
	switch {
	case cfg.EntityID == "" || len(cfg.EntityID) > maxURI || !printable(cfg.EntityID):
		return errors.New("service provider: the entity id must be a URI of 1 to 1024 printable bytes")
	case cfg.Replay == nil:
		return errors.New("service provider: a replay cache is required")
	case cfg.Now == nil:
		return errors.New("service provider: a clock is required")
	case cfg.ClockSkew < 0 || cfg.ClockSkew > maxClockSkew:
		return fmt.Errorf("service provider: clock skew %v is not between 0 and %v", cfg.ClockSkew, maxClockSkew)
	case len(cfg.Keys) == 0:
		return errors.New("service provider: a key pair is required")
	}
	if err := checkURL("acs url", cfg.ACSURL); err != nil {
		return fmt.Errorf("service provider: %w", err)
	}
	if err := checkURL("slo url", cmp.Or(cfg.SLOURL, cfg.ACSURL)); err != nil {
		return fmt.Errorf("service provider: %w", err)
	}
	if err := checkURL("discovery url", cmp.Or(cfg.DiscoveryURL, cfg.ACSURL)); err != nil {
		return fmt.Errorf("service provider: %w", err)
	}
	if err := checkURL("soap url", cmp.Or(cfg.SOAPURL, cfg.ACSURL)); err != nil {
		return fmt.Errorf("service provider: %w", err)
	}
	for i, k := range cfg.Keys {
		if err := k.validate(); err != nil {
			return fmt.Errorf("service provider: key %d: %w", i+1, err)
		}
	}
	return nil
}

func (k KeyPair) validate() error {
	if k.Certificate == nil || k.Key == nil {
		return errors.New("certificate and key are both required")
	}
	if !usableKey(k.Certificate.PublicKey) {
		return errors.New("the key must be RSA of at least 2048 bits, or ECDSA on P-256, P-384 or P-521")
	}
	if !samePublicKey(k) {
		return errors.New("the key does not belong to the certificate")
	}
	return nil
}

// compatible says whether these identity providers may live side by side.
func (sp *ServiceProvider) compatible(set providers) error {
	domains := make(map[string]string)  // e-mail domain → name
	entities := make(map[string]string) // entity id → name
	for _, idp := range set {
		if other, taken := entities[idp.EntityID]; taken {
			return fmt.Errorf("idp %q: idp %q has the same entity id", idp.Name, other)
		}
		entities[idp.EntityID] = idp.Name
		if len(set) > 1 && sp.cfg.InsecureSharedDomains == "" && len(idp.EmailDomains) == 0 {
			return fmt.Errorf("idp %q: with several idps each must name its e-mail domains", idp.Name)
		}
		for _, d := range idp.EmailDomains {
			if other, taken := domains[d]; taken && other != idp.Name && sp.cfg.InsecureSharedDomains == "" {
				return fmt.Errorf("idp %q: e-mail domain %q belongs to idp %q already", idp.Name, d, other)
			}
			domains[d] = idp.Name
		}
	}
	return nil
}

// SetIDP adds an identity provider, or replaces the one of the same name in one
// step: requests under way keep the one they began with. An entity id never
// changes and never belongs to two.
func (sp *ServiceProvider) SetIDP(given *IdentityProvider) error {
	idp, err := prepare(given)
	if err != nil {
		return err
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	set := slices.Clone(*sp.idps.Load())
	at := slices.IndexFunc(set, func(old *IdentityProvider) bool { return old.Name == idp.Name })
	switch {
	case at < 0:
		set = append(set, idp)
	case set[at].EntityID != idp.EntityID:
		return fmt.Errorf("idp %q: the entity id may not change", idp.Name)
	default:
		set[at] = idp
	}
	if err := sp.compatible(set); err != nil {
		return err
	}
	sp.idps.Store(&set)
	return nil
}

// IDP returns the identity provider of that name. It must not be changed.
func (sp *ServiceProvider) IDP(name string) (*IdentityProvider, bool) {
	return sp.idps.Load().find(name)
}

// IDPs returns all identity providers in configuration order. They must not be
// changed.
func (sp *ServiceProvider) IDPs() []*IdentityProvider { return slices.Clone(*sp.idps.Load()) }

// prepare returns a checked copy of an identity provider.
func prepare(given *IdentityProvider) (*IdentityProvider, error) {
	if given == nil || given.Name == "" || strings.ContainsRune(given.Name, 0) {
		return nil, errors.New("an idp needs a name")
	}
	idp := given.clone()
	if err := idp.validate(); err != nil {
		return nil, fmt.Errorf("idp %q: %w", idp.Name, err)
	}
	return idp, nil
}

// clone copies what the caller could still change.
func (idp *IdentityProvider) clone() *IdentityProvider {
	c := *idp
	c.SSO, c.SLO, c.SLOResponses = maps.Clone(idp.SSO), maps.Clone(idp.SLO), maps.Clone(idp.SLOResponses)
	c.Certificates = slices.Clone(idp.Certificates)
	c.EmailDomains = slices.Clone(idp.EmailDomains)
	c.Required = slices.Clone(idp.Required)
	c.AuthnContext = slices.Clone(idp.AuthnContext)
	c.Attributes = idp.Attributes.clone()
	c.certs = nil
	return &c
}

func (idp *IdentityProvider) validate() error {
	if idp.EntityID == "" || len(idp.EntityID) > maxURI || !printable(idp.EntityID) {
		return errors.New("the entity id must be a URI of 1 to 1024 printable bytes")
	}
	switch idp.Require {
	case "":
		idp.Require = SignedEither
	case SignedEither, SignedAssertion, SignedResponse, SignedBoth:
	default:
		return fmt.Errorf("unknown signature policy %q", idp.Require)
	}
	switch idp.RequestBinding {
	case "":
		idp.RequestBinding = RedirectBinding
	case RedirectBinding, PostBinding:
	default:
		return fmt.Errorf("requests cannot be sent by binding %q", idp.RequestBinding)
	}
	if idp.SSO[idp.RequestBinding] == "" {
		return fmt.Errorf("no single sign-on address for binding %q", idp.RequestBinding)
	}
	for _, service := range []map[Binding]string{idp.SSO, idp.SLO, idp.SLOResponses} {
		for _, address := range service {
			if err := checkURL("service address", address); err != nil {
				return err
			}
		}
	}
	for _, c := range idp.Certificates {
		if c != nil && usableKey(c.PublicKey) {
			idp.certs = append(idp.certs, c)
		}
	}
	if len(idp.certs) > maxCertificates {
		return fmt.Errorf("%d signing certificates; each costs a key operation for every forgery, so at most %d are believed", len(idp.certs), maxCertificates)
	}
	if len(idp.certs) == 0 {
		return errors.New("no usable signing certificate: RSA of at least 2048 bits, or ECDSA on P-256, P-384 or P-521")
	}
	if slices.ContainsFunc(idp.AuthnContext, func(uri string) bool { return uri == "" || len(uri) > maxURI || !printable(uri) }) {
		return errors.New("an authn context must be a URI of 1 to 1024 printable bytes")
	}
	return idp.Attributes.validate(idp.Required)
}

// usableKey tells the keys we trust for a signature, ours or theirs.
func usableKey(public any) bool {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= 2048 && k.N.BitLen() <= 8192
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() || k.Curve == elliptic.P384() || k.Curve == elliptic.P521()
	}
	return false
}

func samePublicKey(k KeyPair) bool {
	a, errA := x509.MarshalPKIXPublicKey(k.Key.Public())
	b, errB := x509.MarshalPKIXPublicKey(k.Certificate.PublicKey)
	return errA == nil && errB == nil && slices.Equal(a, b)
}

const maxURI = 1024

// checkURL wants an absolute http or https URL without user or fragment: it
// goes into a Location header and a form action.
func checkURL(what, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 2*maxURI || !printable(raw) || (u.Scheme != "http" && u.Scheme != "https") ||
		u.Host == "" || u.User != nil || strings.Contains(raw, "#") {
		return fmt.Errorf("%s must be an absolute http or https URL without user and fragment", what)
	}
	return nil
}

// printable says that s is printable ASCII without a space.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
