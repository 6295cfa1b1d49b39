package gateway

import (
	"fmt"
	"net/http"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
)

// signers makes what signs for the routes. Routes with the same settings share
// one signer of tokens, and so the tokens that it can reuse.
type signers struct {
	cfg    *config.Config
	ready  func(keyID string) bool
	now    func() time.Time
	tokens map[signerOf]*headers.Signer
}

// signerOf is all that a signer of tokens is made of.
type signerOf struct {
	jwt  config.JWT
	ring *config.SigningKey // the first of the list
}

// of returns what signs for a route: tokens, and requests as a whole; nil is not.
func (s *signers) of(c *config.Signing) (token *headers.Signer, message *headers.MessageSigner, err error) {
	if c == nil || len(c.Keys) == 0 {
		return nil, nil, nil
	}
	if c.JWT.Header != "" {
		if token, err = s.token(c); err != nil {
			return nil, nil, fmt.Errorf("headers.signing.jwt: %w", err)
		}
	}
	if !c.HTTPSignature.Enabled {
		return token, nil, nil
	}
	message, err = headers.NewMessageSigner(headers.MessageSignerConfig{
		Keys: signingKeys(c), Algorithm: c.HTTPSignature.Algorithm, Ready: s.ready, DigestBytes: int64(c.HTTPSignature.ContentDigestBytes), TTL: c.HTTPSignature.TTL, Now: s.now,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("headers.signing.http_signature: %w", err)
	}
	return token, message, nil
}

func (s *signers) token(c *config.Signing) (*headers.Signer, error) {
	of := signerOf{jwt: c.JWT, ring: &c.Keys[0]}
	of.jwt.Header = ""
	if s.tokens[of] != nil {
		return s.tokens[of], nil
	}
	issuer := c.JWT.Issuer
	if issuer == "" {
		issuer = s.cfg.Server.ExternalURL.String()
	}
	signer, err := headers.NewSigner(headers.SignerConfig{
		Issuer: issuer, Keys: signingKeys(c), Algorithm: c.JWT.Algorithm, Ready: s.ready, BindRequest: c.JWT.BindRequest, TTL: c.JWT.TTL, Now: s.now,
	})
	if err != nil {
		return nil, err
	}
	if s.tokens == nil {
		s.tokens = map[signerOf]*headers.Signer{}
	}
	s.tokens[of] = signer
	return signer, nil
}

func signingKeys(s *config.Signing) []headers.Key {
	keys := make([]headers.Key, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = headers.Key{ID: k.ID, Private: k.Private, Secret: k.Secret.Bytes()}
	}
	return keys
}

// allSigningKeys are those of all routes, each once.
func allSigningKeys(cfg *config.Config) []headers.Key {
	var all []headers.Key
	seen := map[string]bool{}
	add := func(s *config.Signing) {
		if s == nil {
			return
		}
		for _, k := range signingKeys(s) {
			if !seen[k.ID] {
				all, seen[k.ID] = append(all, k), true
			}
		}
	}
	add(cfg.Headers.Signing)
	for _, r := range cfg.Routes {
		add(r.Headers.Signing)
	}
	return all
}

// keysHandler serves the public keys, and is nil where nothing is signed.
func keysHandler(cfg *config.Config) (http.Handler, error) {
	keys := allSigningKeys(cfg)
	if len(keys) == 0 {
		return nil, nil
	}
	return headers.NewJWKS(keys)
}
