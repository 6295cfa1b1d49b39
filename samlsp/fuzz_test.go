package samlsp

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// Whatever the ACS is sent, it never panics, and accepts nothing but the
// genuine response: bytes that differ from it may only be accepted when they
// say the very same about the very same person.
func FuzzVerifyResponse(f *testing.F) {
	m := fixedGood()
	m.response = true
	both := m.sealed(f)
	genuine := fixedGood().sealed(f)
	f.Add([]byte(genuine))
	f.Add([]byte(both))
	f.Add([]byte(goodXML()))
	f.Add([]byte(strings.Replace(genuine, "</saml:Assertion>", "</saml:Assertion><saml:Assertion/>", 1)))
	f.Add([]byte(strings.Replace(genuine, "<saml:Subject>", "<!-- --><saml:Subject>", 1)))
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE a><a/>`))
	for _, text := range worst(f) {
		f.Add([]byte(text[:min(len(text), 4096)]))
	}
	f.Fuzz(func(t *testing.T, data []byte) { onlyAna(t, base64.StdEncoding.EncodeToString(data)) })
}

// onlyAna refuses a form value with a reason, or accepts it as the genuine one.
func onlyAna(t *testing.T, value string) {
	t.Helper()
	m := fixedGood()
	a, err := m.provider(t).VerifyResponse(t.Context(), value, m.want)
	if err != nil {
		var r *Rejection
		if a != nil || !errors.As(err, &r) || r.Reason == ReasonInternal {
			t.Fatalf("%v", err)
		}
		return
	}
	id, err := a.Identity()
	if err != nil || id.Person != "ana@example.com" || id.NameID.Value != "n-1" || strings.Join(id.Roles, ",") != "a,b" || id.Authn.SessionIndex != "s1" {
		t.Fatalf("accepted as %+v, %v", id, err)
	}
}

// fixedGood is good, signed by a key that every fuzzing process shares.
func fixedGood() *message {
	m := good()
	m.signWith = testKeys().p256
	m.idp.Certificates = []*x509.Certificate{testKeys().p256.Certificate}
	return m
}

// The raw form value, base64 and all: genuine ones that are accepted, and such
// as others would read in two ways.
func FuzzFormValue(f *testing.F) {
	m := fixedGood()
	m.response = true
	genuine, both := encode(fixedGood().sealed(f)), encode(m.sealed(f))
	f.Add(genuine)
	f.Add(both)
	for _, s := range []string{
		encode(goodXML()), encode("<x>"), "", genuine + "=", genuine + genuine, " " + genuine, strings.TrimRight(genuine, "="),
		genuine[:76] + "\r\n" + genuine[76:], strings.NewReplacer("+", "-", "/", "_").Replace(genuine), genuine[:200] + "\x00" + genuine[200:],
		strings.ReplaceAll(genuine, "+", " "), encode("\ufeff" + goodXML()), encode(goodXML()[:300]),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		onlyAna(t, value)
		if h, err := PeekResponse(value); err == nil && (h.RequestID != "" && !ncName(h.RequestID) || !printable(h.Issuer)) {
			t.Fatalf("hint %+v", h)
		}
	})
}

// Whatever comes out of a ciphertext, it is believed only if it is the genuine
// assertion: anybody can encrypt.
func FuzzDecrypted(f *testing.F) {
	genuine := fixedGood().sealed(f)
	begin, end := strings.Index(genuine, "<saml:Assertion"), strings.Index(genuine, "</samlp:Response>")
	assertion := strings.Replace(genuine[begin:end], "<saml:Assertion ", `<saml:Assertion xmlns:saml="`+nsAssertion+`" xmlns:xsi="`+nsXSI+`" `, 1)
	f.Add([]byte(assertion))
	f.Add([]byte(assertion + assertion))
	f.Add([]byte(genuine))
	f.Add([]byte(strings.Replace(assertion, "<saml:Subject>", "<saml:Assertion/><saml:Subject>", 1)))
	response := strings.Replace(genuine, genuine[begin:end], "<saml:EncryptedAssertion/>", 1)
	f.Fuzz(func(t *testing.T, plain []byte) {
		root, r := parse([]byte(response), received())
		if r != nil {
			t.Fatal(r)
		}
		idp, err := prepare(fixedGood().idp)
		if err != nil {
			t.Fatal(err)
		}
		a, r := (&prover{idp: idp}).proveInside(plain, root, root.child(nsAssertion, "EncryptedAssertion"), false)
		if r == nil && (a.child(nsAssertion, "Subject").child(nsAssertion, "NameID").text() != "n-1" || a.value("ID") != "_a1") {
			t.Fatalf("believed: %q", plain)
		}
	})
}

func BenchmarkVerifyResponse(b *testing.B) {
	m := good()
	sp := m.provider(b)
	value := base64.StdEncoding.EncodeToString([]byte(m.sealed(b)))
	b.ReportAllocs()
	for b.Loop() {
		m.replay.Forget()
		if _, err := sp.VerifyResponse(b.Context(), value, m.want); err != nil {
			b.Fatal(err)
		}
	}
}
