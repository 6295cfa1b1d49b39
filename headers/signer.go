package headers

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// SignerConfig configures a [Signer].
type SignerConfig struct {
	Issuer    string // required: the gateway's origin, or what the app's verifier expects
	Keys      []Key  // newest first: the first that fits Algorithm and is ready signs
	Algorithm string // EdDSA, ES256, RS256 or HS256; empty means EdDSA

	// Ready reports whether a key may sign yet: verifiers must have had the time
	// to hear of it. While none that fits is ready, the last signs. Nil means
	// that all are. It is called for every token that is made.
	Ready func(keyID string) bool

	// BindRequest makes every token good for one request only: see
	// [Signer.SignRequest].
	BindRequest bool

	TTL     time.Duration    // life of a token; 0 means 60 s, at most 5 min
	Entries int              // most tokens kept for reuse; 0 means 10,000
	Now     func() time.Time // nil means time.Now
}

// Signer makes the tokens that tell an app who the person is. It is safe for
// concurrent use.
type Signer struct {
	issuer string
	ttl    time.Duration
	bind   bool
	now    func() time.Time
	pens   []pen // newest first, at least one
	ready  func(keyID string) bool
	jwks   *JWKS
	cache  *cache
}

// pen is a key that is fit to sign tokens. Tokens of a logout have another type,
// so that none passes for an identity.
type pen struct {
	id               string
	identity, logout jose.Signer
}

// maxToken bounds a token: an app server refuses a request whose header fields
// exceed 8 KiB, in many products.
const maxToken = 8192

// NewSigner returns a Signer, or an error that says what is wrong with cfg.
func NewSigner(cfg SignerConfig) (*Signer, error) {
	if cfg.TTL == 0 {
		cfg.TTL = time.Minute
	}
	if cfg.Entries == 0 {
		cfg.Entries = 10_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Algorithm == "" {
		cfg.Algorithm = string(jose.EdDSA)
	}
	switch {
	case cfg.Issuer == "":
		return nil, errors.New("making a signer: an issuer is required")
	case cfg.TTL < 4*time.Second || cfg.TTL > 5*time.Minute:
		return nil, fmt.Errorf("making a signer: a token life of %v is not between 4s and 5m", cfg.TTL)
	case cfg.Entries < 2:
		return nil, errors.New("making a signer: its cache needs room for two tokens")
	}
	jwks, err := NewJWKS(cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("making a signer: %w", err)
	}
	pens, err := newPens(cfg.Keys, jose.SignatureAlgorithm(cfg.Algorithm))
	if err != nil {
		return nil, fmt.Errorf("making a signer: %w", err)
	}
	return &Signer{
		issuer: cfg.Issuer, ttl: cfg.TTL, bind: cfg.BindRequest, now: cfg.Now, pens: pens, ready: cfg.Ready, jwks: jwks,
		cache: newCache(cfg.Entries, cfg.TTL/2),
	}, nil
}

// newPens returns the keys that are fit for an algorithm.
func newPens(keys []Key, algorithm jose.SignatureAlgorithm) (pens []pen, err error) {
	for _, k := range keys {
		if k.algorithm() != algorithm {
			continue
		}
		key := jose.SigningKey{Algorithm: algorithm, Key: k.Private}
		if k.Private == nil {
			key.Key = k.Secret
		}
		p := pen{id: k.ID}
		if p.identity, err = jose.NewSigner(key, typed(k.ID, "JWT")); err != nil {
			return nil, err
		}
		if p.logout, err = jose.NewSigner(key, typed(k.ID, logoutType)); err != nil {
			return nil, err
		}
		pens = append(pens, p)
	}
	if pens == nil {
		return nil, fmt.Errorf("no key is fit for %s", algorithm)
	}
	return pens, nil
}

func typed(keyID string, of jose.ContentType) *jose.SignerOptions {
	return (&jose.SignerOptions{}).WithType(of).WithHeader("kid", keyID)
}

// KeyID returns the id of the key that signs now.
func (s *Signer) KeyID() string { return s.pen().id }

func (s *Signer) pen() pen {
	for _, p := range s.pens {
		if s.ready == nil || s.ready(p.id) {
			return p
		}
	}
	return s.pens[len(s.pens)-1]
}

// Sign returns a token about v for one audience. A token is reused for the same
// audience, session and values until half its life has passed. During the next
// quarter it is still handed out while one goroutine, which ends when it has
// signed, makes the new one. Any change of a value makes a new token at once.
//
// The error wraps [ErrTooLarge] when the token exceeds 8 KiB.
func (s *Signer) Sign(audience string, v Values) (string, error) {
	if audience == "" {
		return "", errors.New("signing a token: an audience is required")
	}
	now := s.now()
	if t := s.cache.get(audience, v); t != nil {
		switch age := now.Sub(t.made); {
		case age < 0 || age >= s.ttl-s.ttl/4: // a clock that was set back, or too old to travel
		case age < s.ttl/2:
			return t.token, nil
		default:
			if t.renewing.CompareAndSwap(false, true) {
				go s.renew(t)
			}
			return t.token, nil
		}
	}
	return s.sign(now, audience, v.clone())
}

// renew replaces an ageing token. Should it fail, the request that finds the
// token too old tells its caller.
func (s *Signer) renew(t *token) {
	if _, err := s.sign(s.now(), t.audience, t.values); err != nil {
		t.renewing.Store(false)
	}
}

// sign makes a token and keeps it for reuse.
func (s *Signer) sign(now time.Time, audience string, v Values) (string, error) {
	made, err := s.make(now, audience, v.claims())
	if err != nil {
		return "", err
	}
	s.cache.put(&token{audience: audience, values: v, token: made, made: now})
	return made, nil
}

func (s *Signer) make(now time.Time, audience string, c Claims) (string, error) {
	c.Issuer, c.Audience, c.ID = s.issuer, audience, tokenID()
	c.IssuedAt, c.NotBefore, c.Expires = now, now, now.Add(s.ttl)
	payload, err := c.marshal()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	signed, err := s.pen().identity.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	if len(compact) > maxToken {
		return "", fmt.Errorf("signed token: %w", ErrTooLarge)
	}
	return compact, nil
}

// tokenID returns 128 random bits. crypto/rand never fails.
func tokenID() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}
