package metadata

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp"
)

func TestParse(t *testing.T) {
	d := good()
	d.before = "\ufeff" + d.before + "<!-- exported -->\n"
	d.attrs = ` validUntil="2026-04-01T00:00:00Z" cacheDuration="PT6H"`
	d.roleAttrs += ` WantAuthnRequestsSigned="true" validUntil="2026-03-30T12:00:00"`
	second := issue(t, 2, newKey(t, elliptic.P384()), nil, nil)
	d.keys += keyDescriptor("encryption", issue(t, 3, newKey(t, elliptic.P256()), nil, nil)) + keyDescriptor("", second) + keyDescriptor("signing", second)
	d.sso += `<md:SingleSignOnService Binding="` + post + `" Location=" https://idp.example.net/post "/>` +
		`<md:SingleSignOnService Binding="` + post + `" Location="https://idp.example.net/second"/>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="nonsense"/>`
	d.slo = `<md:SingleLogoutService Binding="` + redirect + `" Location="https://idp.example.net/slo" ResponseLocation="https://idp.example.net/slo2"/>`
	got, err := Parse(d.bytes(), testNow())
	if err != nil {
		t.Fatal(err)
	}
	if got.EntityID != testID || !got.WantAuthnRequestsSigned || got.CacheDuration != 6*time.Hour || len(got.Warnings) != 0 ||
		!got.ValidUntil.Equal(time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", got)
	}
	if !maps.Equal(got.SSO, map[samlsp.Binding]string{redirect: "https://idp.example.net/sso", post: "https://idp.example.net/post"}) ||
		got.SLO[redirect] != "https://idp.example.net/slo" || got.SLOResponses[redirect] != "https://idp.example.net/slo2" {
		t.Errorf("addresses: %v, %v, %v", got.SSO, got.SLO, got.SLOResponses)
	}
	if len(got.Certificates) != 2 || !got.Certificates[0].Equal(shared()) || !got.Certificates[1].Equal(second) {
		t.Errorf("%d certificates", len(got.Certificates))
	}
	idp := got.ApplyTo(samlsp.IdentityProvider{Name: "corp", EntityID: "old"})
	if idp.Name != "corp" || idp.EntityID != testID || !idp.SignRequests || len(idp.Certificates) != 2 || idp.ValidUntil.IsZero() {
		t.Errorf("applied: %+v", idp)
	}
}

func TestParseFindsTheOneMeant(t *testing.T) {
	other, old := good(), good()
	other.id = "https://other.example.net"
	old.roleAttrs = ` protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol"`
	old.id = "https://old.example.net"
	expect := func(data []byte, entityID, want string) {
		t.Helper()
		d, err := ParseEntity(data, entityID, testNow())
		switch {
		case err == nil && d.EntityID != want:
			t.Errorf("got %s, wanted %s", d.EntityID, want)
		case err != nil && (strings.HasPrefix(want, "https:") || !strings.Contains(err.Error(), want)):
			t.Errorf("%v, wanted %s", err, want)
		case err == nil && !strings.HasPrefix(want, "https:"):
			t.Errorf("accepted, wanted %s", want)
		}
	}
	expect(group("", spEntity, good().entity(), old.entity()), "", testID)
	expect(group("", spEntity, string(group("", good().entity()))), "", testID)
	expect(group("", good().entity(), other.entity()), other.id, other.id)
	expect(group("", good().entity(), other.entity()), "", "2 identity providers")
	expect(group("", good().entity(), good().entity()), testID, "more than once")
	expect(good().bytes(), other.id, "expected entity ID")
	expect(group("", spEntity), "https://sp.example.com", "service provider's metadata")
	expect([]byte(spEntity), "", "service provider's metadata")
	expect(group(""), "", "no identity provider")
	expect(old.bytes(), "", "does not speak SAML 2.0")
	expect(group(` validUntil="2020-01-01T00:00:00Z"`, good().entity()), "", "2020-01-01")
}

