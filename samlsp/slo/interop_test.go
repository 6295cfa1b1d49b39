package slo

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
)

// The messages in testdata/pysaml2 were made and signed by other programs,
// pySAML2 and xmlsec1; make.py there says how.
func fromPySAML2(t *testing.T, name string) (*Received, *Service) {
	t.Helper()
	w := good(requestXML, redirect)
	made, err := time.Parse(time.RFC3339, strings.TrimSpace(fixture(t, "made.txt")))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(fixture(t, "idp.crt")))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	w.now, w.idps[0].Certificates = made, []*x509.Certificate{cert}
	in, err := receiveFixture(name, fixture(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return in, w.service(t)
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "pysaml2", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func receiveFixture(name, text string) (*Received, error) {
	kind, ext, _ := strings.Cut(name, ".")
	switch ext {
	case "query":
		return FromRedirect(text)
	case "soap":
		return FromSOAP([]byte(text))
	}
	field := map[bool]string{true: "SAMLRequest", false: "SAMLResponse"}[strings.HasPrefix(kind, "request")]
	return FromForm(url.Values{field: {text}, "RelayState": {"token-1"}})
}

func TestRequestsOfPySAML2(t *testing.T) {
	for name, want := range map[string]*LogoutRequest{
		"request.query":        {ID: "_ask1", Binding: redirect, RelayState: "r+/=& 1"},
		"request-sha512.query": {ID: "_ask2", Binding: redirect},
		"request.form":         {ID: "_ask3", Binding: post, RelayState: "token-1"},
		"request.soap":         {ID: "_ask4", Binding: SOAPBinding},
	} {
		want.IDP, want.Issuer, want.SessionIndexes = "corp", corpIDP, []string{"s-1", "s-2"}
		want.NameID = identity.NameID{
			Value: "ana-1", Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", NameQualifier: corpIDP, SPNameQualifier: ourEntity,
		}
		in, s := fromPySAML2(t, name)
		want.Issued = s.cfg.Now()
		if got, err := s.VerifyRequest(t.Context(), in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestResponsesOfPySAML2(t *testing.T) {
	for name, want := range map[string]Outcome{"response.query": Success, "response.form": Partial} {
		in, s := fromPySAML2(t, name)
		got, err := s.VerifyResponse(in, samlsp.Expected{IDP: "corp", RequestID: pending})
		if err != nil || got.Outcome != want || got.RelayState != "token-1" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// One changed character of what another program signed is noticed.
func TestChangedFixtures(t *testing.T) {
	for name, change := range map[string][2]string{
		"request.query":  {"RelayState=r", "RelayState=s"},
		"request.soap":   {">ana-1<", ">ana-2<"},
		"response.query": {"token-1", "token-2"},
	} {
		_, s := fromPySAML2(t, name)
		text := fixture(t, name)
		changed := strings.Replace(text, change[0], change[1], 1)
		in, err := receiveFixture(name, changed)
		if err != nil || changed == text {
			t.Fatalf("%s: %v", name, err)
		}
		if in.IsRequest() {
			_, err = s.VerifyRequest(t.Context(), in)
		} else {
			_, err = s.VerifyResponse(in, samlsp.Expected{IDP: "corp", RequestID: pending})
		}
		if err == nil {
			t.Errorf("%s: changed and accepted", name)
		}
	}
}
