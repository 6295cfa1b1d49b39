package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/samlgate/samlgate/headers"
)

// rotate makes the signing key with the next free number.
func (c *keygenCmd) rotate(s streams) error {
	n := 2
	name := func() string { return fmt.Sprintf("signing-%d.key", n) }
	for {
		_, err := os.Lstat(filepath.Join(c.Out, name()))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		n++
	}
	set := keySet{[]string{name()}, "next key that signs what apps are told", func() ([][]byte, error) { return signingKeyFor(c.Algorithm) }}
	if err := makeSets(s, c.Out, []keySet{set}); err != nil {
		return err
	}
	steps := rotateSteps
	if c.Algorithm == "HS256" {
		steps = rotateSecretSteps
	}
	_, err := fmt.Fprintf(s.out, steps, fmt.Sprintf("{id: k%d, file: %s}", n, name()))
	return err
}

const rotateSteps = `
Next:
  1. Put %s on top of headers.signing.keys, with an id that was never used,
     on every gateway, and reload. It is published at once, and signs when all
     gateways have published it for 10 minutes; until then the old key does.
  2. When the log says that the key may sign, wait 10 minutes, take the old one
     out and reload.
`

const rotateSecretSteps = `
Next:
  1. Give the app this secret beside the old one, under its new id.
  2. Put %s on top of the route's headers.signing.keys, on every
     gateway, and reload. It signs when all gateways have had it for 10 minutes.
  3. When the log says that the key may sign, wait 10 minutes, take the old one
     out and reload, and then out of the app.
`

// signingKeyFor returns the file of a new key for an algorithm of tokens.
func signingKeyFor(algorithm string) ([][]byte, error) {
	var key crypto.Signer
	var err error
	switch algorithm {
	case "HS256":
		return cookieKey()
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "RS256":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		key, err = headers.GenerateSigningKey()
	}
	if err != nil {
		return nil, err
	}
	file, err := headers.MarshalSigningKey(key)
	return [][]byte{file}, err
}
