package httpsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"

	"github.com/dunglas/httpsfv"
)

// Digest returns the value of Content-Digest (RFC 9530 §2) for a whole body, by
// SHA-256.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// CheckDigest checks a body against its Content-Digest, by SHA-256 and SHA-512 as
// far as they are given; one of them must be (RFC 9530 §5: the others are broken).
func CheckDigest(lines []string, body []byte) error {
	dictionary, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return errors.New("Content-Digest is not a dictionary")
	}
	known := 0
	for _, name := range dictionary.Names() {
		var sum []byte
		switch name {
		case "sha-256":
			s := sha256.Sum256(body)
			sum = s[:]
		case "sha-512":
			s := sha512.Sum512(body)
			sum = s[:]
		default:
			continue
		}
		known++
		m, _ := dictionary.Get(name)
		item, _ := m.(httpsfv.Item)
		if given, ok := item.Value.([]byte); !ok || !bytes.Equal(given, sum) {
			return errors.New("the body is not the one that was signed")
		}
	}
	if known == 0 {
		return errors.New("Content-Digest has no algorithm that can be trusted")
	}
	return nil
}
