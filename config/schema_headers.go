package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"time"
)

// Headers is what upstream apps learn, and under which names.
type Headers struct {
	HeaderNames `yaml:",inline"`
	Signing     *Signing `yaml:"signing"` // nil only with InsecureSkipSigning
	// InsecureSkipSigning is the reason why apps get headers nobody signed.
	InsecureSkipSigning string `yaml:"insecure_skip_signing"`
}

// HeaderNames are the headers of one route. An empty name is never set.
type HeaderNames struct {
	Email      string            `yaml:"email" default:"X-Auth-Email" is:"header"`
	FirstName  string            `yaml:"first_name" default:"X-Auth-First-Name" is:"header"`
	LastName   string            `yaml:"last_name" default:"X-Auth-Last-Name" is:"header"`
	Username   string            `yaml:"username" is:"header"`
	Roles      string            `yaml:"roles" default:"X-Auth-Roles" is:"header"`
	EmployeeID string            `yaml:"employee_id" default:"X-Auth-Employee-Id" is:"header"`
	Extra      map[string]string `yaml:"extra"` // header → key of an IdP's attributes
	Set        map[string]Secret `yaml:"set"`   // header → fixed value
	Encoding   Encoding          `yaml:"encoding" default:"utf8"`
	Separator  string            `yaml:"separator" default:","`
}

// RouteHeaders are a route's own names: absent keys keep those of the preset, or
// else those of Headers.
type RouteHeaders struct {
	Preset      string `yaml:"preset" oneof:"sd-elements grafana jenkins splunk remote-user"`
	HeaderNames `yaml:",inline"`
	Signing     *Signing `yaml:"signing"` // in force here: absent keys are those of Headers.Signing
}

// inherit begins a route's headers with those of all.
func (r *RouteHeaders) inherit(all Headers) {
	r.HeaderNames = all.HeaderNames
	if all.Signing != nil {
		own := *all.Signing
		r.Signing = &own
	}
}

// Signing is how apps can tell that headers are ours.
type Signing struct {
	JWT           JWT           `yaml:"jwt"`
	HTTPSignature HTTPSignature `yaml:"http_signature"`
	Keys          []SigningKey  `yaml:"keys"` // newest first
}

// JWT is the signed token. An empty Header switches it off.
type JWT struct {
	Header    string        `yaml:"header" default:"X-Auth-Assertion" is:"header"`
	Algorithm string        `yaml:"algorithm" default:"EdDSA" oneof:"EdDSA ES256 RS256 HS256"`
	TTL       time.Duration `yaml:"ttl" default:"60s"`
	// Issuer is the claim iss; empty means the gateway's origin.
	Issuer string `yaml:"issuer"`
	// BindRequest makes a token for every request, which is good for no other.
	BindRequest bool `yaml:"bind_request" default:"false"`
}

// signed reports whether an app can tell whose headers it gets.
func (s *Signing) signed() bool {
	return s != nil && (s.JWT.Header != "" || s.HTTPSignature.Enabled)
}

// HTTPSignature is RFC 9421.
type HTTPSignature struct {
	Enabled   bool          `yaml:"enabled" default:"false"`
	Algorithm string        `yaml:"algorithm" default:"ed25519" oneof:"ed25519 ecdsa-p256-sha256 hmac-sha256"`
	TTL       time.Duration `yaml:"ttl" default:"60s"`
	// ContentDigestBytes is up to how many bytes a body is covered; 0: none is.
	ContentDigestBytes Size `yaml:"content_digest_bytes" default:"0"`
}

// SigningKey is one key with its "kid".
type SigningKey struct {
	ID      string        `yaml:"id" is:"keyid"`
	File    Path          `yaml:"file"`
	Private crypto.Signer `yaml:"-"` // nil for a secret, and under Options.NoFiles
	Secret  Key           `yaml:"-"` // shared with the one app that verifies; never published
}

// fits reports whether the key can sign with an algorithm, by its name in the
// file.
func (k SigningKey) fits(algorithm string) bool {
	switch k.Private.(type) {
	case ed25519.PrivateKey:
		return algorithm == "EdDSA" || algorithm == "ed25519"
	case *ecdsa.PrivateKey:
		return algorithm == "ES256" || algorithm == "ecdsa-p256-sha256"
	case *rsa.PrivateKey:
		return algorithm == "RS256"
	}
	return !k.Secret.Empty() && (algorithm == "HS256" || algorithm == "hmac-sha256")
}
