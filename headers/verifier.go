package headers

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// VerifierConfig configures a [Verifier].
type VerifierConfig struct {
	Issuer   string  // required: the gateway's origin
	Audience string  // required: the audience of this app's route
	Keys     *KeySet // required

	// Proof says what must vouch for a request; the zero value is [ByToken].
	Proof Proof

	// Authorities are the hosts, with their port if it is not the default one,
	// under which the gateway addresses this app. They are required where a
	// signature is; with a token alone, empty means any.
	Authorities []string

	// Bound refuses tokens that are good for more than one request
	// (headers.signing.jwt.bind_request). A token that names its request is
	// refused with any other in any case.
	Bound bool

	Names Names // what the gateway sends to this app; zero means [DefaultNames]

	// Digest refuses requests whose body the signature does not cover
	// (headers.signing.http_signature.content_digest_bytes). Where it is covered,
	// it is read and checked in any case, up to MaxBody bytes; 0 means 1 MiB.
	Digest  bool
	MaxBody int64

	// Managed are further headers that only the gateway sets, such as the fixed
	// ones of this route. Where one is present, a signature must cover it.
	Managed []string

	// Nonces is how many recent signatures are remembered, so that none is
	// taken twice; 0 means 100,000. When more arrive than fit, those that were
	// signed before the ones forgotten are refused.
	Nonces int

	Header string           // carries the token; empty means Names.JWT
	Skew   time.Duration    // how far the clocks may be apart; 0 means 30 s, at most 5 min
	Now    func() time.Time // nil means time.Now

	// Refused, if set, is told why the middleware refused a request. The error
	// holds no value of the request.
	Refused func(*http.Request, error)
}

// Proof is what must vouch for a request.
type Proof int

// A token says who the person is; whoever sees it can use it until it expires. A
// signature by RFC 9421 says that this very request comes from the person, once.
const (
	ByToken     Proof = iota // the token (JWT); signatures are not looked at
	BySignature              // the signature; the token is not looked at
	ByBoth
)

// Verifier checks, inside an app, that a request's identity comes from the
// gateway. It is safe for concurrent use.
//
// It does not refuse a token that it has seen before: the gateway sends one
// token with many requests. It does refuse a signature that it has seen before;
// apps that run several times do not know of each other's.
type Verifier struct {
	cfg         VerifierConfig
	authorities []string
	managed     *Managed // what a token must back
	sealable    *Managed // what a signature must cover: fixed headers, too
	nonces      *nonces
}

// ErrNoToken is returned for a request without the proof that is asked for: it
// did not come through the gateway, or not as a signed-in person.
var ErrNoToken = errors.New("the request carries no proof of who sent it")

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
	cfg.Names.JWT, cfg.Names.Set = cfg.Header, nil // fixed headers name nobody, so no token backs them
	if cfg.Skew == 0 {
		cfg.Skew = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	if cfg.Nonces == 0 {
		cfg.Nonces = 100_000
	}
	authorities, err := readAuthorities(cfg.Authorities)
	switch {
	case err != nil:
		return nil, fmt.Errorf("making a verifier: %w", err)
	case cfg.Issuer == "" || cfg.Audience == "":
		return nil, errors.New("making a verifier: issuer and audience are required, a token for another app must not pass")
	case cfg.Keys == nil:
		return nil, errors.New("making a verifier: a key set is required")
	case cfg.Proof < ByToken || cfg.Proof > ByBoth || cfg.Nonces < 2:
		return nil, errors.New("making a verifier: no such proof, or no room for nonces")
	case cfg.Proof != ByToken && len(authorities) == 0:
		return nil, errors.New("making a verifier: the authorities of the app are required, a request to another must not pass")
	case cfg.Header == "" && cfg.Proof != BySignature:
		return nil, errors.New("making a verifier: the name of the header with the token is required")
	case cfg.Skew < 0 || cfg.Skew > 5*time.Minute:
		return nil, fmt.Errorf("making a verifier: a skew of %v is not between 0 and 5m", cfg.Skew)
	}
	if err := cfg.Names.Check(); err != nil {
		return nil, fmt.Errorf("making a verifier: %w", err)
	}
	// The default names are watched even where others are in use.
	v := &Verifier{
		cfg: cfg, authorities: authorities, managed: NewManaged(cfg.Names), sealable: NewManaged(cfg.Names), nonces: newNonces(cfg.Nonces),
	}
	for _, name := range cfg.Managed {
		if !validName(name) {
			return nil, fmt.Errorf("making a verifier: %q is not a header name", name)
		}
	}
	v.sealable.add(managed, cfg.Managed...)
	return v, nil
}

// Verify returns who sent a request, after checking all that [Proof] asks for.
//
// Of a token: signature, issuer, audience and times, and that every identity
// header present says what the token says. Of a signature: key, purpose, times,
// audience and authority, that it covers the request's method, authority, path
// and query and every identity header present, and that it is new here. So a
// signed request verifies once.
//
// The claims are those of the token, or else what the signed headers say. The
// error is [ErrNoToken], wraps [ErrRefused], or wraps [ErrKeysUnavailable].
func (v *Verifier) Verify(r *http.Request) (Claims, error) {
	claims, err := v.verify(r)
	switch {
	case err == nil:
		return claims, nil
	case errors.Is(err, ErrKeysUnavailable), errors.Is(err, ErrNoToken):
		return Claims{}, err
	}
	return Claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
}

func (v *Verifier) verify(r *http.Request) (claims Claims, err error) {
	var s *httpsig.Signature
	if v.cfg.Proof != ByToken {
		if s, err = v.sealed(r); err != nil {
			return Claims{}, err
		}
		claims = v.claimsOf(s, r.Header)
	}
	if v.cfg.Proof != BySignature {
		if claims, err = v.told(r); err != nil {
			return Claims{}, err
		}
	}
	// Last, so that what is refused for another reason is not remembered.
	if s != nil && !v.nonces.claim(v.cfg.Now(), s.KeyID+"\x00"+s.Nonce, s.Created, s.Expires.Add(v.cfg.Skew)) {
		return Claims{}, errors.New("the signature has been used before")
	}
	return claims, nil
}

// told returns what the request's token says.
func (v *Verifier) told(r *http.Request) (Claims, error) {
	values := r.Header[http.CanonicalHeaderKey(v.cfg.Header)]
	switch {
	case len(values) == 0:
		return Claims{}, ErrNoToken
	case len(values) > 1:
		return Claims{}, errors.New("it carries more than one token")
	case len(v.authorities) > 0 && !slices.Contains(v.authorities, httpsig.Incoming(r).Authority):
		return Claims{}, errors.New("the request is meant for another host")
	}
	claims, err := v.check(r.Context(), values[0])
	if err != nil {
		return Claims{}, err
	}
	if err := v.bound(claims, r); err != nil {
		return Claims{}, err
	}
	return claims, v.backed(r.Header, claims)
}

func (v *Verifier) check(ctx context.Context, token string) (Claims, error) {
	if len(token) > maxToken || !canonical(token) {
		return Claims{}, errors.New("the token is not a compact JWS")
	}
	// "none" is not among them, and each key takes one of them alone.
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256, jose.HS256})
	if err != nil || len(signed.Signatures) != 1 {
		return Claims{}, errors.New("the token is not a JWS signed with EdDSA, ES256, RS256 or HS256")
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
	if header.Algorithm != string(key.algorithm) {
		return Claims{}, errors.New("the token asks for another algorithm than its key's") // RFC 8725 §3.1
	}
	payload, err := signed.Verify(key.key)
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
