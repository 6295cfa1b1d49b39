package metadata

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

func testNow() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue returns a certificate for key, signed by the authority or by itself.
func issue(t testing.TB, serial int64, key crypto.Signer, authority *x509.Certificate, authorityKey crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprint("idp ", serial)},
		NotBefore: testNow().Add(-time.Hour), NotAfter: testNow().Add(time.Duration(serial) * time.Hour),
	}
	if authority == nil {
		authority, authorityKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), authorityKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

var shared = sync.OnceValue(func() *x509.Certificate {
	t := &testing.T{}
	return issue(t, 100, newKey(t, elliptic.P256()), nil, nil)
})

func bare(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }

func asPEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func keyDescriptor(use string, certs ...*x509.Certificate) string {
	var b strings.Builder
	if use != "" {
		use = ` use="` + use + `"`
	}
	b.WriteString(`<md:KeyDescriptor` + use + `><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>`)
	for _, c := range certs {
		b.WriteString("<ds:X509Certificate>\n" + bare(c) + "\n</ds:X509Certificate>")
	}
	b.WriteString(`</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`)
	return b.String()
}

const (
	md       = ` xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"`
	testID   = "https://idp.example.net/meta"
	redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	post     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// doc is a metadata document in parts, so that a test can change one.
type doc struct {
	before, attrs, id, roleAttrs, keys, sso, slo, extra string
}

func good() doc {
	return doc{
		before: `<?xml version="1.0" encoding="UTF-8"?>`, id: testID, keys: keyDescriptor("signing", shared()),
		roleAttrs: ` protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"`,
		sso:       `<md:SingleSignOnService Binding="` + redirect + `" Location="https://idp.example.net/sso"/>`,
	}
}

func (d doc) entity() string {
	return `<md:EntityDescriptor` + md + ` entityID="` + d.id + `"` + d.attrs + `>` + d.extra + `<md:IDPSSODescriptor` + d.roleAttrs + `>` +
		d.keys + d.slo + d.sso + `</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func (d doc) bytes() []byte { return []byte(d.before + d.entity()) }

func group(attrs string, entities ...string) []byte {
	return []byte(`<md:EntitiesDescriptor` + md + attrs + `>` + strings.Join(entities, "\n") + `</md:EntitiesDescriptor>`)
}

const spEntity = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example.com"><md:SPSSODescriptor/></md:EntityDescriptor>`

func repeat(s string, n int) []byte { return bytes.Repeat([]byte(s), n) }