func TestParseRefuses(t *testing.T) {
	change := func(f func(*doc)) string { d := good(); f(&d); return string(d.bytes()) }
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := issue(t, 9, weakKey, nil, nil)
	location := func(s string) string {
		return change(func(d *doc) { d.sso = strings.Replace(d.sso, "https://idp.example.net/sso", s, 1) })
	}
	for data, want := range map[string]string{
		"":                                  "empty",
		" \r\n\ufeff":                       "XML",
		"hello":                             "not XML",
		"<!DOCTYPE html><html/>":            "web page",
		"\n<html><body>Sign in":             "web page",
		`{"issuer":"x"}`:                    "JSON",
		asPEM("CERTIFICATE", shared().Raw):  "certificate",
		asPEM("RSA PRIVATE KEY", []byte{1}): "private key",
		"\xff\xfe<\x00":                     "UTF-8",
		`<?xml version="1.0" encoding="ISO-8859-1"?><a/>`: "UTF-8",
		"<a>":                               "damaged near line 1",
		`<a/><b/>`:                          "more than one root",
		`<samlp:Response xmlns:samlp="x"/>`: "root element is not EntityDescriptor",
		`<EntityDescriptor entityID="x"/>`:  "no SAML metadata",
		change(func(d *doc) { d.before = `<!DOCTYPE a [<!ENTITY x "y">]>` }):                                             "DTD",
		change(func(d *doc) { d.before = `<?xml-stylesheet href="x"?>` }):                                                "processing instruction",
		change(func(d *doc) { d.extra = `<?php ?>` }):                                                                    "processing instruction",
		change(func(d *doc) { d.extra = `&xxe;` }):                                                                       "damaged",
		change(func(d *doc) { d.extra = spEntity }):                                                                      "where none may be",
		change(func(d *doc) { d.extra = string(repeat("<x>", 70)) + string(repeat("</x>", 70)) }):                        "deep",
		change(func(d *doc) { d.extra = string(repeat("<x/>", maxElements)) }):                                           "too many",
		change(func(d *doc) { d.extra = string(repeat(" ", MaxFile)) }):                                                  "exceeds 10 MiB",
		change(func(d *doc) { d.attrs = ` entityID="https://evil.example"` }):                                            "",
		change(func(d *doc) { d.id = "" }):                                                                               "entityID",
		change(func(d *doc) { d.attrs = ` validUntil="2026-03-04T05:06:07Z"` }):                                          "valid until 2026-03-04",
		change(func(d *doc) { d.attrs = ` validUntil="soon"` }):                                                          "no time",
		change(func(d *doc) { d.keys = "" }):                                                                             "no signing certificate",
		change(func(d *doc) { d.keys = keyDescriptor("encryption", shared()) }):                                          "no signing certificate",
		change(func(d *doc) { d.keys = keyDescriptor("signing") }):                                                       "no usable",
		change(func(d *doc) { d.keys = keyDescriptor("signing", weak) }):                                                 "no usable",
		change(func(d *doc) { d.sso = "" }):                                                                              "neither HTTP-Redirect nor HTTP-POST",
		location("http://idp.example.net/sso"):                                                                           "https is required",
		location("/sso"):                                                                                                 "absolute",
		location("javascript:alert(1)"):                                                                                  "absolute",
		location("ftp://idp.example.net/"):                                                                               "not https",
		location("https://a:b@idp.example.net/"):                                                                         "user information",
		location(""):                                                                                                     "empty",
		change(func(d *doc) { d.slo = `<md:SingleLogoutService Binding="` + post + `" Location="http://x.example/"/>` }): "logout",
	} {
		if _, err := Parse([]byte(data), testNow()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, wanted %q", data, err, want)
		}
	}
	if _, err := Parse(group(` validUntil="2020-01-01T00:00:00Z"`, good().entity()), testNow()); !errors.Is(err, ErrExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, err := Parse([]byte(location("http://127.0.0.1:8080/sso")), testNow()); err != nil {
		t.Errorf("http on loopback: %v", err)
	}
}

func TestParseWarns(t *testing.T) {
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	d := good()
	d.keys += keyDescriptor("signing", issue(t, 9, weakKey, nil, nil))
	d.keys += strings.Replace(keyDescriptor("signing", shared()), "MII", "!!!", 1)
	d.attrs = ` cacheDuration="a while"`
	got, err := Parse(d.bytes(), testNow().Add(101*time.Hour))
	if err != nil || len(got.Certificates) != 1 {
		t.Fatalf("%v", err)
	}
	all := strings.Join(got.Warnings, "\n")
	for _, want := range []string{"1024 bits", "expired on 2026-03-08", "is ignored", "cacheDuration"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning about %q in:\n%s", want, all)
		}
	}
}

// Each certificate costs a key operation for every forgery.
func TestCertificatesAreCounted(t *testing.T) {
	for n, want := range map[int]bool{32: true, 33: false, 5000: false} {
		d := good()
		d.keys = strings.Repeat(keyDescriptor("signing", shared()), n)
		if _, err := Parse(d.bytes(), testNow()); (err == nil) != want {
			t.Errorf("%d key descriptors: %v", n, err)
		}
	}
	many := asPEM("CERTIFICATE", shared().Raw)
	d := good()
	d.keys = strings.Replace(d.keys, bare(shared()), strings.Repeat(many, 33), 1)
	if _, err := Parse(d.bytes(), testNow()); err == nil {
		t.Error("33 certificates in one element")
	}
}

