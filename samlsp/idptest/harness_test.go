package idptest

import (
	"context"
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

var spKeyOnce = sync.OnceValues(func() (Key, error) { return NewECDSAKey(noon()) })

func newIDP(t testing.TB) *IDP {
	t.Helper()
	p, err := idpOnce()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// memory is a replay cache.
type memory struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (m *memory) Claim(_ context.Context, key string, _ time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := !m.seen[key]
	m.seen[key] = true
	return first, nil
}

// newSP makes a service provider that trusts p as "corp".
func newSP(t testing.TB, p *IDP, change ...func(*samlsp.IdentityProvider)) *samlsp.ServiceProvider {
	t.Helper()
	k, err := spKeyOnce()
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
		Keys:   []samlsp.KeyPair{{Certificate: k.Certificate, Key: k.Signer}},
		Replay: &memory{seen: map[string]bool{}},
	}, corp)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

func newRequest() Request {
	return Request{ID: newID(), Issuer: spEntity, ACSURL: acsURL}
}

// signIn is a whole login as the gateway does it.
func signIn(sp *samlsp.ServiceProvider, r Request, samlResponse string) (identity.Identity, error) {
	a, err := sp.VerifyResponse(context.Background(), samlResponse, samlsp.Expected{IDP: "corp", RequestID: r.ID})
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
