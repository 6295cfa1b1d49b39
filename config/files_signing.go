package config

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// signingKeys reads the keys of every ring and checks that they can do what is
// asked of them.
func (c *checker) signingKeys() {
	rings := c.rings()
	complete := true
	for _, r := range rings {
		for i := range r.keys {
			complete = c.signingKey(fmt.Sprintf("%s[%d].file", r.path, i), &r.keys[i]) && complete
		}
	}
	if complete {
		c.signingKeysFit()
	}
	c.sharedSecrets(rings)
}

func (c *checker) signingKey(path string, k *SigningKey) bool {
	data, ok := c.readKey(path, k.File)
	if !ok {
		return false
	}
	if err := k.read(data); err != nil {
		c.mistake(path, "%s %v", c.quoted(path), err)
		return false
	}
	return true
}

// signingKeysFit reports algorithms for which a route has no key.
func (c *checker) signingKeysFit() {
	said := map[string]bool{}
	for i, r := range c.cfg.Routes {
		s, block := r.Headers.Signing, routeSigning(i)
		need := func(key, algorithm string) {
			path := c.signingAt(block, key)
			if c.given(block+".keys") && !c.given(block+key) {
				path = block + ".keys"
			}
			if said[path] || slices.ContainsFunc(s.Keys, func(k SigningKey) bool { return k.fits(algorithm) }) {
				return
			}
			said[path] = true
			c.mistake(path, "no key of %s is fit for %s", c.signingAt(block, ".keys"), algorithm)
		}
		if s == nil || len(s.Keys) == 0 {
			continue
		}
		if s.JWT.Header != "" {
			need(".jwt.algorithm", s.JWT.Algorithm)
		}
		if s.HTTPSignature.Enabled {
			need(".http_signature.algorithm", s.HTTPSignature.Algorithm)
		}
	}
}

// sharedSecrets: whoever can verify with a secret can forge with it, so it
// belongs to one route, and is nothing else beside.
func (c *checker) sharedSecrets(rings []ring) {
	others := slices.Concat(c.cfg.Session.CookieKeys, c.cfg.Store.EncryptionKeys)
	users := map[string][]string{} // :: secret → routes
	for _, r := range rings {
		for i, k := range r.keys {
			path, secret := fmt.Sprintf("%s[%d].file", r.path, i), k.Secret.Reveal()
			if k.Secret.Empty() {
				continue
			}
			known := len(users[secret])
			for _, name := range r.routes {
				if !slices.Contains(users[secret], name) {
					users[secret] = append(users[secret], name)
				}
			}
			switch {
			case len(users[secret]) > max(known, 1):
				c.mistake(path, "is a secret that more than one app would know (%s): each could forge for the others. "+
					"Give each a secret of its own, in routes[].headers.signing.keys", strings.Join(users[secret], ", "))
			case slices.ContainsFunc(others, func(o Key) bool { return bytes.Equal(o.Bytes(), k.Secret.Bytes()) }):
				c.mistake(path, "is a key of our own cookies or records, which no app may know")
			}
		}
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
		return errors.New("is not a key on Ed25519 or P-256, nor RSA of 2048 bits or more; \"samlgate keygen\" makes one")
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
	case *rsa.PrivateKey:
		return k.N.BitLen() >= 2048
	}
	return false
}
