package samlsp

import "errors"

// RequestOptions are the choices of one login.
type RequestOptions struct {
	ForceAuthn bool // ask the person to prove who they are again
}

// Field is one hidden field of a form, in order.
type Field struct{ Name, Value string }

// AuthnRequest is a login request ready to leave through the browser.
type AuthnRequest struct {
	ID      string // to be remembered: the response must answer it
	IDP     string // name of the identity provider asked
	Binding Binding
	URL     string  // redirect: complete; post: the form's action
	Fields  []Field // post only: SAMLRequest and, if any, RelayState
}

// NewRequest writes the request for a login at the identity provider of that
// name. relayState is an opaque token of at most 80 bytes, or empty.
func (sp *ServiceProvider) NewRequest(idpName, relayState string, o RequestOptions) (*AuthnRequest, error) {
	return nil, errors.New("not built")
}
