package samlsp

import (
	"context"
	"time"
)

// Expected is the pending login that a response must answer, as the login
// cookie remembers it.
type Expected struct {
	IDP       string // name of the identity provider that was asked
	RequestID string // ID of the AuthnRequest

	// Unsolicited expects a response that the identity provider started
	// (Profiles §4.1.5): RequestID must be empty, and nothing in the response
	// may answer any request.
	Unsolicited bool
	// MaxAuthAge is how long ago the person may have signed in there; 0 = any.
	MaxAuthAge time.Duration
	// AuthnNotBefore is when the request with ForceAuthn was sent: the person
	// must have signed in after it. Zero = any.
	AuthnNotBefore time.Time
	// AuthnContext lists the URIs of which one, exactly, must say how the
	// person signed in; empty = as the identity provider is set up.
	AuthnContext []string
}

// VerifyResponse checks the SAMLResponse form value of an ACS request against
// the pending login. On every refusal the error is a [*Rejection]; it is
// [ErrUnavailable] when the replay cache cannot be asked. An assertion is
// returned once: the second time it is a replay.
func (sp *ServiceProvider) VerifyResponse(ctx context.Context, samlResponse string, want Expected) (a *Assertion, err error) {
	defer func() {
		// What our libraries never checked may still make them panic.
		if p := recover(); p != nil {
			a, err = nil, reject(ReasonInternal, "the verifier failed on this input")
		}
	}()
	idp, r := sp.asked(want)
	if r != nil {
		return nil, r
	}
	p, r := prove(samlResponse, idp)
	if r != nil {
		return nil, r
	}
	c := &checker{sp: &sp.cfg, idp: idp, want: want, now: sp.cfg.Now()}
	if r := c.response(p); r != nil {
		return nil, r
	}
	if r := c.assertion(p.assertion); r != nil {
		return nil, r
	}
	a = c.read(p.assertion)
	if err := sp.claim(ctx, idp, p.assertion.value("ID"), c.usableUntil()); err != nil { // last: only what would be accepted is used up
		return nil, err
	}
	return a, nil
}

// asked returns the identity provider that the pending login names. No other
// can answer, whatever the response says about its sender.
func (sp *ServiceProvider) asked(want Expected) (*IdentityProvider, *Rejection) {
	idp, ok := sp.IDP(want.IDP)
	if !ok {
		return nil, reject(ReasonUnknownIDP, "the pending login names no configured idp")
	}
	switch {
	case !want.Unsolicited && want.RequestID == "":
		return nil, reject(ReasonInResponseTo, "no request is pending")
	case want.Unsolicited && want.RequestID != "":
		return nil, reject(ReasonInResponseTo, "a request is pending, so this is not unsolicited")
	}
	if now := sp.cfg.Now(); !idp.ValidUntil.IsZero() && !now.Before(idp.ValidUntil.Add(sp.cfg.ClockSkew)) {
		return nil, reject(ReasonIDPMetadataExpired, "metadata of idp %q was valid until %s", idp.Name, stamp(idp.ValidUntil))
	}
	return idp, nil
}

// proof is a response of which the assertion is proven: it was read from bytes
// that a trusted signature covers. The envelope is proven only when
// envelopeSigned is true.
type proof struct {
	envelope       *node
	envelopeSigned bool
	assertion      *node
}

// prove decodes, takes apart and verifies a response.
func prove(samlResponse string, idp *IdentityProvider) (*proof, *Rejection) {
	data, r := decodeForm(samlResponse)
	if r != nil {
		return nil, r
	}
	root, r := parse(data, received())
	if r != nil {
		return nil, r
	}
	doc, r := shapeOf(root)
	if r != nil {
		return nil, r
	}
	if r := policy(doc, idp.Require); r != nil {
		return nil, r
	}
	return verifyBoth(doc, idp)
}

// policy asks for the signatures that must be there before any is verified.
func policy(doc *document, require SignedPart) *Rejection {
	response := doc.response.child(nsDSig, "Signature") != nil
	assertion := doc.assertion.child(nsDSig, "Signature") != nil
	switch {
	case !response && !assertion:
		return reject(ReasonNoSignature, "neither the response nor its assertion is signed")
	case require == SignedResponse && !response, require == SignedBoth && !response:
		return reject(ReasonSignedPart, "the response is not signed")
	case require == SignedAssertion && !assertion, require == SignedBoth && !assertion:
		return reject(ReasonSignedPart, "the assertion is not signed")
	}
	return nil
}

// verifyBoth verifies every signature that there is, and takes each element
// from what its innermost signature covers.
func verifyBoth(doc *document, idp *IdentityProvider) (*proof, *Rejection) {
	p := &proof{envelope: doc.response}
	if doc.response.child(nsDSig, "Signature") != nil {
		root, r := reread(idp, doc.response)
		if r != nil {
			return nil, r
		}
		again, r := shapeOf(root)
		if r != nil {
			return nil, r
		}
		p.envelope, p.envelopeSigned, p.assertion = again.response, true, again.assertion
	}
	if doc.assertion.child(nsDSig, "Signature") != nil {
		root, r := reread(idp, doc.assertion, doc.response)
		if r != nil {
			return nil, r
		}
		if r := checkAssertion(root); r != nil {
			return nil, r
		}
		p.assertion = root
	}
	return p, nil
}

// reread verifies the signature of one element and reads it again from the
// bytes that were covered.
func reread(idp *IdentityProvider, n *node, above ...*node) (*node, *Rejection) {
	covered, r := verifySignature(n, above, idp.certs)
	if r != nil {
		return nil, r
	}
	root, r := parse(covered, signed())
	if r != nil {
		return nil, r
	}
	if !root.is(n.space, n.local) || root.value("ID") != n.value("ID") {
		return nil, reject(ReasonDigestMismatch, "the signed element is another one")
	}
	return root, nil
}
