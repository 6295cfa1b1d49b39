package slo

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// corpus returns the fixtures of that extension, and a function that verifies
// what was received at the time when they were made.
func corpus(f *testing.F, extension string) (seeds []string, verify func(t *testing.T, in *Received) (string, error)) {
	f.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "pysaml2", name))
		if err != nil {
			f.Fatal(err)
		}
		return string(text)
	}
	for _, name := range []string{"request", "response", "request-sha512"} {
		if text, err := os.ReadFile(filepath.Join("testdata", "pysaml2", name+extension)); err == nil {
			seeds = append(seeds, string(text))
		}
	}
	block, _ := pem.Decode([]byte(read("idp.crt")))
	cert, err := x509.ParseCertificate(block.Bytes)
	made, err2 := time.Parse(time.RFC3339, strings.TrimSpace(read("made.txt")))
	if err != nil || err2 != nil || len(seeds) == 0 {
		f.Fatal(err, err2)
	}
	service := fuzzed(f, cert, made)
	return seeds, func(t *testing.T, in *Received) (string, error) { return believed(t, service, in) }
}

// forgetful remembers nothing, so that every input is judged alone.
type forgetful struct{}

func (forgetful) Claim(context.Context, string, time.Time) (bool, error) { return true, nil }
func (forgetful) Claimed(context.Context, string) (bool, error)          { return false, nil }

// fuzzed is a service of our own that costs no RSA key.
func fuzzed(f *testing.F, cert *x509.Certificate, made time.Time) *Service {
	f.Helper()
	key, err := idptest.NewECDSAKey(made)
	if err != nil {
		f.Fatal(err)
	}
	now := func() time.Time { return made }
	sp, err := samlsp.New(samlsp.Config{
		EntityID: ourEntity, ACSURL: "https://sp.example.com/acs", Replay: forgetful{}, Now: now,
		Keys: []samlsp.KeyPair{{Certificate: key.Certificate, Key: key.Signer}},
	}, &samlsp.IdentityProvider{
		Name: "corp", EntityID: corpIDP, Certificates: []*x509.Certificate{cert},
		SSO: map[samlsp.Binding]string{redirect: "https://corp.example.net/sso"},
	})
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Config{SP: sp, EntityID: ourEntity, URL: ourSLO, SOAPURL: ourSOAP, Replay: forgetful{}, Now: now})
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// believed returns what a message means to us when it is believed. Nobody but
// the fixtures' makers can sign, so it is what they wrote or nothing.
func believed(t *testing.T, s *Service, in *Received) (string, error) {
	if !in.IsRequest() {
		resp, err := s.VerifyResponse(in, samlsp.Expected{IDP: "corp", RequestID: pending})
		if err != nil {
			return "", err
		}
		return resp.Outcome.String(), nil
	}
	req, err := s.VerifyRequest(t.Context(), in)
	if err != nil {
		return "", err
	}
	return strings.Join(append([]string{req.IDP, req.ID[:4], req.NameID.Value}, req.SessionIndexes...), "|"), nil
}

// check is the property of all three parsers.
func check(t *testing.T, in *Received, err error, verify func(*testing.T, *Received) (string, error)) {
	t.Helper()
	var r *Rejection
	if err != nil {
		if in != nil || !errors.As(err, &r) {
			t.Fatalf("%v", err)
		}
		return
	}
	meaning, err := verify(t, in)
	switch {
	case err != nil && !errors.As(err, &r):
		t.Fatalf("%v", err)
	case err == nil && meaning != "corp|_ask|ana-1|s-1|s-2" && meaning != "success" && meaning != "partial":
		t.Fatalf("believed: %q", meaning)
	}
}

func FuzzFromRedirect(f *testing.F) {
	seeds, verify := corpus(f, ".query")
	for _, s := range append(seeds, "SAMLRequest=x&SigAlg=y&Signature=z", "SAML%52equest=x;&=&%") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		in, err := FromRedirect(query)
		check(t, in, err, verify)
	})
}

func FuzzFromForm(f *testing.F) {
	seeds, verify := corpus(f, ".form")
	for _, s := range append(seeds, "", "PA==") {
		f.Add("SAMLRequest", s, "r")
		f.Add("SAMLResponse", s, "r")
	}
	f.Fuzz(func(t *testing.T, field, value, relay string) {
		in, err := FromForm(url.Values{field: {value}, "RelayState": {relay}})
		check(t, in, err, verify)
	})
}

func FuzzFromSOAP(f *testing.F) {
	seeds, verify := corpus(f, ".soap")
	for _, s := range append(seeds, body("<x/>"), `<s:Envelope xmlns:s="`+nsSOAP+`"><s:Header/><s:Body/></s:Envelope>`) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := FromSOAP(data)
		check(t, in, err, verify)
	})
}
