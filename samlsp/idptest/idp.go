package idptest

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says what an [IDP] is. Only EntityID and BaseURL are needed.
type Config struct {
	EntityID string
	BaseURL  string           // where the IDP is mounted, such as https://host/demo-idp; its pages are below
	Now      func() time.Time // nil = time.Now
	Key      *Key             // signs; nil = a fresh RSA key of 2048 bits
	Also     []Key            // published beside Key, as during a change of keys; nil = a fresh ECDSA key
	SPs      []SP             // more by AddSP; only these get Responses from the pages
	People   []Person         // whom the page offers

	Forgetful bool // asks at every sign-in who one is, instead of remembering the browser
}

// SP is a service provider that the IDP knows.
type SP struct {
	EntityID, ACSURL string
	Certificates     []*x509.Certificate // its requests must be signed by one of these; none = unsigned is fine
}

// Person is somebody whom the page offers to be.
type Person struct {
	Email, First, Last, Username, EmployeeID string
	Roles                                    []string
}

// IDP is an identity provider. Its methods may be called concurrently.
type IDP struct {
	entityID string
	base     *url.URL
	now      func() time.Time
	key      Key
	also     []Key
	people   []Person
	forgets  bool
	secret   []byte              // MAC key of the demo-idp cookie
	stranger func() (Key, error) // a key that nobody published, made when first asked for

	mu  sync.Mutex
	sps map[string]SP // entity id → SP
}

// New makes an identity provider, with fresh keys unless some are given.
func New(c Config) (*IDP, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("base URL of the identity provider must be absolute")
	}
	if c.EntityID == "" {
		return nil, errors.New("the identity provider needs an entity id")
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Key == nil {
		k, err := NewRSAKey(2048, c.Now())
		if err != nil {
			return nil, err
		}
		c.Key = &k
	}
	if c.Also == nil {
		k, err := NewECDSAKey(c.Now())
		if err != nil {
			return nil, err
		}
		c.Also = []Key{k}
	}
	p := &IDP{
		entityID: c.EntityID, base: base, now: c.Now, key: *c.Key, also: c.Also,
		people: c.People, forgets: c.Forgetful, secret: make([]byte, 32), sps: map[string]SP{},
	}
	p.stranger = sync.OnceValues(func() (Key, error) { return NewRSAKey(2048, c.Now()) })
	rand.Read(p.secret) // never fails, see crypto/rand
	for _, sp := range c.SPs {
		p.AddSP(sp)
	}
	return p, nil
}

// AddSP tells the IDP of a service provider, or replaces the one with that
// entity id.
func (p *IDP) AddSP(sp SP) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sps[sp.EntityID] = sp
}

func (p *IDP) sp(entityID string) (SP, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sp, ok := p.sps[entityID]
	if !ok {
		return SP{}, errors.New("the request comes from a service provider that this identity provider does not know")
	}
	return sp, nil
}

// EntityID returns the name that the IDP gives itself as Issuer.
func (p *IDP) EntityID() string { return p.entityID }

// SSOURL is where AuthnRequests go, by redirect or POST.
func (p *IDP) SSOURL() string { return p.base.String() + "/sso" }

// LogoutURL is where the IDP forgets a person.
func (p *IDP) LogoutURL() string { return p.base.String() + "/logout" }

// Certificates returns what the metadata publishes, the signing one first.
func (p *IDP) Certificates() []*x509.Certificate {
	certs := []*x509.Certificate{p.key.Certificate}
	for _, k := range p.also {
		certs = append(certs, k.Certificate)
	}
	return certs
}

// Metadata returns the EntityDescriptor (SAML Metadata §2.4.3): signing keys,
// and SSO and SLO endpoints for redirect and POST. It is not signed.
func (p *IDP) Metadata() ([]byte, error) {
	s := StyleSAML
	root := s.add(nil, metadataNS, "EntityDescriptor", "entityID", p.entityID)
	d := s.add(root, metadataNS, "IDPSSODescriptor", "protocolSupportEnumeration", protocolNS, "WantAuthnRequestsSigned", "true")
	for _, c := range p.Certificates() {
		key := s.add(d, metadataNS, "KeyDescriptor", "use", "signing")
		data := s.add(s.add(key, signatureNS, "KeyInfo"), signatureNS, "X509Data")
		s.text(data, signatureNS, "X509Certificate", base64.StdEncoding.EncodeToString(c.Raw))
	}
	for _, b := range []string{redirectBinding, postBinding} {
		s.add(d, metadataNS, "SingleLogoutService", "Binding", b, "Location", p.LogoutURL())
	}
	s.text(d, metadataNS, "NameIDFormat", NameIDEmail)
	for _, b := range []string{redirectBinding, postBinding} {
		s.add(d, metadataNS, "SingleSignOnService", "Binding", b, "Location", p.SSOURL())
	}
	out, err := serialize(root)
	if err != nil {
		return nil, fmt.Errorf("writing the metadata of %s: %w", p.entityID, err)
	}
	return out, nil
}
