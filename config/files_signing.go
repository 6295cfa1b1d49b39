package config

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
	"slices"
	"strings"
)

func (c *checker) signingKeys() {
	s := c.cfg.Headers.Signing
	if s == nil {
		return
	}
	complete := true
	for i := range s.Keys {
		path := fmt.Sprintf("headers.signing.keys[%d].file", i)
		data, ok := c.readKey(path, s.Keys[i].File)
		if !ok {
			complete = false
			continue
		}
		if err := s.Keys[i].read(data); err != nil {
			c.mistake(path, "%s %v", c.quoted(path), err)
			complete = false
			continue
		}
		if len(c.cfg.Routes) > 1 && !s.Keys[i].Secret.Empty() {
			c.mistake(path, "is a secret: each app that knows it could forge for all others, so it may serve one route only")
		}
	}
	if complete && len(s.Keys) > 0 {
		c.signingKeysFit(s)
	}
}

// signingKeysFit reports an algorithm for which there is no key.
func (c *checker) signingKeysFit(s *Signing) {
	need := func(path, algorithm string) {
		if !slices.ContainsFunc(s.Keys, func(k SigningKey) bool { return k.fits(algorithm) }) {
			c.mistake(path, "no key of headers.signing.keys is fit for %s", algorithm)
		}
	}
	if s.JWT.Header != "" {
		need("headers.signing.jwt.algorithm", s.JWT.Algorithm)
	}
	if s.HTTPSignature.Enabled {
		need("headers.signing.http_signature.algorithm", s.HTTPSignature.Algorithm)
	}
}

// read takes a private key in PEM form, or a secret in the form of a cookie key.
func (k *SigningKey) read(file []byte) error {
	if !bytes.Contains(file, []byte("-----BEGIN")) {
		if k.Secret.parse(strings.TrimSuffix(strings.TrimSuffix(string(file), "\n"), "\r")) != nil {
			return errors.New("holds neither a PEM private key nor a secret of 64 hex digits or base64 of 32 random bytes or more")
		}
		return nil
	}
	key, err := privateKey(file)
	if err != nil {
		return err
	}
	if !signs(key) {
		return errors.New("is neither an Ed25519 key nor an ECDSA key on P-256; \"samlgate keygen\" makes one")
	}
	k.Private = key
	return nil
}

func signs(key crypto.Signer) bool {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return true
	case *ecdsa.PrivateKey:
		return k.Curve == elliptic.P256()
	}
	return false
}
