package idptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"
)

// Key is a signing key with its self-signed certificate.
type Key struct {
	Signer      crypto.Signer
	Certificate *x509.Certificate
}

// NewRSAKey makes an RSA key of that many bits (1024 at least, which is too
// weak for anything but tests), certified from a day before now to a day after.
func NewRSAKey(bits int, now time.Time) (Key, error) {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return Key{}, fmt.Errorf("making an RSA key of %d bits: %w", bits, err)
	}
	return Certify(k, "idptest", now.Add(-24*time.Hour), now.Add(24*time.Hour))
}

// NewECDSAKey makes a P-256 key, certified like [NewRSAKey].
func NewECDSAKey(now time.Time) (Key, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("making an ECDSA key: %w", err)
	}
	return Certify(k, "idptest", now.Add(-24*time.Hour), now.Add(24*time.Hour))
}

// Certify signs a certificate for key with key itself.
func Certify(key crypto.Signer, name string, from, to time.Time) (Key, error) {
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return Key{}, fmt.Errorf("certifying the key of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Key{}, fmt.Errorf("reading back the certificate of %s: %w", name, err)
	}
	return Key{Signer: key, Certificate: cert}, nil
}

// newID returns an xs:ID of 160 random bits (SAML Core §1.3.4).
func newID() string {
	b := make([]byte, 20)
	rand.Read(b) // never fails, see crypto/rand
	return "_" + hex.EncodeToString(b)
}

// Certs returns the certificates of keys.
func Certs(keys ...Key) []*x509.Certificate {
	certs := make([]*x509.Certificate, len(keys))
	for i, k := range keys {
		certs[i] = k.Certificate
	}
	return certs
}
