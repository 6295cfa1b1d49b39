package identity

import (
	"crypto/sha256"
	"errors"
	"net/url"
	"strings"
	"time"
)

// Person is the stable key of a human being at this gateway: a normalised
// e-mail address, or IdP name, NUL, [NameID.Key]. It is personal data: stores keep
// its [Person.Hash], logs keep nothing of it.
type Person string

// ErrNobody is returned when an assertion names neither an e-mail address
// nor a NameID: there is nobody to sign in.
var ErrNobody = errors.New("neither an e-mail address nor a NameID was given")

// PersonOf returns the person of a normalised e-mail address, or of a NameID's
// key at the identity provider called idp when email is empty.
func PersonOf(email Email, idp, nameID string) (Person, error) {
	switch {
	case email != "":
		return Person(email), nil
	case nameID == "" || idp == "":
		return "", ErrNobody
	case strings.ContainsRune(idp, 0) || strings.ContainsRune(nameID, 0):
		return "", errors.New("a NameID cannot hold a NUL")
	}
	return Person(idp + "\x00" + nameID), nil
}

// PersonHash names a person in keys and messages without telling the address.
type PersonHash [sha256.Size]byte

// Subject is the person as apps may know it (the sub claim of RFC 7519): the
// e-mail address, or IdP name, "|", NameID key.
func (p Person) Subject() string { return strings.Replace(string(p), "\x00", "|", 1) }

// Hash returns the SHA-256 of the person.
func (p Person) Hash() PersonHash { return sha256.Sum256([]byte(p)) }

// NameID is the subject of an assertion exactly as the identity provider
// wrote it (SAML Core §2.2.3): single logout must echo every part of it.
type NameID struct {
	Value           string
	Format          string `json:",omitempty"`
	NameQualifier   string `json:",omitempty"`
	SPNameQualifier string `json:",omitempty"`
	SPProvidedID    string `json:",omitempty"`
}

// maxKey is the most bytes of a NameID that names a person: 256 characters
// (SAML Core §8.3.7).
const maxKey = 1024

// Key returns what names a person at one identity provider. It holds the format
// and the qualifier beside the value: a user name that somebody chose for
// himself may be the persistent identifier of somebody else, and a provider
// that passes on the names of others qualifies them, since two may be alike.
// issuer is the entity id of the provider, which is the qualifier where none is
// written. A value that is empty or long, or begins or ends with white space
// that somebody on the way may trim, names nobody: its key is empty.
//
//	persistent:8f14e45f
//	unspecified@https%3A%2F%2Fother.example:ana
func (n NameID) Key(issuer string) string {
	if n.Value == "" || len(n.Value) > maxKey || strings.TrimSpace(n.Value) != n.Value {
		return ""
	}
	key := url.QueryEscape(n.FormatName())
	if q := qualifier(n.NameQualifier, issuer); q != "" {
		key += "@" + url.QueryEscape(q)
	}
	return key + ":" + n.Value
}

// Authn says how and when somebody proved who they are
// (SAML Core §2.7.2, AuthnStatement).
type Authn struct {
	Instant      time.Time `json:",omitzero"`  // AuthnInstant
	ContextClass string    `json:",omitempty"` // AuthnContextClassRef, may be empty
	SessionIndex string    `json:",omitempty"` // may be empty
	NotOnOrAfter time.Time `json:",omitzero"`  // SessionNotOnOrAfter, zero when absent

	// ServiceProvider is which of our SP identities the sign-in was made with, by
	// its name in the configuration; empty = the gateway's own.
	ServiceProvider string `json:",omitempty"`

	// Issued is the IssueInstant of the assertion: the clock of the identity
	// provider says which of two sign-ins is the later one, and whether a logout
	// was before it.
	Issued time.Time `json:",omitzero"`
}

// Identity is a person as one identity provider described them at one
// sign-in. Absent attributes are empty.
type Identity struct {
	IDP        string // configured name of the identity provider
	Person     Person
	Email      Email `json:",omitempty"` // empty when the provider sends none
	NameID     NameID
	FirstName  string              `json:",omitempty"`
	LastName   string              `json:",omitempty"`
	Username   string              `json:",omitempty"`
	EmployeeID string              `json:",omitempty"`
	Roles      []string            `json:",omitempty"`
	Attributes map[string][]string `json:",omitempty"` // further mapped attributes, by their key in the configuration
	Authn      Authn
}
