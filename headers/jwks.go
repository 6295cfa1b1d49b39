package headers

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// JWKS returns the public keys of the ring as a JSON Web Key Set (RFC 7517 §5).
// The caller may keep and change it.
func (s *Signer) JWKS() []byte { return slices.Clone(s.jwks) }

// ETag returns the entity tag of [Signer.JWKS], in quotes. It changes exactly
// when the key set does, and is the same on every replica.
func (s *Signer) ETag() string { return s.etag }

// ServeJWKS answers GET and HEAD with the key set, cacheable for five minutes,
// and 304 to a client that has it already.
func (s *Signer) ServeJWKS(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json") // RFC 7517 §8.5.2
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("ETag", s.etag)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.jwks))
}

// publish returns the key set of a ring, or says which key cannot be used.
func publish(keys []Key) ([]byte, error) {
	if len(keys) == 0 {
		return nil, errors.New("a signing key is required")
	}
	var set jose.JSONWebKeySet
	for i, k := range keys {
		if k.ID == "" {
			return nil, fmt.Errorf("signing key %d has no id", i+1)
		}
		if len(set.Key(k.ID)) > 0 {
			return nil, fmt.Errorf("two signing keys have the id %q", k.ID)
		}
		private, err := k.private()
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{
			Key: private.Public(), KeyID: k.ID, Algorithm: string(jose.EdDSA), Use: "sig",
		})
	}
	return json.Marshal(set)
}

func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}
