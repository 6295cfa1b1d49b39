package sessionstore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ring seals and opens what the store must not read. It is immutable.
type ring []sealKey // newest first

type sealKey struct {
	id   [4]byte // names the key in what it sealed
	aead cipher.AEAD
}

const minKey = 32

// newRing derives one AES-256-GCM key from each secret by HKDF-SHA256
// (RFC 5869) with the label "record".
func newRing(secrets [][]byte) (ring, error) {
	if len(secrets) == 0 {
		return nil, errors.New("sessions need at least one key")
	}
	r := make(ring, 0, len(secrets))
	for i, secret := range secrets {
		if len(secret) < minKey || len(bytes.Trim(secret, string(secret[:1]))) == 0 {
			return nil, fmt.Errorf("session key %d needs at least %d random bytes", i, minKey)
		}
		k, err := newSealKey(secret)
		if err != nil {
			return nil, fmt.Errorf("deriving session key %d: %w", i, err)
		}
		r = append(r, k)
	}
	return r, nil
}

func newSealKey(secret []byte) (sealKey, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "record", 32)
	if err != nil {
		return sealKey{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealKey{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealKey{}, err
	}
	sum := sha256.Sum256(key)
	return sealKey{id: [4]byte(sum[:4]), aead: aead}, nil
}

// What a sealed value is for. A value sealed for one purpose never opens as
// another, nor under another name.
const (
	purposeSession = "session"
	purposeOnce    = "once"
	purposeList    = "list"
	purposeKept    = "kept"
	purposeNote    = "note"
)

// associated is what a sealed value is bound to besides its key: purpose, the
// name it is stored under, and format. Neither part holds a NUL.
func associated(purpose, name string) []byte {
	return append([]byte(purpose+"\x00"+name+"\x00"), Format)
}

// seal encrypts with the newest key: key id, nonce, ciphertext and tag.
func (r ring) seal(purpose, name string, plain []byte) []byte {
	k := r[0]
	return k.aead.Seal(bytes.Clone(k.id[:]), nil, plain, associated(purpose, name))
}

// newest reports whether sealed names the newest key.
func (r ring) newest(sealed []byte) bool { return bytes.HasPrefix(sealed, r[0].id[:]) }

// open decrypts what seal made with any key of the ring; false when no key
// fits or a bit has changed.
func (r ring) open(purpose, name string, sealed []byte) ([]byte, bool) {
	for _, k := range r {
		if !bytes.HasPrefix(sealed, k.id[:]) {
			continue
		}
		plain, err := k.aead.Open(nil, nil, sealed[len(k.id):], associated(purpose, name))
		if err == nil {
			return plain, true
		}
	}
	return nil, false
}
