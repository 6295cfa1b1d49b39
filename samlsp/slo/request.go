package slo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
)

const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"

	maxAge    = 10 * time.Minute // of a message by its IssueInstant: it is sent at once
	minMemory = 10 * time.Minute // of a used request beyond the age at which it is too old
	maxIndex  = 1 << 10          // bytes of a SessionIndex
)

// LogoutRequest is what an identity provider asked, proven.
type LogoutRequest struct {
	IDP    string // name of the identity provider; only its sessions may end
	Issuer string // its entity id
	ID     string
	Issued time.Time // IssueInstant: sign-ins that it asserted before end, too, when they come later (Core §3.7.3.2)
	NameID identity.NameID
	// SessionIndexes are the sessions to end; none means all sessions of that
	// NameID at that identity provider (Core §3.7.1).
	SessionIndexes []string
	RelayState     string
	Binding        samlsp.Binding
	UsedSHA1       bool // believed although signed with SHA-1, as the operator allowed: worth a warning and a metric
}

// VerifyRequest believes a LogoutRequest until it was done, see [Service.Spend].
// On every refusal the error is a [*Rejection]; it is samlsp.ErrUnavailable when
// the replay cache cannot be asked.
func (s *Service) VerifyRequest(ctx context.Context, in *Received) (*LogoutRequest, error) {
	if !in.IsRequest() {
		return nil, reject(ReasonKind, "a response where a request is expected")
	}
	p, err := s.cfg.SP.Prove(in.message)
	if err != nil {
		return nil, rejection(err)
	}
	if err := s.checkDestination(p.Element(), in.binding); err != nil {
		return nil, err
	}
	id, _ := p.Element().Attr("", "ID")
	req := &LogoutRequest{IDP: p.IDP().Name, Issuer: p.IDP().EntityID, ID: id, RelayState: in.relayState, Binding: in.binding, UsedSHA1: p.UsedSHA1()}
	if err := s.fill(ctx, req, p); err != nil {
		return nil, answerable(err, req)
	}
	return req, nil
}

// answerable notes who may be told about a refusal.
func answerable(err error, req *LogoutRequest) error {
	if r, ok := err.(*Rejection); ok {
		r.asker = &LogoutRequest{IDP: req.IDP, ID: req.ID, RelayState: req.RelayState, Binding: req.Binding}
	}
	return err
}

// fill checks time and person of a proven request, and that it was not done yet.
func (s *Service) fill(ctx context.Context, req *LogoutRequest, p *samlsp.Proven) error {
	var err error
	if req.Issued, err = s.checkTimes(p.Element()); err != nil {
		return err
	}
	if req.NameID, err = s.nameID(p); err != nil {
		return err
	}
	if req.SessionIndexes, err = s.sessionIndexes(p.Element()); err != nil {
		return err
	}
	return s.checkUnused(ctx, req)
}

// checkDestination: a signed message names the address it is meant for, which
// is ours (Bindings §3.4.5.2, §3.5.5.2). By SOAP there is no browser that could
// carry it elsewhere, and many leave it out.
func (s *Service) checkDestination(message samlsp.Element, b samlsp.Binding) error {
	destination, _ := message.Attr("", "Destination")
	switch {
	case b == SOAPBinding && s.cfg.SOAPURL == "" && s.makes(ReasonDestination):
		return reject(ReasonDestination, "logout by SOAP is not offered")
	case b == SOAPBinding && (destination == "" || destination == s.cfg.SOAPURL):
		return nil
	case b != SOAPBinding && destination == s.cfg.URL, !s.makes(ReasonDestination):
		return nil
	}
	return reject(ReasonDestination, "the message is meant for another address, or for none")
}

// checkTimes returns when the request was issued (Core §3.2.1, §3.7.1).
func (s *Service) checkTimes(message samlsp.Element) (issued time.Time, err error) {
	issued, err = s.checkIssued(message)
	if err != nil {
		return issued, err
	}
	end, given, err := message.Instant("NotOnOrAfter")
	if err != nil && s.makes(ReasonTimeFormat) {
		return issued, rejection(err)
	}
	now, given := s.cfg.Now(), given && err == nil
	if given && !now.Before(end.Add(s.cfg.ClockSkew)) && s.makes(ReasonExpired) {
		return issued, rejectTime(ReasonExpired, now, issued, "valid until %s", stamp(end))
	}
	return issued, nil
}

