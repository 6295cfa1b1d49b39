package xmlenc

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
)

// ErrDecrypt is the answer to everything that goes wrong once a key is used:
// another recipient, a key, label, padding or content that was changed.
var ErrDecrypt = errors.New("decryption failed")

// ErrNoKeys says that none of the keys handed in is an RSA key of 2048 bits or
// more, which is the operator's mistake and not the sender's.
var ErrNoKeys = errors.New("no RSA key of 2048 bits or more to decrypt with")

const minKeyBits = 2048

// Policy is what the caller allows. The zero value allows AES-GCM alone.
type Policy struct {
	// AllowCBC allows AES-CBC, which does not notice changes: who may send
	// changed ciphertexts and sees whether their plaintext made sense reads the
	// message after some thousand tries (Jager and Somorovsky, CCS 2011), those
	// encrypted with GCM under the same key included (Jager, Paterson and
	// Somorovsky, NDSS 2013). So allow it where the ciphertext is covered by a
	// signature that was verified before. Where an operator insists on more,
	// every refusal from here until a signature over the plaintext is verified,
	// syntax errors of the plaintext first of all, has to look like ErrDecrypt.
	AllowCBC bool
}

// Decrypt returns the plaintext, which is never empty. All keys are tried; those
// that are not RSA or are shorter than 2048 bits are passed over. Errors are an
// [AlgorithmError] or [ErrNoKeys] before a key is used, and afterwards
// [ErrDecrypt] and nothing else.
func (m *Message) Decrypt(keys []crypto.Decrypter, p Policy) ([]byte, error) {
	if m.content.cbc && !p.AllowCBC {
		return nil, refuse(Content, m.uri)
	}
	usable := usableKeys(keys)
	if len(usable) == 0 {
		return nil, ErrNoKeys
	}
	key, unwrapped := m.unwrap(usable)
	plaintext, opened := m.content.open(key, m.cipher)
	if unwrapped&opened != 1 {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}

// UsableKey says whether a key may decrypt: RSA of at least 2048 bits.
func UsableKey(k crypto.Decrypter) bool {
	if k == nil {
		return false
	}
	public, ok := k.Public().(*rsa.PublicKey)
	return ok && public.N != nil && public.N.BitLen() >= minKeyBits
}

func usableKeys(keys []crypto.Decrypter) []crypto.Decrypter {
	var usable []crypto.Decrypter
	for _, k := range keys {
		if UsableKey(k) {
			usable = append(usable, k)
		}
	}
	return usable
}

// unwrap tries every key on every encrypted key and returns the first content
// key of the right length, or a random one: what follows is the same work
// either way, and ok (1 or 0) is looked at only when it is done. There is no early
// exit that would tell which of them fitted, and crypto/rsa itself compares
// OAEP's padding in constant time.
func (m *Message) unwrap(keys []crypto.Decrypter) (key []byte, ok int) {
	key = make([]byte, m.content.keyBytes)
	rand.Read(key) // never fails, see crypto/rand
	candidate := make([]byte, m.content.keyBytes)
	for _, w := range m.keys {
		for _, k := range keys {
			plain, err := k.Decrypt(rand.Reader, w.cipher, &w.oaep)
			good := subtle.ConstantTimeEq(int32(len(plain)), int32(len(key)))
			if err != nil {
				good = 0
			}
			copy(candidate, plain)
			subtle.ConstantTimeCopy(good&(1-ok), key, candidate)
			ok |= good
		}
	}
	return key, ok
}
