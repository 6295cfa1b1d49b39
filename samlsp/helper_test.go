package samlsp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

const (
	testEntity  = "https://sp.example.com/meta"
	testACS     = "https://sp.example.com/acs"
	testIDP     = "https://idp.example.net/meta"
	testRequest = "_request1"
)

// testNow is a fixed instant: every time in these tests counts from it.
func testNow() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func at(d time.Duration) string { return testNow().Add(d).Format(time.RFC3339) }

// keys are made once: RSA keys cost more than all other tests together.
type keyring struct {
	rsa, other, weak, p256, p384, p521 KeyPair
}

var testKeys = sync.OnceValue(func() *keyring {
	p := func(c elliptic.Curve) crypto.Signer { k, _ := ecdsa.GenerateKey(c, rand.Reader); return k }
	r := func(bits int) crypto.Signer { k, _ := rsa.GenerateKey(rand.Reader, bits); return k }
	return &keyring{
		rsa: selfSigned(r(2048)), other: selfSigned(p(elliptic.P256())), weak: selfSigned(r(1024)),
		p256: selfSigned(fixedKey()), p384: selfSigned(p(elliptic.P384())), p521: selfSigned(p(elliptic.P521())),
	}
})

// fixedKey is the same in every process, so that a corpus stays signed.
func fixedKey() crypto.Signer {
	sum := sha256.Sum256([]byte("samlgate test key"))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	if err != nil {
		panic(err)
	}
	return k
}

// selfSigned returns a certificate that expired long ago, as many are that
// identity providers still sign with.
func selfSigned(key crypto.Signer) KeyPair {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: testNow().AddDate(-9, 0, 0), NotAfter: testNow().AddDate(-1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return KeyPair{Certificate: cert, Key: key}
}

// message is a response under construction. Every field has a good value; a
// test changes what it is about.
type message struct {
	xml          string // the whole response with its two signatures to be filled in
	signWith     KeyPair
	response     bool                // sign the response
	assertion    bool                // sign the assertion
	editSigned   func(string) string // after signing
	editTree     func(root *etree.Element)
	idp          *IdentityProvider
	want         Expected
	skew         time.Duration
	now          time.Time
	replay       *idptest.Replays
	rawFormValue string
}

// goodXML is the response that everything else differs from in one place.
func goodXML() string {
	return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="_r1" Version="2.0" IssueInstant="` + at(0) + `" Destination="` + testACS + `" InResponseTo="` + testRequest + `">` +
		`<saml:Issuer>` + testIDP + `</saml:Issuer>` +
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
		`<saml:Assertion ID="_a1" Version="2.0" IssueInstant="` + at(0) + `">` +
		`<saml:Issuer>` + testIDP + `</saml:Issuer>` +
		`<saml:Subject><saml:NameID Format="` + formatPersistent + `" SPNameQualifier="q">n-1</saml:NameID>` +
		`<saml:SubjectConfirmation Method="` + bearer + `"><saml:SubjectConfirmationData NotOnOrAfter="` + at(5*time.Minute) + `" Recipient="` + testACS + `" InResponseTo="` + testRequest + `"/></saml:SubjectConfirmation></saml:Subject>` +
		`<saml:Conditions NotBefore="` + at(-time.Minute) + `" NotOnOrAfter="` + at(5*time.Minute) + `"><saml:AudienceRestriction><saml:Audience>` + testEntity + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
		`<saml:AuthnStatement AuthnInstant="` + at(-time.Minute) + `" SessionIndex="s1" SessionNotOnOrAfter="` + at(8*time.Hour) + `"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
		`<saml:AttributeStatement>` +
		`<saml:Attribute Name="Email"><saml:AttributeValue xsi:type="xs:string">Ana@Example.com</saml:AttributeValue></saml:Attribute>` +
		`<saml:Attribute Name="FirstName"><saml:AttributeValue>Ana &amp; Bo</saml:AttributeValue></saml:Attribute>` +
		`<saml:Attribute Name="Role"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>` +
		`</saml:AttributeStatement></saml:Assertion></samlp:Response>`
}

func testIdentityProvider() *IdentityProvider {
	return &IdentityProvider{
		Name: "corp", EntityID: testIDP, SSO: map[Binding]string{RedirectBinding: "https://idp.example.net/sso", PostBinding: "https://idp.example.net/sso"},
		Certificates: []*x509.Certificate{testKeys().rsa.Certificate},
		Attributes:   Mapping{Email: []string{"Email", "NameID"}, FirstName: []string{"FirstName"}, Roles: []string{"Role"}},
		Required:     []string{"email"},
	}
}

// good is a message that is accepted: only its assertion is signed.
func good() *message {
	return &message{
		xml: goodXML(), signWith: testKeys().rsa, assertion: true, idp: testIdentityProvider(),
		want: Expected{IDP: "corp", RequestID: testRequest}, skew: 3 * time.Minute, now: testNow(), replay: &idptest.Replays{},
	}
}

// replace changes the one place where old stands before signing.
func (m *message) replaced(t testing.TB, old, new string) *message {
	t.Helper()
	if strings.Count(m.xml, old) == 0 {
		t.Fatalf("%q does not occur", old)
	}
	m.xml = strings.ReplaceAll(m.xml, old, new)
	return m
}

// sealed returns the signed XML.
func (m *message) sealed(t testing.TB) string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(m.xml); err != nil {
		t.Fatal(err)
	}
	root := doc.Root()
	if m.assertion {
		signChild(t, m.signWith, root, childElement(root, "Assertion"))
	}
	if m.response {
		if err := m.signWith.signElement(root, behindIssuer); err != nil {
			t.Fatal(err)
		}
	}
	if m.editTree != nil {
		m.editTree(root)
	}
	out, err := canonicalBytes(root)
	if err != nil {
		t.Fatal(err)
	}
	if m.editSigned != nil {
		return m.editSigned(string(out))
	}
	return string(out)
}

