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

// KeysMaxAge is how long verifiers may go on with a key set before they ask for
// it again.
const KeysMaxAge = 5 * time.Minute

// JWKS is a JSON Web Key Set (RFC 7517 §5): the public keys of a ring, by which
// apps verify. A secret is no part of it. It is an [http.Handler].
type JWKS struct {
	body []byte
	etag string
}

// NewJWKS returns the key set of a ring, or says which key cannot be used.
func NewJWKS(keys []Key) (*JWKS, error) {
	body, err := publish(keys)
	if err != nil {
		return nil, fmt.Errorf("publishing keys: %w", err)
	}
	sum := sha256.Sum256(body)
	return &JWKS{body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}, nil
}

// Bytes returns the set as JSON. The caller may keep and change it.
func (j *JWKS) Bytes() []byte { return slices.Clone(j.body) }

// ETag returns the entity tag, in quotes. It changes exactly when the key set
// does, and is the same on every replica.
func (j *JWKS) ETag() string { return j.etag }

// ServeHTTP answers GET and HEAD with the key set, cacheable for five minutes,
// and 304 to a client that has it already.
func (j *JWKS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json") // RFC 7517 §8.5.2
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", KeysMaxAge/time.Second))
	w.Header().Set("ETag", j.etag)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(j.body))
}

// JWKS returns the public keys of the ring, as [JWKS.Bytes] does.
func (s *Signer) JWKS() []byte { return s.jwks.Bytes() }

func publish(keys []Key) ([]byte, error) {
	if err := checkRing(keys); err != nil {
		return nil, err
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		if k.Private != nil {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.ID, Algorithm: string(k.algorithm()), Use: "sig"})
		}
	}
	return json.Marshal(set)
}

// checkRing refuses a key that is fit for nothing, and two with one id.
func checkRing(keys []Key) error {
	if len(keys) == 0 {
		return errors.New("a signing key is required")
	}
	seen := map[string]bool{}
	for i, k := range keys {
		switch {
		case k.ID == "":
			return fmt.Errorf("signing key %d has no id", i+1)
		case seen[k.ID]:
			return fmt.Errorf("two signing keys have the id %q", k.ID)
		}
		seen[k.ID] = true
		if k.algorithm() == "" {
			return fmt.Errorf("signing key %q is of a kind that cannot be used", k.ID)
		}
	}
	return nil
}
