package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/samlsp"
)

// provider introduces the SAML service provider to the sign-in.
type provider struct {
	identities
	weak func(idp string) // told of each sign-in that rests on SHA-1
}

// Request implements signin.Provider.
func (p provider) Request(idp, relayState string, d signin.Demand) (signin.Request, error) {
	sp, err := p.identity(d.ServiceProvider)
	if err != nil {
		return signin.Request{}, err
	}
	if _, loaded := sp.IDP(idp); !loaded {
		return signin.Request{}, &signin.Refusal{Reason: "idp_not_loaded", Detail: "its metadata has not arrived yet", Code: pages.IDPUnavailable}
	}
	req, err := sp.NewRequest(idp, relayState, samlsp.RequestOptions{ForceAuthn: d.MaxAge > 0 || d.Anew, AuthnContext: d.Contexts})
	if err != nil {
		return signin.Request{}, refusal(err)
	}
	out := signin.Request{ID: req.ID, URL: req.URL}
	for _, f := range req.Fields {
		out.Fields = append(out.Fields, signin.Field(f))
	}
	return out, nil
}

// Hint implements signin.Provider.
func (p provider) Hint(response string) (signin.Hint, error) {
	hint, err := samlsp.PeekResponse(response)
	if err != nil {
		return signin.Hint{}, refusal(err)
	}
	return signin.Hint{RequestID: hint.RequestID, IDP: p.named(hint.Issuer)}, nil
}

// named is the configured name of the identity provider with that entity id.
func (p provider) named(entityID string) string {
	for _, idp := range p.identities[own].IDPs() {
		if idp.EntityID == entityID {
			return idp.Name
		}
	}
	return ""
}

// Verify implements signin.Provider.
func (p provider) Verify(ctx context.Context, response string, a signin.Asked) (identity.Identity, visit.Report, error) {
	sp, err := p.identity(a.ServiceProvider)
	if err != nil {
		return identity.Identity{}, visit.Report{}, err
	}
	want := samlsp.Expected{
		IDP: a.IDP, RequestID: a.RequestID, Unsolicited: a.RequestID == "",
		MaxAuthAge: a.Demand.MaxAge, AuthnContext: a.Demand.Contexts,
	}
	if idp, ok := sp.IDP(a.IDP); a.Demand.Anew || ok && idp.ForceAuthn {
		want.AuthnNotBefore = a.At
	}
	assertion, report, err := sp.Examine(ctx, response, want)
	if err != nil {
		return identity.Identity{}, told(report), refusal(err)
	}
	if assertion.UsedSHA1() {
		p.weak(a.IDP)
	}
	id, err := assertion.Identity()
	id.Authn.ServiceProvider = a.ServiceProvider
	out := told(report.WithPerson(err))
	out.Sources = assertion.Sources()
	return id, out, refusal(err)
}

// told is a report in the words of the sign-in.
func told(r samlsp.Report) visit.Report {
	out := visit.Report{
		Bytes: r.Bytes, Proven: r.Proven, Encrypted: r.Encrypted, SHA1: r.UsedSHA1, ClockOff: r.ClockOff, Attributes: r.Attributes,
	}
	for _, v := range r.Verdicts {
		out.Checks = append(out.Checks, visit.Check{Name: v.Check, Passed: v.Passed, Detail: v.Detail})
	}
	return out
}

// refusal puts a rejection into the words of a page. What is no rejection stays
// what it is.
func refusal(err error) error {
	var r *samlsp.Rejection
	if !errors.As(err, &r) {
		return err
	}
	code, args := plainReason(r)
	return &signin.Refusal{Reason: r.Reason.String(), Detail: r.Detail, Code: code, Args: args}
}

func plainReason(r *samlsp.Rejection) (pages.Code, map[string]string) {
	switch r.Reason {
	case samlsp.ReasonStatus:
		return pages.SAMLStatus, map[string]string{"status": r.Status}
	case samlsp.ReasonReplay:
		return pages.SAMLReplay, nil
	case samlsp.ReasonIDPMetadataExpired, samlsp.ReasonUnknownIDP:
		return pages.IDPUnavailable, nil
	case samlsp.ReasonAuthnTooOld:
		return pages.AuthnTooOld, nil
	case samlsp.ReasonAuthnContext:
		return pages.AuthnContext, nil
	case samlsp.ReasonEmailInvalid, samlsp.ReasonEmailDomain, samlsp.ReasonSeveralEmails, samlsp.ReasonNobody:
		return pages.EmailRefused, nil
	case samlsp.ReasonMissingAttribute:
		return pages.MissingAttr, missing(r.Missing)
	}
	if r.ClockOff == 0 {
		return pages.SAMLRefused, nil
	}
	direction := "ahead"
	if r.ClockOff < 0 {
		direction = "behind"
	}
	return pages.SAMLClock, map[string]string{"skew": pages.Duration(r.ClockOff), "direction": direction}
}

func missing(m *samlsp.MissingAttribute) map[string]string {
	if m == nil {
		return nil
	}
	args := map[string]string{"field": m.Field, "wanted": strings.Join(m.Wanted, ", ")}
	if m.NearMiss != "" {
		args["got"] = m.NearMiss
	}
	return args
}

// returns introduces the return addresses of SAML to the sign-in.
type returns struct{ policy samlsp.ReturnPolicy }

// Check implements signin.Returns.
func (r returns) Check(raw string) (string, bool) {
	u, ok := r.policy.Check(raw)
	return u.String(), ok
}
