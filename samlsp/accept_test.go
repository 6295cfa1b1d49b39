package samlsp

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

func TestAccepted(t *testing.T) {
	a := allow(t, "signed assertion", good())
	if a == nil {
		t.FailNow()
	}
	id, err := a.Identity()
	if err != nil {
		t.Fatal(err)
	}
	if id.Email != "ana@example.com" || id.FirstName != "Ana & Bo" || len(id.Roles) != 2 || id.Authn.SessionIndex != "s1" || id.NameID.SPNameQualifier != "q" {
		t.Errorf("identity: %+v", id)
	}
	if a.IDP() != "corp" || a.NameID() != id.NameID || a.Authn() != id.Authn || len(a.AttributeNames()) != 3 {
		t.Errorf("assertion: %+v", a)
	}
	m := good()
	m.assertion, m.response = false, true
	allow(t, "signed response", m)
	m = good()
	m.response = true
	allow(t, "both signed", m)
	m.idp.Require, m.replay = SignedBoth, &idptest.Replays{}
	allow(t, "both signed and asked for", m)
	for name, key := range map[string]KeyPair{"P-256": testKeys().p256, "P-384": testKeys().p384, "P-521": testKeys().p521} {
		m = good()
		m.signWith = key
		m.idp.Certificates = []*x509.Certificate{testKeys().rsa.Certificate, testKeys().p256.Certificate, key.Certificate}
		allow(t, name, m)
	}
}

// panicking is a store with a fault, in the place of whatever else may panic.
type panicking struct{}

func (panicking) Claim(context.Context, string, time.Time) (bool, error) { panic("secret") }

func TestPanicIsARefusal(t *testing.T) {
	m := good()
	sp := m.provider(t)
	sp.cfg.Replay = panicking{}
	a, err := sp.VerifyResponse(t.Context(), encode(m.sealed(t)), m.want)
	var r *Rejection
	if a != nil || !errors.As(err, &r) || r.Reason != ReasonInternal || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v, %v", a, err)
	}
}

// One response on many replicas at once is accepted by one.
func TestOneUseUnderRace(t *testing.T) {
	m := good()
	value := encode(m.sealed(t))
	var accepted atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		sp := m.provider(t)
		wg.Go(func() {
			if a, _ := sp.VerifyResponse(t.Context(), value, m.want); a != nil {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := accepted.Load(); n != 1 {
		t.Errorf("accepted %d times", n)
	}
}
