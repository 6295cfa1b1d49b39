// Package e2e signs people in through the real world: Debian's SimpleSAMLphp,
// headless Chromium, redis-server and the gateway as a process of its own.
package e2e

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

const rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

// testSP is a service provider made by hand, so that the identity provider can
// be tested before and without the gateway.
type testSP struct {
	entityID, acs string
	keys          testenv.KeyPair
}

func newTestSP(t *testing.T) testSP {
	return testSP{"http://sp.localhost/metadata", "http://sp.localhost/acs", testenv.NewKeyPair(t, "sp")}
}

// request returns the redirect-binding URL of an AuthnRequest (SAML Bindings
// §3.4.4), signed when sign is set.
func (sp testSP) request(t *testing.T, ssp *testenv.SSP, id string, sign bool) string {
	t.Helper()
	xml := fmt.Sprintf(`<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`+
		` ID="%s" Version="2.0" IssueInstant="%s" Destination="%s" AssertionConsumerServiceURL="%s"><saml:Issuer>%s</saml:Issuer></samlp:AuthnRequest>`,
		id, time.Now().UTC().Format(time.RFC3339), ssp.SSOURL(), sp.acs, sp.entityID)
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(xml)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	query := "SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(deflated.Bytes())) + "&RelayState=state-1"
	if sign {
		query += "&SigAlg=" + url.QueryEscape(rsaSHA256)
		sum := sha256.Sum256([]byte(query))
		sig, err := rsa.SignPKCS1v15(rand.Reader, sp.keys.Key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(sig))
	}
	return ssp.SSOURL() + "?" + query
}

func TestSimpleSAMLphpPublishesMetadata(t *testing.T) {
	ssp := testenv.StartSimpleSAMLphp(t)
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(ssp.Metadata(t)); err != nil {
		t.Fatal(err)
	}
	if got := doc.Root().SelectAttrValue("entityID", ""); got != ssp.EntityID {
		t.Errorf("entityID is %q, want %q", got, ssp.EntityID)
	}
	sso := doc.FindElement("//SingleSignOnService")
	if sso == nil || sso.SelectAttrValue("Location", "") != ssp.SSOURL() {
		t.Errorf("SingleSignOnService does not lead to %s", ssp.SSOURL())
	}
}

func TestSimpleSAMLphpSignsPeopleIn(t *testing.T) {
	sp := newTestSP(t)
	for _, c := range []struct {
		name   string
		info   testenv.SPInfo
		sign   bool
		signed string // the element that carries the signature
	}{
		{"unsigned request", testenv.SPInfo{EntityID: sp.entityID, ACS: sp.acs}, false, "//Assertion"},
		{"signed request", testenv.SPInfo{EntityID: sp.entityID, ACS: sp.acs, Certificate: sp.keys.Certificate}, true, "//Assertion"},
		{"signed response", testenv.SPInfo{EntityID: sp.entityID, ACS: sp.acs, SignResponse: true}, false, "/Response"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ssp := testenv.StartSimpleSAMLphp(t, c.info)
			for _, p := range testenv.People() {
				form := ssp.Login(t, testenv.NewClient(t), sp.request(t, ssp, "id-"+p.Login, c.sign), p)
				if form.Action.String() != sp.acs || form.Values.Get("RelayState") != "state-1" {
					t.Errorf("%s: the response goes to %s with RelayState %q", p.Login, form.Action, form.Values.Get("RelayState"))
				}
				checkResponse(t, ssp, form.Values.Get("SAMLResponse"), "id-"+p.Login, c.signed, p)
			}
		})
	}
}

func TestSimpleSAMLphpRefusesUnsignedRequests(t *testing.T) {
	sp := newTestSP(t)
	ssp := testenv.StartSimpleSAMLphp(t, testenv.SPInfo{EntityID: sp.entityID, ACS: sp.acs, Certificate: sp.keys.Certificate})
	c := testenv.NewClient(t)
	for name, u := range map[string]string{
		"unsigned":          sp.request(t, ssp, "id-1", false),
		"signed by another": testSP{sp.entityID, sp.acs, testenv.NewKeyPair(t, "other")}.request(t, ssp, "id-2", true),
	} {
		res, err := c.Get(u)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "UNHANDLEDEXCEPTION") || strings.Contains(string(page), `type="password"`) {
			t.Errorf("a request that is %s was not refused: it came to %s", name, res.Request.URL.Path)
		}
	}
}

func TestSimpleSAMLphpRemembersUntilLogout(t *testing.T) {
	sp := newTestSP(t)
	ssp := testenv.StartSimpleSAMLphp(t, testenv.SPInfo{EntityID: sp.entityID, ACS: sp.acs})
	c := testenv.NewClient(t)
	ssp.Login(t, c, sp.request(t, ssp, "id-1", false), testenv.Ana)

	again := ssp.Login(t, c, sp.request(t, ssp, "id-2", false), testenv.PersonInfo{Login: "nobody"})
	checkResponse(t, ssp, again.Values.Get("SAMLResponse"), "id-2", "//Assertion", testenv.Ana)

	res, err := c.Get(ssp.ForgetURL())
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	other := ssp.Login(t, c, sp.request(t, ssp, "id-3", false), testenv.Bob)
	checkResponse(t, ssp, other.Values.Get("SAMLResponse"), "id-3", "//Assertion", testenv.Bob)
}

// detached returns a copy of el that declares the namespaces of its ancestors.
func detached(t *testing.T, el *etree.Element) *etree.Element {
	t.Helper()
	ns, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		t.Fatal(err)
	}
	d, err := etreeutils.NSDetatch(ns, el)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// checkResponse checks that a SAMLResponse answers the request, is signed by the
// identity provider's key where it should be, and speaks of the person.
func checkResponse(t *testing.T, ssp *testenv.SSP, encoded, inResponseTo, signed string, p testenv.PersonInfo) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatalf("decoding the SAMLResponse: %v", err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatalf("parsing the SAMLResponse: %v", err)
	}
	if got := doc.Root().SelectAttrValue("InResponseTo", ""); got != inResponseTo {
		t.Errorf("InResponseTo is %q, want %q", got, inResponseTo)
	}
	store := &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{ssp.Signing.Certificate}}
	if _, err := dsig.NewDefaultValidationContext(store).Validate(detached(t, doc.FindElement(signed))); err != nil {
		t.Errorf("the signature of %s: %v", signed, err)
	}
	for name, want := range map[string]string{"Email": p.Email, "FirstName": p.First, "LastName": p.Last, "EmployeeId": p.EmployeeID, "Role": p.Roles[0]} {
		value := doc.FindElement("//Attribute[@Name='" + name + "']/AttributeValue")
		if value == nil || value.Text() != want {
			t.Errorf("attribute %s is not %q", name, want)
		}
	}
}
