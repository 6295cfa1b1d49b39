package httpsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"sync"

	"github.com/dunglas/httpsfv"
)

// The algorithms by their names in the registry (RFC 9421 §6.2.2).
const (
	Ed25519         = "ed25519"
	ECDSAP256SHA256 = "ecdsa-p256-sha256"
	HMACSHA256      = "hmac-sha256"
)

// MinSecret is the least bytes of a secret for [HMACSHA256]: those of its hash.
const MinSecret = sha256.Size

// Key signs, verifies, or both. Its kind fixes the one algorithm it is good
// for, so that no message can choose another (RFC 9421 §7.3.6).
type Key struct {
	id        string
	quoted    string // id as a structured field (RFC 9651 §3.3.3)
	algorithm string
	sign      func(base []byte) ([]byte, error) // nil: it only verifies
	verify    func(base, signature []byte) bool
}

// ID returns the id by which a signature names the key.
func (k *Key) ID() string { return k.id }

// Algorithm returns the registered name of the key's algorithm.
func (k *Key) Algorithm() string { return k.algorithm }

// NewPrivateKey returns a key that signs and verifies: an [ed25519.PrivateKey],
// or an [*ecdsa.PrivateKey] on P-256. The id is printable ASCII.
func NewPrivateKey(id string, private crypto.Signer) (*Key, error) {
	switch p := private.(type) {
	case ed25519.PrivateKey:
		if len(p) == ed25519.PrivateKeySize {
			return newKey(id, p.Public(), func(base []byte) ([]byte, error) { return ed25519.Sign(p, base), nil })
		}
	case *ecdsa.PrivateKey:
		if p != nil {
			return newKey(id, p.Public(), func(base []byte) ([]byte, error) { return signP256(p, base) })
		}
	}
	return nil, fmt.Errorf("key %q is neither Ed25519 nor ECDSA on P-256", id)
}

// NewPublicKey returns a key that verifies: an [ed25519.PublicKey], or an
// [*ecdsa.PublicKey] on P-256.
func NewPublicKey(id string, public crypto.PublicKey) (*Key, error) { return newKey(id, public, nil) }

func newKey(id string, public crypto.PublicKey, sign func([]byte) ([]byte, error)) (*Key, error) {
	k := &Key{id: id, sign: sign}
	switch p := public.(type) {
	case ed25519.PublicKey:
		k.algorithm = Ed25519
		k.verify = func(base, signature []byte) bool { return ed25519.Verify(p, base, signature) }
		if len(p) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("key %q is damaged", id)
		}
	case *ecdsa.PublicKey:
		k.algorithm = ECDSAP256SHA256
		k.verify = func(base, signature []byte) bool { return verifyP256(p, base, signature) }
		if p.Curve != elliptic.P256() {
			return nil, fmt.Errorf("key %q is on another curve than P-256", id)
		}
	default:
		return nil, fmt.Errorf("key %q is neither Ed25519 nor ECDSA on P-256", id)
	}
	return k, k.name()
}

// NewSecretKey returns a key for hmac-sha256. Whoever can verify with it can
// also sign, so it belongs to one signer and one verifier.
func NewSecretKey(id string, secret []byte) (*Key, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("key %q is a secret of fewer than %d bytes", id, MinSecret)
	}
	macs := &sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}
	mac := func(base []byte) []byte {
		h := macs.Get().(hash.Hash)
		defer macs.Put(h)
		h.Reset()
		h.Write(base)
		return h.Sum(nil)
	}
	k := &Key{
		id: id, algorithm: HMACSHA256,
		sign:   func(base []byte) ([]byte, error) { return mac(base), nil },
		verify: func(base, signature []byte) bool { return hmac.Equal(mac(base), signature) },
	}
	return k, k.name()
}

func (k *Key) name() error {
	if k.id == "" {
		return errors.New("a key has no id")
	}
	quoted, err := quote(k.id)
	if err != nil {
		return fmt.Errorf("the id of key %q is not printable ASCII", k.id)
	}
	k.quoted = quoted
	return nil
}

func quote(s string) (string, error) { return httpsfv.Marshal(httpsfv.NewItem(s)) }

// p256Size is the length of each half of a signature, which RFC 9421 §3.3.4
// wants as r and s side by side and not as ASN.1.
const p256Size = 32

func signP256(private *ecdsa.PrivateKey, base []byte) ([]byte, error) {
	digest := sha256.Sum256(base)
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 2*p256Size)
	r.FillBytes(signature[:p256Size])
	s.FillBytes(signature[p256Size:])
	return signature, nil
}

func verifyP256(public *ecdsa.PublicKey, base, signature []byte) bool {
	if len(signature) != 2*p256Size {
		return false
	}
	digest := sha256.Sum256(base)
	r, s := new(big.Int).SetBytes(signature[:p256Size]), new(big.Int).SetBytes(signature[p256Size:])
	return ecdsa.Verify(public, digest[:], r, s)
}
