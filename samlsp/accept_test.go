package samlsp

import (
	"crypto/x509"
	"testing"
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
	m := good()
	m.assertion, m.response = false, true
	allow(t, "signed response", m)
	m = good()
	m.response = true
	allow(t, "both signed", m)
	m.idp.Require, m.replay = SignedBoth, &memory{}
	allow(t, "both signed and asked for", m)
	for name, key := range map[string]KeyPair{"P-256": testKeys().p256, "P-384": testKeys().p384, "P-521": testKeys().p521} {
		m = good()
		m.signWith = key
		m.idp.Certificates = []*x509.Certificate{testKeys().rsa.Certificate, testKeys().p256.Certificate, key.Certificate}
		allow(t, name, m)
	}
}