func TestAuthoritiesOfAChainDoNotSign(t *testing.T) {
	caKey, leafKey := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	ca := issue(t, 5, caKey, nil, nil)
	leaf := issue(t, 6, leafKey, ca, caKey)
	d := good()
	d.keys = keyDescriptor("signing", ca, leaf)
	got, err := Parse(d.bytes(), testNow())
	if err != nil || len(got.Certificates) != 1 || !got.Certificates[0].Equal(leaf) {
		t.Errorf("%v, %d certificates", err, len(got.Certificates))
	}
	d.keys = keyDescriptor("signing", ca, shared())
	if got, err = Parse(d.bytes(), testNow()); err != nil || len(got.Certificates) != 2 {
		t.Errorf("two that sign: %v, %d certificates", err, len(got.Certificates))
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"PT1H": time.Hour, "P1DT12H": 36 * time.Hour, "PT0.5S": time.Second / 2, "P1M": 720 * time.Hour, "P1Y2M3DT4H5M6S": 10276*time.Hour + 5*time.Minute + 6*time.Second,
		"": 0, "P": 0, "PT": 0, "P1DT": 0, "1H": 0, "-PT1H": 0, "PT-1H": 0, "PT1M1H": 0, "P1H": 0, "PTH": 0, "P99999Y": 0, "PT1e3S": 0, "PT0S": 0, "PTInfS": 0,
	} {
		if got, ok := parseDuration(s); ok != (want != 0) || ok && got != want {
			t.Errorf("%q: %v, %v; want %v", s, got, ok, want)
		}
	}
}

// Whatever is accepted is complete, and nothing makes the reader panic.
func FuzzParse(f *testing.F) {
	f.Add(good().bytes())
	f.Add(group("", spEntity, good().entity()))
	f.Add(group(` validUntil="2026-05-01T00:00:00Z" cacheDuration="P1D"`, string(group("", good().entity()))))
	f.Add(group("", good().entity(), good().entity()))
	for _, change := range []func(*doc){ // one a part of the reader
		func(d *doc) { d.before = "\ufeff<!-- exported -->\n" },
		func(d *doc) { d.before = `<!DOCTYPE a [<!ENTITY x "y">]>` },
		func(d *doc) { d.before = `<?xml version="1.0" encoding="ISO-8859-1"?>` },
		func(d *doc) { d.attrs = ` validUntil="2026-04-01T00:00:00Z" cacheDuration="PT6H"` },
		func(d *doc) { d.attrs = ` entityID="https://evil.example"` },
		func(d *doc) { d.id = "https://idp.example.net/<!-- -->meta" },
		func(d *doc) { d.id = "https://idp.example.net/&#x6d;eta&amp;a=b" },
		func(d *doc) { d.roleAttrs += ` WantAuthnRequestsSigned="1" validUntil="2026-03-30T12:00:00"` },
		func(d *doc) { d.keys = keyDescriptor("", shared()) + keyDescriptor("encryption", shared()) },
		func(d *doc) { d.keys = keyDescriptor("signing", shared(), shared()) },
		func(d *doc) { d.keys = keyDescriptor("signing") },
		func(d *doc) { d.sso = strings.Replace(d.sso, redirect, post, 1) + d.sso },
		func(d *doc) { d.sso = strings.Replace(d.sso, "https://", "http://", 1) },
		func(d *doc) { d.sso = strings.Replace(d.sso, "Location=\"", "Location=\"\n https://a@", 1) },
		func(d *doc) {
			d.slo = `<md:SingleLogoutService Binding="` + redirect + `" Location="https://idp.example.net/slo" ResponseLocation="https://idp.example.net/slo2"/>`
		},
		func(d *doc) { d.extra = `<md:Extensions><x xmlns="urn:x" y="&#10;">z</x></md:Extensions>` },
		func(d *doc) { d.extra = `<md:IDPSSODescriptor protocolSupportEnumeration="urn:x"/>` },
	} {
		d := good()
		change(&d)
		f.Add(d.bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data, testNow())
		if err != nil {
			return
		}
		if d.EntityID == "" || len(d.SSO) == 0 || len(d.Certificates) == 0 {
			t.Fatalf("incomplete: %+v", d)
		}
		for _, location := range d.SSO {
			if CheckEndpoint(location) != nil {
				t.Fatalf("%q was accepted", location)
			}
		}
		for _, c := range d.Certificates {
			if weak(c) != "" {
				t.Fatal("a weak key was accepted")
			}
		}
	})
}
