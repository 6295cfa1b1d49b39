package headers

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// KeySet holds the public keys that a [Verifier] trusts: fixed ones from
// [ParseKeySet], or those behind a URL from [FetchKeySet]. It is safe for
// concurrent use.
type KeySet struct {
	fixed  map[string]ed25519.PublicKey // :: kid → key; nil when fetched
	remote *remoteKeys
}

// ParseKeySet returns the keys of a JSON Web Key Set, as [Signer.JWKS] writes
// it. Keys of other kinds are passed over. A set without a usable key, with a
// private key, or with one id twice is refused.
func ParseKeySet(jwks []byte) (*KeySet, error) {
	keys, err := parseKeys(jwks)
	if err != nil {
		return nil, fmt.Errorf("reading a key set: %w", err)
	}
	return &KeySet{fixed: keys}, nil
}

// key returns the key with this id, or an error: unknown, or keys out of reach.
func (s *KeySet) key(ctx context.Context, id string) (ed25519.PublicKey, error) {
	if s.remote != nil {
		return s.remote.key(ctx, id)
	}
	if key, ok := s.fixed[id]; ok {
		return key, nil
	}
	return nil, errUnknownKey
}

var errUnknownKey = errors.New("the token names a key that is not in the key set")

func parseKeys(jwks []byte) (map[string]ed25519.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, errors.New("it is not a JSON Web Key Set")
	}
	keys := map[string]ed25519.PublicKey{}
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if err := json.Unmarshal(raw, &k); err != nil {
			continue // a key type that we do not know
		}
		if !k.IsPublic() {
			return nil, errors.New("it holds a key that must be secret")
		}
		// The algorithm belongs to the key, never to the token (RFC 8725 §3.1).
		key, ok := k.Key.(ed25519.PublicKey)
		if !ok || k.KeyID == "" || k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != string(jose.EdDSA) {
			continue
		}
		if _, twice := keys[k.KeyID]; twice {
			return nil, errors.New("it holds two keys with one id")
		}
		keys[k.KeyID] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no Ed25519 key with an id")
	}
	return keys, nil
}
