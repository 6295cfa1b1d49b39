package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// check tells of each certificate that expires within 30 days, and of no other.
func TestCheckTellsWhatExpires(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sp.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	expires := func(in time.Duration) *said {
		t.Helper()
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sso"}, NotBefore: time.Now().Add(-time.Hour * 9000), NotAfter: time.Now().Add(in),
		}, &x509.Certificate{Subject: pkix.Name{CommonName: "sso"}}, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "sp.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
		return samlgate(t, "check", "--config", file).exits(exitOK)
	}
	const day = 24 * time.Hour
	s := expires(29*day).complains("warning: "+file+": saml.keys: the certificate ", "expires within 30 days")
	s.complains(`idp "corp": the certificate `) // the test's identity provider is short-lived
	expires(-day).complains("saml.keys: the certificate ", "has expired")
	if s := expires(31 * day); strings.Contains(s.err, "saml.keys") {
		t.Errorf("31 days: %s", s.err)
	}
}

// certificate is one of an RSA key of so many bits, in PEM.
func certificate(t *testing.T, bits int) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
