package samlsp

import (
	"context"
	"errors"
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
func (sp *ServiceProvider) VerifyResponse(ctx context.Context, samlResponse string, want Expected) (*Assertion, error) {
	return (&trial{off: sp.off}).verify(ctx, sp, samlResponse, want)
}

// Examine is VerifyResponse, and tells of every check that was made, whether the
// response was accepted or not. What [Assertion.Identity] checks comes on top:
// see [Report.WithPerson].
func (sp *ServiceProvider) Examine(ctx context.Context, samlResponse string, want Expected) (*Assertion, Report, error) {
	t := &trial{off: sp.off}
	a, err := t.verify(ctx, sp, samlResponse, want)
	var refused *Rejection
	errors.As(err, &refused)
	return a, t.told(refused), err
}

func (t *trial) verify(ctx context.Context, sp *ServiceProvider, samlResponse string, want Expected) (a *Assertion, err error) {
	defer func() {
		// What our libraries never checked may still make them panic.
		if p := recover(); p != nil {
			a, err = nil, reject(ReasonInternal, "the verifier failed on this input")
		}
	}()
	t.report.IDP = want.IDP
	idp, r := sp.asked(want)
	if r != nil {
		return nil, r
	}
	t.pass(ReasonUnknownIDP, ReasonIDPMetadataExpired)
	v := &prover{trial: t, sp: sp, idp: idp}
	p, r := v.prove(samlResponse)
	if r != nil {
		return nil, r
	}
	t.assertion, t.report.UsedSHA1 = p.assertion, v.sha1
	c := &checker{trial: t, sp: &sp.cfg, idp: idp, want: want, now: sp.cfg.Now()}
	if r := c.response(p); r != nil {
		return nil, r
	}
	if r := v.openInside(p); r != nil {
		return nil, r
	}
	if r := c.assertion(p.assertion); r != nil {
		return nil, r
	}
	a = c.read(p.assertion)
	a.usedSHA1 = v.sha1
	if err := sp.claim(ctx, t, idp, p.assertion.value("ID"), c.usableUntil()); err != nil { // last: only what would be accepted is used up
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
