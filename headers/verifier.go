package headers

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// VerifierConfig configures a [Verifier].
type VerifierConfig struct {
	Issuer   string  // required: the gateway's origin
	Audience string  // required: the audience of this app's route
	Keys     *KeySet // required

	Names Names // what the gateway sends to this app; zero means [DefaultNames]

	Header string           // carries the token; empty means Names.JWT
	Skew   time.Duration    // how far the clocks may be apart; 0 means 30 s, at most 5 min
	Now    func() time.Time // nil means time.Now

	// Refused, if set, is told why the middleware refused a request. The error
	// holds no value of the request.
	Refused func(*http.Request, error)
}

// Verifier checks, inside an app, that a request's identity comes from the
// gateway. It is safe for concurrent use.
//
// It does not refuse a token that it has seen before: the gateway sends one
// token with many requests.
type Verifier struct {
	cfg     VerifierConfig
	managed *Managed
}

// ErrNoToken is returned for a request without a token: it did not come through
// the gateway, or not as a signed-in person.
var ErrNoToken = errors.New("the request carries no token")

// ErrRefused is wrapped by the error of every request whose token, or whose
// identity headers, cannot be believed.
var ErrRefused = errors.New("the request's identity is refused")

// NewVerifier returns a Verifier, or an error that says what is missing in cfg.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	if len(cfg.Names.all()) == 0 {
		cfg.Names = DefaultNames()
	}
	if cfg.Header == "" {
		cfg.Header = cfg.Names.JWT
	}
	cfg.Names.JWT, cfg.Names.Set = cfg.Header, nil // fixed headers name nobody
	if cfg.Skew == 0 {
		cfg.Skew = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch {
	case cfg.Issuer == "" || cfg.Audience == "":
		return nil, errors.New("making a verifier: issuer and audience are required, a token for another app must not pass")
	case cfg.Keys == nil:
		return nil, errors.New("making a verifier: a key set is required")
	case cfg.Header == "":
		return nil, errors.New("making a verifier: the name of the header with the token is required")
	case cfg.Skew < 0 || cfg.Skew > 5*time.Minute:
		return nil, fmt.Errorf("making a verifier: a skew of %v is not between 0 and 5m", cfg.Skew)
	}
	if err := cfg.Names.Check(); err != nil {
		return nil, fmt.Errorf("making a verifier: %w", err)
	}
	// The default names are watched even where others are in use.
	return &Verifier{cfg: cfg, managed: NewManaged(cfg.Names)}, nil
}

// Verify returns the claims of the request's token after checking signature,
// issuer, audience and times, and that every identity header present says what
// the token says. The error is [ErrNoToken], wraps [ErrRefused], or wraps
// [ErrKeysUnavailable].
func (v *Verifier) Verify(r *http.Request) (Claims, error) {
	token, err := v.token(r.Header)
	if err != nil {
		return Claims{}, err
	}
	claims, err := v.check(r.Context(), token)
	if err == nil {
		err = v.backed(r.Header, claims)
	}
	switch {
	case errors.Is(err, ErrKeysUnavailable):
		return Claims{}, err
	case err != nil:
		return Claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return claims, nil
}

// token returns the one value of the token's header.
func (v *Verifier) token(h http.Header) (string, error) {
	values := h[http.CanonicalHeaderKey(v.cfg.Header)]
	switch {
	case len(values) == 0:
		return "", ErrNoToken
	case len(values) > 1:
		return "", fmt.Errorf("%w: it carries more than one token", ErrRefused)
	}
	return values[0], nil
}

func (v *Verifier) check(ctx context.Context, token string) (Claims, error) {
	if len(token) > maxToken || !canonical(token) {
		return Claims{}, errors.New("the token is not a compact JWS")
	}
	// The only algorithm we know is asked for here and again by the key's type:
	// neither "none" nor a MAC keyed with the public key has a way in (RFC 8725 §3.1).
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(signed.Signatures) != 1 {
		return Claims{}, errors.New("the token is not a JWS signed with EdDSA")
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != "JWT" || header.KeyID == "" {
		return Claims{}, errors.New("the token lacks its type or key id")
	}
	// RFC 7515 §4.1.11: we understand no extension, not even RFC 7797's b64.
	for _, name := range []jose.HeaderKey{"crit", "b64"} {
		if _, there := header.ExtraHeaders[name]; there {
			return Claims{}, errors.New("the token uses an extension that we do not know")
		}
	}
	key, err := v.cfg.Keys.key(ctx, header.KeyID)
	if err != nil {
		return Claims{}, err
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return Claims{}, errors.New("the token's signature does not verify")
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return Claims{}, err
	}
	return claims, v.judge(claims)
}

// judge checks what the token says about itself (RFC 7519 §4.1).
func (v *Verifier) judge(c Claims) error {
	now := v.cfg.Now()
	switch {
	case c.Issuer != v.cfg.Issuer:
		return errors.New("the token comes from another issuer")
	case c.Audience != v.cfg.Audience:
		return errors.New("the token is meant for another audience")
	case c.Expires.IsZero():
		return errors.New("the token has no end")
	case !now.Before(c.Expires.Add(v.cfg.Skew)):
		return errors.New("the token has expired")
	case now.Add(v.cfg.Skew).Before(c.NotBefore), now.Add(v.cfg.Skew).Before(c.IssuedAt):
		return errors.New("the token is not valid yet")
	}
	return nil
}

// canonical reports whether token is three parts of base64url without padding
// and without stray bits (RFC 7515 §2): one token has one spelling.
func canonical(token string) bool {
	strict := base64.RawURLEncoding.Strict()
	parts := 0
	for part := range strings.SplitSeq(token, ".") {
		if _, err := strict.DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return false
		}
		parts++
	}
	return parts == 3
}
