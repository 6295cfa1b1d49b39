package idptest

import (
	"context"
	"crypto/x509"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
)

const (
	spEntity  = "https://sso.example.com/.samlgate/saml/metadata"
	acsURL    = "https://sso.example.com/.samlgate/saml/acs"
	idpEntity = "https://idp.example.com/metadata"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// keys are made once: RSA is slow to find.
var idpOnce = sync.OnceValues(func() (*IDP, error) {
	return New(Config{EntityID: idpEntity, BaseURL: "https://idp.example.com/idp", Now: noon})
})

// spKeys are one to sign with and two to decrypt with.
var spKeyOnce = sync.OnceValues(func() ([]samlsp.KeyPair, error) {
	var keys []samlsp.KeyPair
	for _, made := range []func() (Key, error){
		func() (Key, error) { return NewECDSAKey(noon()) },
		func() (Key, error) { return NewRSAKey(2048, noon()) },
		func() (Key, error) { return NewRSAKey(2048, noon()) },
	} {
		k, err := made()
		if err != nil {
			return nil, err
		}
		keys = append(keys, samlsp.KeyPair{Certificate: k.Certificate, Key: k.Signer})
	}
	return keys, nil
})

func newIDP(t testing.TB) *IDP {
	t.Helper()
	p, err := idpOnce()
	if err != nil {
		t.Fatal(err)
	}
	introduce(t, p)
	return p
}

// introduce tells p of the service provider's certificates.
func introduce(t testing.TB, p *IDP) {
	t.Helper()
	p.AddSP(SP{EntityID: spEntity, ACSURL: acsURL, Certificates: spCertificates(t)})
}

func spCertificates(t testing.TB) []*x509.Certificate {
	t.Helper()
	keys, err := spKeyOnce()
	if err != nil {
		t.Fatal(err)
	}
	var certs []*x509.Certificate
	for _, k := range keys {
		certs = append(certs, k.Certificate)
	}
	return certs
}

// newSP makes a service provider that trusts p as "corp".
func newSP(t testing.TB, p *IDP, change ...func(*samlsp.IdentityProvider)) *samlsp.ServiceProvider {
	t.Helper()
	keys, err := spKeyOnce()
	if err != nil {
		t.Fatal(err)
	}
	corp := &samlsp.IdentityProvider{
		Name: "corp", EntityID: p.EntityID(), Certificates: p.Certificates(),
		SSO:            map[samlsp.Binding]string{samlsp.RedirectBinding: p.SSOURL(), samlsp.PostBinding: p.SSOURL()},
		RequestBinding: samlsp.RedirectBinding, SignRequests: true, Require: samlsp.SignedEither, EmailDomains: Domains(),
		Attributes: samlsp.Mapping{
			Email: []string{"Email"}, FirstName: []string{"FirstName"}, LastName: []string{"LastName"},
			Username: []string{"Username"}, Roles: []string{"Role"}, EmployeeID: []string{"EmployeeId"},
		},
		Required: []string{"email"},
	}
	for _, c := range change {
		c(corp)
	}
	sp, err := samlsp.New(samlsp.Config{
		EntityID: spEntity, ACSURL: acsURL, ClockSkew: 3 * time.Minute, Now: noon,
		Keys:   keys,
		Replay: &Replays{},
	}, corp)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

func newRequest() Request {
	return Request{ID: newID(), Issuer: spEntity, ACSURL: acsURL}
}

// setUp sets up the identity provider as a pair needs it.
func (s Setup) setUp(idp *samlsp.IdentityProvider) {
	idp.AllowSHA1, idp.AllowCBC, idp.Require = s.AllowSHA1, s.AllowCBC, samlsp.SignedPart(s.Require)
}

// expect is the pending login.
func (s Setup) expect(r Request) samlsp.Expected {
	want := samlsp.Expected{IDP: "corp", RequestID: r.ID, MaxAuthAge: s.MaxAuthAge, AuthnContext: s.AuthnContext}
	if s.Unsolicited {
		want.RequestID, want.Unsolicited = "", true
	}
	if s.Forced {
		want.AuthnNotBefore = noon()
	}
	return want
}

// signIn is a whole login as the gateway does it.
func signIn(sp *samlsp.ServiceProvider, r Request, samlResponse string) (identity.Identity, error) {
	return Setup{}.signIn(sp, r, samlResponse)
}

func (s Setup) signIn(sp *samlsp.ServiceProvider, r Request, samlResponse string) (identity.Identity, error) {
	a, err := sp.VerifyResponse(context.Background(), samlResponse, s.expect(r))
	if err != nil {
		return identity.Identity{}, err
	}
	return a.Identity()
}

func reasonOf(err error) string {
	var r *samlsp.Rejection
	if !errors.As(err, &r) {
		return "no rejection"
	}
	return r.Reason.String()
}

func must(t testing.TB) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
