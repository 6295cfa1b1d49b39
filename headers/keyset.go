package headers

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/go-jose/go-jose/v4"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// KeySet holds the keys that a [Verifier] trusts: public ones from
// [ParseKeySet], those behind a URL from [FetchKeySet], and secrets from
// [KeySet.With]. It is safe for concurrent use.
type KeySet struct {
	fixed  map[string]*trusted // :: kid → key
	remote *remoteKeys         // nil when nothing is fetched
}

// trusted is a key with the one algorithm that it is good for in a token, and
// the one in a signature: both belong to the key, never to what is verified
// (RFC 8725 §3.1, RFC 9421 §7.3.6).
type trusted struct {
	algorithm jose.SignatureAlgorithm
	key       any          // a public key, or the bytes of a secret
	message   *httpsig.Key // nil for RSA, which signs tokens alone
}

// ParseKeySet returns the keys of a JSON Web Key Set, as [JWKS.Bytes] has it:
// Ed25519, ECDSA on P-256, and RSA of 2048 bits or more. Keys of other kinds are
// passed over. A set without a usable key, with a private key or a secret, or
// with one id twice is refused.
func ParseKeySet(jwks []byte) (*KeySet, error) {
	keys, err := parseKeys(jwks)
	if err != nil {
		return nil, fmt.Errorf("reading a key set: %w", err)
	}
	return &KeySet{fixed: keys}, nil
}

// With returns a set that trusts these keys too, such as the secret that the
// gateway shares with this one app. On a nil set it makes one of them alone.
func (s *KeySet) With(keys ...Key) (*KeySet, error) {
	with := &KeySet{fixed: map[string]*trusted{}}
	if s != nil {
		with.remote = s.remote
		maps.Copy(with.fixed, s.fixed)
	}
	for _, k := range keys {
		t, err := trust(k)
		switch {
		case err != nil:
			return nil, fmt.Errorf("making a key set: %w", err)
		case with.fixed[k.ID] != nil:
			return nil, fmt.Errorf("making a key set: it holds two keys with the id %q", k.ID)
		}
		with.fixed[k.ID] = t
	}
	return with, nil
}

func trust(k Key) (*trusted, error) {
	t := &trusted{algorithm: k.algorithm()}
	switch {
	case t.algorithm == "" || k.ID == "":
		return nil, fmt.Errorf("key %q has no id or cannot be used", k.ID)
	case k.Private != nil:
		return trustPublic(k.ID, k.Private.Public()), nil
	}
	t.key = k.Secret
	var err error
	t.message, err = httpsig.NewSecretKey(k.ID, k.Secret)
	return t, err
}

// trustPublic returns nil for a key of a kind that we do not use.
func trustPublic(id string, key crypto.PublicKey) *trusted {
	t := &trusted{algorithm: algorithmOf(key), key: key}
	if t.algorithm == "" {
		return nil
	}
	t.message, _ = httpsig.NewPublicKey(id, key) // none of RSA
	return t
}

// key returns the key with this id, or an error: unknown, or keys out of reach.
func (s *KeySet) key(ctx context.Context, id string) (*trusted, error) {
	if key := s.fixed[id]; key != nil {
		return key, nil
	}
	if s.remote != nil {
		return s.remote.key(ctx, id)
	}
	return nil, errUnknownKey
}

var errUnknownKey = errors.New("the request names a key that is not in the key set")

func parseKeys(jwks []byte) (map[string]*trusted, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, errors.New("it is not a JSON Web Key Set")
	}
	keys := map[string]*trusted{}
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if err := json.Unmarshal(raw, &k); err != nil {
			continue // a key type that we do not know
		}
		if !k.IsPublic() {
			return nil, errors.New("it holds a key that must be secret")
		}
		key := trustPublic(k.KeyID, k.Key)
		if key == nil || k.KeyID == "" || k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != string(key.algorithm) {
			continue
		}
		if _, twice := keys[k.KeyID]; twice {
			return nil, errors.New("it holds two keys with one id")
		}
		keys[k.KeyID] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no usable key with an id")
	}
	return keys, nil
}