// signChild signs el in the scope of its parent's namespaces.
func signChild(t testing.TB, key KeyPair, parent, el *etree.Element) {
	t.Helper()
	own := standalone(el)
	if err := key.signElement(own, behindIssuer); err != nil {
		t.Fatal(err)
	}
	sig := childElement(own, "Signature")
	own.RemoveChild(sig)
	el.InsertChildAt(1, sig)
}

func (m *message) provider(t testing.TB) *ServiceProvider {
	t.Helper()
	sp, err := New(Config{
		EntityID: testEntity, ACSURL: testACS, Keys: []KeyPair{testKeys().other}, ClockSkew: m.skew,
		Replay: m.replay, Now: func() time.Time { return m.now },
	}, m.idp)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

func (m *message) verify(t testing.TB) (*Assertion, error) {
	t.Helper()
	value := m.rawFormValue
	if value == "" {
		value = base64.StdEncoding.EncodeToString([]byte(m.sealed(t)))
	}
	return m.provider(t).VerifyResponse(t.Context(), value, m.want)
}

func allow(t *testing.T, name string, m *message) *Assertion {
	t.Helper()
	a, err := m.verify(t)
	if err != nil {
		t.Errorf("%s: refused: %v", name, err)
	}
	return a
}

func deny(t *testing.T, name string, want Reason, m *message) *Rejection {
	t.Helper()
	a, err := m.verify(t)
	var r *Rejection
	if a != nil || !errors.As(err, &r) {
		t.Errorf("%s: accepted, or failed with %v; want %v", name, err, want)
		return nil
	}
	if r.Reason != want {
		t.Errorf("%s: %v; want %v", name, r, want)
	}
	if len(m.replay.Until()) > 0 && want != ReasonReplay {
		t.Errorf("%s: a refused response used up its assertion", name)
	}
	return r
}

type etreeElement = etree.Element

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// detach returns a copy of a child of the document element, or of that element
// itself, which declares every namespace that it inherits.
func standalone(el *etree.Element) *etree.Element {
	own := el.Copy()
	for p := el.Parent(); p != nil; p = p.Parent() {
		for _, a := range p.Attr {
			declares := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if declares && !hasAttr(own, a.Space, a.Key) {
				own.Attr = append(own.Attr, etree.Attr{Space: a.Space, Key: a.Key, Value: a.Value})
			}
		}
	}
	return own
}

func hasAttr(el *etree.Element, space, key string) bool {
	for _, a := range el.Attr {
		if a.Space == space && a.Key == key {
			return true
		}
	}
	return false
}