// checkIssued wants an IssueInstant of the last minutes.
func (s *Service) checkIssued(message samlsp.Element) (time.Time, error) {
	now := s.cfg.Now()
	issued, given, err := message.Instant("IssueInstant")
	switch {
	case err != nil && s.makes(ReasonTimeFormat):
		return issued, rejection(err)
	case !given && s.makes(ReasonTimeFormat):
		return issued, reject(ReasonTimeFormat, "the message has no IssueInstant")
	case issued.After(now.Add(s.cfg.ClockSkew)) && s.makes(ReasonIssuedInFuture):
		return issued, rejectTime(ReasonIssuedInFuture, now, issued, "issued at %s", stamp(issued))
	case !now.Before(issued.Add(maxAge+s.cfg.ClockSkew)) && s.makes(ReasonTooOld):
		return issued, rejectTime(ReasonTooOld, now, issued, "issued at %s", stamp(issued))
	}
	return issued, nil
}

// nameID reads whose sessions are to end, exactly as it stands there
// (Core §2.2.3); an EncryptedID is opened.
func (s *Service) nameID(p *samlsp.Proven) (identity.NameID, error) {
	for _, k := range p.Element().Children() {
		switch {
		case k.Is(nsAssertion, "NameID"):
			return s.readNameID(k)
		case k.Is(nsAssertion, "EncryptedID"):
			opened, err := s.cfg.SP.DecryptID(p, k)
			if err != nil {
				return identity.NameID{}, rejection(err)
			}
			return s.readNameID(opened)
		}
	}
	if !s.makes(ReasonSubject) {
		return identity.NameID{}, nil
	}
	return identity.NameID{}, reject(ReasonSubject, "the request names nobody by a NameID")
}

func (s *Service) readNameID(n samlsp.Element) (identity.NameID, error) {
	text, plain := n.Text()
	if (!plain || text == "") && s.makes(ReasonSubject) {
		return identity.NameID{}, reject(ReasonSubject, "the NameID is empty or holds more than text")
	}
	part := func(name string) string { v, _ := n.Attr("", name); return v }
	return identity.NameID{
		Value: text, Format: part("Format"), NameQualifier: part("NameQualifier"),
		SPNameQualifier: part("SPNameQualifier"), SPProvidedID: part("SPProvidedID"),
	}, nil
}

// sessionIndexes returns each index once, in order. An empty one is refused: to
// pass over it could turn "this session" into "all of them".
func (s *Service) sessionIndexes(message samlsp.Element) ([]string, error) {
	var all []string
	for _, k := range message.Children() {
		if !k.Is(nsProtocol, "SessionIndex") {
			continue
		}
		text, plain := k.Text()
		if (!plain || text == "" || len(text) > maxIndex) && s.makes(ReasonSessionIndex) {
			return nil, reject(ReasonSessionIndex, "a SessionIndex that is empty, too long or more than text")
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all, nil
}

// checkUnused refuses what was done before: a repetition would end what began
// since.
func (s *Service) checkUnused(ctx context.Context, req *LogoutRequest) error {
	used, err := s.cfg.Replay.Claimed(ctx, replayKey(req))
	if err != nil {
		return fmt.Errorf("%w: %w", samlsp.ErrUnavailable, err)
	}
	if used && s.makes(ReasonReplay) {
		return reject(ReasonReplay, "this request was received before")
	}
	return nil
}

// Spend uses a request up, once what it asks for is done. Before that the
// identity provider may ask again with the same message, as it does by SOAP after
// an error: what a store that was away for a moment kept alive ends then. The
// error is samlsp.ErrUnavailable; the request is to be answered as not done.
func (s *Service) Spend(ctx context.Context, req *LogoutRequest) error {
	until := req.Issued.Add(maxAge + max(2*s.cfg.ClockSkew, minMemory))
	if _, err := s.cfg.Replay.Claim(ctx, replayKey(req), until); err != nil { // of two at a time both have done it
		return fmt.Errorf("%w: %w", samlsp.ErrUnavailable, err)
	}
	return nil
}

// replayKey differs from the keys of assertions.
func replayKey(req *LogoutRequest) string {
	sum := sha256.Sum256([]byte(req.Issuer + "\x00" + req.ID))
	return "logout:" + hex.EncodeToString(sum[:])
}

func rejectTime(reason Reason, now, at time.Time, format string, args ...any) *Rejection {
	r := reject(reason, format, args...)
	r.ClockOff = at.Sub(now).Round(time.Second)
	return r
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
