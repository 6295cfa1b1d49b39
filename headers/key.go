package headers

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// Key is one signing key of a ring, with the id by which verifiers find it. It
// has a private half or is a secret, never both.
type Key struct {
	ID      string
	Private crypto.Signer // [ed25519.PrivateKey], [*ecdsa.PrivateKey] on P-256, or [*rsa.PrivateKey] of 2048 bits or more
	Secret  []byte        // shared with the one app that verifies; never published
}

// algorithm returns the one JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1) that
// the key is fit for, or "".
func (k Key) algorithm() jose.SignatureAlgorithm {
	if k.Private == nil {
		if len(k.Secret) >= httpsig.MinSecret {
			return jose.HS256
		}
		return ""
	}
	if k.Secret != nil {
		return ""
	}
	return algorithmOf(k.Private.Public())
}

// algorithmOf is [Key.algorithm] for a public key.
func algorithmOf(key crypto.PublicKey) jose.SignatureAlgorithm {
	switch p := key.(type) {
	case ed25519.PublicKey:
		if len(p) == ed25519.PublicKeySize {
			return jose.EdDSA
		}
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P256() {
			return jose.ES256
		}
	case *rsa.PublicKey:
		if p.N.BitLen() >= minRSA {
			return jose.RS256
		}
	}
	return ""
}

// minRSA is the least bits of an RSA key (RFC 7518 §3.3).
const minRSA = 2048

// ParseSigningKey reads a private key from a PEM file in PKCS#8 form, as
// [MarshalSigningKey] writes it: Ed25519, ECDSA on P-256, or RSA of 2048 bits or
// more. Anything else is refused with a sentence that says what the file holds
// instead; the content is never quoted.
func ParseSigningKey(file []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(file)
	if block == nil {
		return nil, errors.New("signing key: the file holds no PEM block (-----BEGIN PRIVATE KEY-----)")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("signing key: the file holds more than one key; give each key a file of its own")
	}
	switch block.Type {
	case "PRIVATE KEY":
	case "CERTIFICATE":
		return nil, errors.New("signing key: this is a certificate; the private key is needed")
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return nil, errors.New("signing key: this is a public key; the private key is needed")
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("signing key: this key is protected by a passphrase; decrypt it first")
	default:
		return nil, errors.New("signing key: this is not a private key in PKCS#8 form; make one with samlgate keygen")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("signing key: the PKCS#8 structure is damaged")
	}
	private, ok := key.(crypto.Signer)
	if !ok || algorithmOf(private.Public()) == "" {
		return nil, errors.New("signing key: this is a key of another kind than Ed25519, ECDSA on P-256 and RSA of 2048 bits or more; make one with samlgate keygen")
	}
	return private, nil
}

// GenerateSigningKey returns a new Ed25519 key.
func GenerateSigningKey() (crypto.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	return private, nil
}

// MarshalSigningKey returns the PEM file that [ParseSigningKey] reads.
func MarshalSigningKey(key crypto.Signer) ([]byte, error) {
	if algorithmOf(key.Public()) == "" {
		return nil, errors.New("writing a signing key: it is of a kind that cannot be used")
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing a signing key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
