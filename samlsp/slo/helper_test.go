package slo

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

const (
	ourEntity = "https://sp.example.com/meta"
	ourSLO    = "https://sp.example.com/slo"
	ourSOAP   = "https://sp.example.com/soap"
	corpIDP   = "https://corp.example.net/meta"
	corpSLO   = "https://corp.example.net/slo"
	otherIDP  = "https://other.example.org/meta"
	pending   = "_pending1"
)

// testNow is a fixed instant: every time in these tests counts from it.
func testNow() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func at(d time.Duration) string { return stamp(testNow().Add(d)) }

// keyring is made once: RSA keys cost more than all tests together.
type keyring struct{ sp, corp, corpEC, other, stranger idptest.Key }

var testKeys = sync.OnceValue(func() *keyring {
	key := func(k idptest.Key, err error) idptest.Key {
		if err != nil {
			panic(err)
		}
		return k
	}
	return &keyring{
		sp: key(idptest.NewRSAKey(2048, testNow())), corp: key(idptest.NewRSAKey(2048, testNow())),
		corpEC: key(idptest.NewECDSAKey(testNow())), other: key(idptest.NewRSAKey(2048, testNow())),
		stranger: key(idptest.NewRSAKey(2048, testNow())),
	}
})

func testCerts() []*x509.Certificate { return idptest.Certs(testKeys().sp) }

// world is a logout message on its way to us. Every field has a good value; a
// test changes what it is about.
type world struct {
	xml      string // before signing
	binding  samlsp.Binding
	key      idptest.Key
	method   string // signature method; "" = SHA-256 with the kind of key
	unsigned bool
	relay    string
	order    []string // of the parameters in the query

	editSigned func(string) string // the XML after signing
	editText   func(string) string // the text that a query signature covers
	editQuery  func(string) string // the finished query
	editForm   func(url.Values)
	soap       func(message string) string

	idps     []*samlsp.IdentityProvider
	want     samlsp.Expected
	now      time.Time
	skew     time.Duration
	replay   *idptest.Replays
	soapURL  string
	respond  func(idp string, b samlsp.Binding) string
	received *Received
	undone   bool   // what a request asks for does not succeed
	off      Reason // the one check that is not made
}

const requestXML = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"` +
	` ID="_ask1" Version="2.0" IssueInstant="ISSUED" NotOnOrAfter="UNTIL" Destination="` + ourSLO + `">` +
	`<saml:Issuer>` + corpIDP + `</saml:Issuer>` +
	`<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="` + corpIDP + `" SPNameQualifier="` + ourEntity + `">ana-1</saml:NameID>` +
	`<samlp:SessionIndex>s-1</samlp:SessionIndex><samlp:SessionIndex>s-2</samlp:SessionIndex></samlp:LogoutRequest>`

const responseXML = `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"` +
	` ID="_answer1" Version="2.0" IssueInstant="ISSUED" Destination="` + ourSLO + `" InResponseTo="` + pending + `">` +
	`<saml:Issuer>` + corpIDP + `</saml:Issuer>` +
	`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:LogoutResponse>`

func good(xml string, b samlsp.Binding) *world {
	w := &world{
		xml: strings.NewReplacer("ISSUED", at(-time.Minute), "UNTIL", at(4*time.Minute)).Replace(xml), binding: b,
		key: testKeys().corp, relay: "r+/=ü &1", idps: []*samlsp.IdentityProvider{corp(), other()},
		want: samlsp.Expected{IDP: "corp", RequestID: pending}, now: testNow(), skew: time.Minute, replay: &idptest.Replays{}, soapURL: ourSOAP,
		order: []string{"SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature"},
	}
	if b == SOAPBinding {
		w.xml, w.relay = strings.Replace(w.xml, ourSLO, ourSOAP, 1), ""
	}
	return w
}

func corp() *samlsp.IdentityProvider {
	return &samlsp.IdentityProvider{
		Name: "corp", EntityID: corpIDP, EmailDomains: []string{"example.net"},
		SSO:          map[samlsp.Binding]string{samlsp.RedirectBinding: "https://corp.example.net/sso"},
		SLO:          map[samlsp.Binding]string{samlsp.RedirectBinding: corpSLO, samlsp.PostBinding: corpSLO + "/post"},
		Certificates: []*x509.Certificate{testKeys().corpEC.Certificate, testKeys().corp.Certificate},
	}
}

