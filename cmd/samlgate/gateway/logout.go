package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/slo"
	"github.com/samlgate/samlgate/sessionstore"
)

// logouts introduces single logout to the sign-in: the logout services of every
// identity of ours, by its name.
type logouts struct {
	services map[string]*slo.Service
	at       identities
	weak     func(idp string) // told of each message that rests on SHA-1
}

// logouts makes the logout services of t.
func (b *base) logouts(t *tree) (logouts, error) {
	l := logouts{services: make(map[string]*slo.Service), at: t.identities, weak: b.weak}
	if err := l.add(own, t, b.spConfig(t)); err != nil {
		return l, err
	}
	for _, c := range t.cfg.SAML.ServiceProviders {
		if err := l.add(c.Name, t, b.furtherConfig(t, c)); err != nil {
			return l, fmt.Errorf("service provider %q: %w", c.Name, err)
		}
	}
	return l, nil
}

func (l logouts) add(name string, t *tree, c samlsp.Config) error {
	sp := t.identities[name]
	service, err := slo.New(slo.Config{
		SP: sp, EntityID: c.EntityID, URL: c.SLOURL, SOAPURL: c.SOAPURL, ClockSkew: c.ClockSkew, Replay: replay{t}, Now: c.Now,
		ResponseLocation: func(idp string, b samlsp.Binding) string {
			if p, ok := sp.IDP(idp); ok {
				return p.SLOResponses[b]
			}
			return ""
		},
	})
	l.services[name] = service
	return err
}

// Offers implements signin.Logouts.
func (l logouts) Offers(sp, idp string) bool {
	s := l.services[sp]
	return s != nil && s.Offers(idp)
}

// Address implements signin.Logouts.
func (l logouts) Address(idp string) string {
	p, ok := l.at[own].IDP(idp)
	if !ok {
		return ""
	}
	return cmp.Or(p.SLO[samlsp.RedirectBinding], p.SLO[samlsp.PostBinding])
}

// Request implements signin.Logouts.
func (l logouts) Request(d signin.Departed, relayState string) (signin.Request, error) {
	s := l.services[d.ServiceProvider]
	if s == nil { // a reload took it away
		return signin.Request{}, fmt.Errorf("writing a logout request: no service provider %q", d.ServiceProvider)
	}
	out, err := s.NewRequest(slo.Ask{IDP: d.IDP, NameID: d.NameID, SessionIndexes: d.Indexes}, relayState)
	if err != nil {
		return signin.Request{}, err
	}
	return signin.Request{ID: out.ID, URL: out.URL, Fields: fields(out)}, nil
}

func fields(out *slo.Outgoing) (all []signin.Field) {
	for _, f := range out.Fields {
		all = append(all, signin.Field(f))
	}
	return all
}

// Fault implements signin.Logouts.
func (l logouts) Fault(refused bool) []byte { return slo.Fault(refused) }

// Read implements signin.Logouts.
func (l logouts) Read(sp string, in signin.Received) (signin.LogoutMessage, error) {
	s := l.services[sp]
	if s == nil {
		return nil, &signin.Refusal{Reason: "unknown_service_provider", Detail: "no longer configured", Code: pages.SLORefused}
	}
	var r *slo.Received
	var err error
	switch {
	case in.SOAP != nil:
		r, err = slo.FromSOAP(in.SOAP)
	case in.Form != nil:
		r, err = slo.FromForm(in.Form)
	default:
		r, err = slo.FromRedirect(in.Query)
	}
	m := message{l, s, sp, r}
	return m, m.refusal(err)
}

// message implements signin.LogoutMessage.
type message struct {
	logouts
	service  *slo.Service
	sp       string
	received *slo.Received
}

func (m message) Answers() (string, bool) {
	return m.received.InResponseToHint(), !m.received.IsRequest()
}

func (m message) Request(ctx context.Context) (signin.LogoutRequest, error) {
	req, err := m.service.VerifyRequest(ctx, m.received)
	if err != nil {
		return signin.LogoutRequest{}, m.refusal(err)
	}
	if req.UsedSHA1 {
		m.weak(req.IDP)
	}
	return signin.LogoutRequest{
		Named: sessionstore.Named{IDP: req.IDP, Issuer: req.Issuer, NameID: req.NameID, Indexes: req.SessionIndexes, Issued: req.Issued},
		Spend: func(ctx context.Context) error { return m.service.Spend(ctx, req) },
		Done: func() (*signin.LogoutAnswer, error) {
			out, err := m.service.NewResponse(req, slo.Success)
			if errors.Is(err, slo.ErrNoAddress) {
				return nil, nil
			}
			return m.answer(out), err
		},
	}, nil
}

func (m message) Outcome(idp, request string) (signin.LogoutOutcome, error) {
	res, err := m.service.VerifyResponse(m.received, samlsp.Expected{IDP: idp, RequestID: request})
	if err != nil {
		return signin.LogoutFailed, m.refusal(err)
	}
	if res.UsedSHA1 {
		m.weak(idp)
	}
	return signin.LogoutOutcome(res.Outcome.String()), nil
}

// refusal puts a rejection into the words of a page, with the answer that its
// sender deserves. What is no rejection stays what it is.
func (m message) refusal(err error) error {
	var r *slo.Rejection
	if !errors.As(err, &r) {
		return err
	}
	refused := &signin.Refusal{Reason: string(r.Reason), Detail: r.Detail, Code: pages.SLORefused}
	if out, ok := m.service.Refuse(r); ok {
		refused.Answer = m.answer(out)
	}
	return refused
}

// answer is a response on its way, with the places whose pages may frame it.
func (m message) answer(out *slo.Outgoing) *signin.LogoutAnswer {
	if out == nil {
		return nil
	}
	a := &signin.LogoutAnswer{IDP: out.IDP, URL: out.URL, Fields: fields(out), Body: out.Body}
	if idp, ok := m.at[m.sp].IDP(out.IDP); ok {
		for _, addresses := range []map[samlsp.Binding]string{idp.SSO, idp.SLO, idp.SLOResponses} {
			for _, address := range addresses {
				a.Frames = append(a.Frames, address)
			}
		}
		slices.Sort(a.Frames)
	}
	return a
}
