package headers

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Key is one signing key of a ring, with the id by which verifiers find its
// public half. Private must be an [ed25519.PrivateKey].
type Key struct {
	ID      string
	Private crypto.Signer
}

// ParseSigningKey reads an Ed25519 private key from a PEM file in PKCS#8 form,
// as [MarshalSigningKey] writes it. Anything else is refused with a sentence
// that says what the file holds instead; the content is never quoted.
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
		return nil, errors.New("signing key: this is not an Ed25519 key in PKCS#8 form; make one with samlgate keygen")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("signing key: the PKCS#8 structure is damaged")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key: this is %s key, tokens are signed with Ed25519; make one with samlgate keygen", article(key))
	}
	return private, nil
}

func article(key any) string {
	if s, ok := key.(crypto.Signer); ok {
		switch fmt.Sprintf("%T", s.Public()) {
		case "*rsa.PublicKey":
			return "an RSA"
		case "*ecdsa.PublicKey":
			return "an ECDSA"
		}
	}
	return "another kind of"
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
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("writing a signing key: it is not an Ed25519 key")
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("writing a signing key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
