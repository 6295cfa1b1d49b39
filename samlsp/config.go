package samlsp

import (
	"context"
	"crypto"
	"crypto/x509"
	"time"
)

// Binding is the URI of a SAML protocol binding.
type Binding string

// The bindings by which messages travel through a browser (Bindings §3.4, §3.5).
const (
	RedirectBinding Binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	PostBinding     Binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// SignedPart says which element of a response must carry a signature. Every
// signature that is present must be valid, whatever the policy asks for.
type SignedPart string

// The signature policies. The empty string means SignedEither.
const (
	SignedEither    SignedPart = "either"
	SignedAssertion SignedPart = "assertion"
	SignedResponse  SignedPart = "response"
	SignedBoth      SignedPart = "both"
)

// Config describes one service provider. Every URL is compared byte for byte.
type Config struct {
	EntityID    string // our name at every identity provider; any URI of at most 1024 bytes
	MetadataURL string // where Metadata is served; may be empty
	ACSURL      string // the assertion consumer service: Destination and Recipient must equal it
	SLOURL      string // single logout; empty leaves it out of the metadata
	SOAPURL     string // single logout without a browser; empty likewise
	// DiscoveryURL is where a discovery service sends people back to, with the
	// entity id of the provider they chose; empty leaves it out of the metadata.
	DiscoveryURL string
	Keys         []KeyPair
	ClockSkew    time.Duration // allowed on every time, both ways; 0 to 15 minutes
	Replay       ReplayCache   // required
	Now          func() time.Time
	// MetadataLife is how long published metadata stays valid, 365 days when
	// zero. Identity providers that import metadata once stop at its end.
	MetadataLife time.Duration
	// SignMetadata signs the published metadata with the first key.
	SignMetadata bool
	// InsecureSharedDomains is the operator's reason why several identity
	// providers may speak for the same e-mail domain. Empty forbids it.
	InsecureSharedDomains string
	Organization          Organization
	Contact               Contact
}

// KeyPair is a certificate and its key. The first pair of [Config].Keys signs,
// all are published; RSA of 2048 bits or more, or ECDSA on P-256, P-384, P-521.
type KeyPair struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// Organization is published in the metadata when Name is not empty; an empty
// DisplayName repeats Name, an empty URL the entity id.
type Organization struct{ Name, DisplayName, URL string }

// Contact is the technical contact published in the metadata when Email is not
// empty.
type Contact struct{ Name, Email string }

// ReplayCache remembers used assertions. Claim reports true for the first
// claimant of key only; the memory lasts until the given instant, on every
// replica. An error means that nobody can tell, so nobody gets in.
type ReplayCache interface {
	Claim(ctx context.Context, key string, until time.Time) (bool, error)
}

// IdentityProvider is one trusted identity provider, resolved. It is copied
// when handed over and never changed afterwards.
type IdentityProvider struct {
	Name           string // slug for URLs, logs and sessions
	DisplayName    string
	EntityID       string
	SSO, SLO       map[Binding]string
	SLOResponses   map[Binding]string  // where answers about a logout go, as far as that is not in SLO (Metadata §2.2.2)
	Certificates   []*x509.Certificate // any one may sign; RSA keys below 2048 bits are ignored, expired ones are not
	RequestBinding Binding             // empty means redirect
	SignRequests   bool
	Require        SignedPart
	NameIDFormat   string   // asked for by NameIDPolicy; empty sends none
	EmailDomains   []string // normalised; empty = any, only with a single identity provider
	Attributes     Mapping
	Required       []string  // fields of Mapping by their configuration key, such as "email" or "first_name"
	ValidUntil     time.Time // of the metadata; past it logins are refused; zero = none

	// ForceAuthn asks with every request that the person prove anew who they
	// are, and holds the answer to it.
	ForceAuthn bool
	// AuthnContext lists the URIs of which one, exactly, must say how the
	// person signed in. It is asked for, and checked. Empty = any.
	AuthnContext []string
	// AllowSHA1 believes signatures and digests with SHA-1, see [Assertion.UsedSHA1].
	AllowSHA1 bool
	// InsecureUnicodeEmail is the operator's reason why local parts of e-mail
	// addresses may hold letters outside ASCII; empty = they may not. People
	// whose addresses look alike are then different people.
	InsecureUnicodeEmail string
	// AllowCBC decrypts an assertion in AES-CBC outside a signed response too.
	AllowCBC bool

	certs []*x509.Certificate // the usable ones of Certificates
}

// Mapping names the attributes that describe a person. Each field lists
// attribute Names in order of preference, compared exactly (never by
// FriendlyName); the first that is present wins. The source "NameID" stands for
// the subject's NameID.
type Mapping struct {
	Email, FirstName, LastName, Username, Roles, EmployeeID []string
	Extra                                                   map[string][]string // further attributes by their configuration key
}
