package samlsp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/beevik/etree"
)

// RequestOptions are the choices of one login.
type RequestOptions struct {
	ForceAuthn   bool     // ask the person to prove who they are again, whatever the identity provider's setting
	AuthnContext []string // how the person shall sign in: one of these exactly; empty = as the identity provider is set up
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

const (
	maxRelayState = 80 // bytes (Bindings §3.4.3, §3.5.3)
	idBytes       = 20 // 160 bits (Core §1.3.4 asks for 128)
)

// NewRequest writes the request for a login at the identity provider of that
// name. relayState is an opaque token of at most 80 printable bytes, or empty.
func (sp *ServiceProvider) NewRequest(idpName, relayState string, o RequestOptions) (*AuthnRequest, error) {
	idp, ok := sp.IDP(idpName)
	if !ok {
		return nil, fmt.Errorf("writing a login request: no idp %q", idpName)
	}
	if len(relayState) > maxRelayState || !printable(relayState) {
		return nil, fmt.Errorf("writing a login request for idp %q: the relay state must be at most %d printable bytes", idpName, maxRelayState)
	}
	id := newID()
	request := sp.authnRequest(id, idp, o)
	out := &AuthnRequest{ID: id, IDP: idp.Name, Binding: idp.RequestBinding}
	var err error
	if idp.RequestBinding == PostBinding {
		out.URL = idp.SSO[PostBinding]
		out.Fields, err = sp.postFields(request, idp.SignRequests, relayState)
	} else {
		out.URL, err = sp.redirectURL(request, idp.SSO[RedirectBinding], idp.SignRequests, relayState)
	}
	if err != nil {
		return nil, fmt.Errorf("writing a login request for idp %q: %w", idpName, err)
	}
	return out, nil
}

// newID returns an unguessable xs:ID, which may not begin with a digit.
func newID() string {
	b := make([]byte, idBytes)
	rand.Read(b) // never fails, says crypto/rand
	return "_" + hex.EncodeToString(b)
}

// authnRequest is samlp:AuthnRequestType (Core §3.4.1), of which we say as
// little as possible: the address of our ACS in full (saml2int SDP-SP05), and a
// NameIDPolicy only where an operator asked for one.
func (sp *ServiceProvider) authnRequest(id string, idp *IdentityProvider, o RequestOptions) *etree.Element {
	r := etree.NewElement("samlp:AuthnRequest")
	r.CreateAttr("xmlns:samlp", nsProtocol)
	r.CreateAttr("xmlns:saml", nsAssertion)
	r.CreateAttr("ID", id)
	r.CreateAttr("Version", "2.0")
	r.CreateAttr("IssueInstant", sp.cfg.Now().UTC().Format(time.RFC3339))
	r.CreateAttr("Destination", idp.SSO[idp.RequestBinding])
	if o.ForceAuthn || idp.ForceAuthn {
		r.CreateAttr("ForceAuthn", "true")
	}
	r.CreateAttr("ProtocolBinding", string(PostBinding))
	r.CreateAttr("AssertionConsumerServiceURL", sp.cfg.ACSURL)
	r.CreateElement("saml:Issuer").SetText(sp.cfg.EntityID)
	if idp.NameIDFormat != "" {
		policy := r.CreateElement("samlp:NameIDPolicy")
		policy.CreateAttr("Format", idp.NameIDFormat)
		if idp.NameIDFormat != formatTransient { // errata E14: not with transient
			policy.CreateAttr("AllowCreate", "true")
		}
	}
	askContext(r, contexts(o.AuthnContext, idp))
	return r
}

// contexts are those of the route, or else those of the identity provider.
func contexts(ofRoute []string, idp *IdentityProvider) []string {
	if len(ofRoute) > 0 {
		return ofRoute
	}
	return idp.AuthnContext
}

// askContext is samlp:RequestedAuthnContext (Core §3.3.2.2.1): one of these and
// no other, since "better" means something else at every identity provider.
func askContext(r *etree.Element, classes []string) {
	if len(classes) == 0 {
		return
	}
	asked := r.CreateElement("samlp:RequestedAuthnContext")
	asked.CreateAttr("Comparison", "exact")
	for _, c := range classes {
		asked.CreateElement("saml:AuthnContextClassRef").SetText(c)
	}
}

// postFields is the HTTP-POST binding (Bindings §3.5.4).
func (sp *ServiceProvider) postFields(request *etree.Element, sign bool, relayState string) ([]Field, error) {
	if sign {
		if err := sp.cfg.Keys[0].signElement(request, behindIssuer); err != nil {
			return nil, err
		}
	}
	data, err := canonicalBytes(request)
	if err != nil {
		return nil, err
	}
	fields := []Field{{"SAMLRequest", base64.StdEncoding.EncodeToString(data)}}
	if relayState != "" {
		fields = append(fields, Field{"RelayState", relayState})
	}
	return fields, nil
}
