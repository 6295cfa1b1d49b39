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
