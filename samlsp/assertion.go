package samlsp

import (
	"slices"

	"github.com/samlgate/samlgate/identity"
)

// Assertion is what an identity provider said about somebody, proven: its
// signature, its conditions and its single use were checked. Only
// [ServiceProvider.VerifyResponse] makes one.
type Assertion struct {
	idp        *IdentityProvider // as it was when the response was verified
	nameID     identity.NameID
	authn      identity.Authn
	attributes []attribute
	usedSHA1   bool
	off        map[Reason]bool // as in trial
}

// attribute is one saml:Attribute with the texts of its values.
type attribute struct {
	name   string
	values []string
}

// IDP returns the configured name of the identity provider that signed.
func (a *Assertion) IDP() string { return a.idp.Name }

// NameID returns the subject as written, empty when there was none.
func (a *Assertion) NameID() identity.NameID { return a.nameID }

// Authn returns how and when the person signed in there.
func (a *Assertion) Authn() identity.Authn { return a.authn }

// UsedSHA1 says that a signature of this response was made with SHA-1, or its
// digest was, which the identity provider's AllowSHA1 let pass: worth a warning.
func (a *Assertion) UsedSHA1() bool { return a.usedSHA1 }

// AttributeNames returns the names of the attributes that were sent, each once,
// in the order in which they came: names may be logged, values may not.
func (a *Assertion) AttributeNames() []string {
	var names []string
	for _, at := range a.attributes {
		if !slices.Contains(names, at.name) {
			names = append(names, at.name)
		}
	}
	return names
}