func other() *samlsp.IdentityProvider {
	return &samlsp.IdentityProvider{
		Name: "other", EntityID: otherIDP, EmailDomains: []string{"example.org"},
		SSO:          map[samlsp.Binding]string{samlsp.RedirectBinding: "https://other.example.org/sso"},
		SLO:          map[samlsp.Binding]string{samlsp.PostBinding: "https://other.example.org/slo"},
		Certificates: []*x509.Certificate{testKeys().other.Certificate},
	}
}

func (w *world) service(t testing.TB) *Service {
	t.Helper()
	now := func() time.Time { return w.now }
	sp, err := samlsp.New(samlsp.Config{
		EntityID: ourEntity, ACSURL: "https://sp.example.com/acs", SLOURL: ourSLO, Replay: w.replay, Now: now, ClockSkew: w.skew,
		Keys: []samlsp.KeyPair{{Certificate: testKeys().sp.Certificate, Key: testKeys().sp.Signer}},
	}, w.idps...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		SP: sp, EntityID: ourEntity, URL: ourSLO, SOAPURL: w.soapURL, ClockSkew: w.skew, Replay: w.replay, Now: now,
		ResponseLocation: w.respond,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.off = map[Reason]bool{w.off: true}
	return s
}

// replaced changes every place where old stands before signing.
func (w *world) replaced(t testing.TB, old, new string) {
	t.Helper()
	if !strings.Contains(w.xml, old) {
		t.Fatalf("%q does not occur", old)
	}
	w.xml = strings.ReplaceAll(w.xml, old, new)
}

func (w *world) name() string {
	if strings.Contains(w.xml, ":LogoutRequest") {
		return "SAMLRequest"
	}
	return "SAMLResponse"
}

// receive signs the message, sends it and takes it apart.
func (w *world) receive(t testing.TB) (*Received, error) {
	t.Helper()
	if w.binding == samlsp.RedirectBinding {
		return FromRedirect(w.query(t))
	}
	xml := w.xml
	if !w.unsigned {
		xml = enveloped(t, w.key, w.method, xml)
	}
	if w.editSigned != nil {
		xml = w.editSigned(xml)
	}
	if w.binding == SOAPBinding {
		if w.soap == nil {
			w.soap = body
		}
		return FromSOAP([]byte(w.soap(xml)))
	}
	form := url.Values{w.name(): {base64.StdEncoding.EncodeToString([]byte(xml))}, "RelayState": {w.relay}}
	if w.editForm != nil {
		w.editForm(form)
	}
	return FromForm(form)
}

func body(message string) string {
	return `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body>` + message + `</s:Body></s:Envelope>`
}

// deliver receives and verifies.
func (w *world) deliver(t testing.TB) (*LogoutRequest, *LogoutResponse, error) {
	t.Helper()
	in, err := w.receive(t)
	if err != nil {
		return nil, nil, err
	}
	w.received = in
	s := w.service(t)
	if w.name() == "SAMLRequest" {
		req, err := s.VerifyRequest(t.Context(), in)
		if err == nil && !w.undone {
			err = s.Spend(t.Context(), req)
		}
		return req, nil, err
	}
	resp, err := s.VerifyResponse(in, w.want)
	return nil, resp, err
}

func allow(t *testing.T, name string, w *world) (*LogoutRequest, *LogoutResponse) {
	t.Helper()
	req, resp, err := w.deliver(t)
	if err != nil || (req == nil) == (resp == nil) {
		t.Fatalf("%s: refused: %v", name, err)
	}
	return req, resp
}

func deny(t *testing.T, name string, want Reason, w *world) *Rejection {
	t.Helper()
	req, resp, err := w.deliver(t)
	var r *Rejection
	if req != nil || resp != nil || !errors.As(err, &r) {
		t.Fatalf("%s: accepted, or failed with %v; want %v", name, err, want)
	}
	if r.Reason != want {
		t.Errorf("%s: %v; want %v", name, r, want)
	}
	if len(w.replay.Until()) > 0 && want != ReasonReplay {
		t.Errorf("%s: a refused request was used up", name)
	}
	if strings.Contains(r.Error(), "ana-1") || strings.Contains(r.Error(), "s-1") {
		t.Errorf("%s: the refusal quotes the message: %v", name, r)
	}
	return r
}
