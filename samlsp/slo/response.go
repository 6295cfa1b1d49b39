package slo

import (
	"strings"

	"github.com/samlgate/samlgate/samlsp"
)

const (
	statusPrefix    = "urn:oasis:names:tc:SAML:2.0:status:"
	statusSuccess   = statusPrefix + "Success"
	statusRequester = statusPrefix + "Requester"
	statusResponder = statusPrefix + "Responder"
	statusPartial   = statusPrefix + "PartialLogout"
)

// Outcome says how a logout went.
type Outcome uint8

// The outcomes. The zero value promises nothing.
const (
	Failed  Outcome = iota // not signed out there, or nobody knows
	Partial                // signed out there, but not of every application
	Success
)

// String returns the name of the outcome as logs and metrics know it.
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Partial:
		return "partial"
	}
	return "failed"
}

// LogoutResponse is what an identity provider answered, proven.
type LogoutResponse struct {
	IDP        string
	Outcome    Outcome
	Status     string // the most specific code of the standard that was given, such as "PartialLogout"; for the log
	RelayState string
	UsedSHA1   bool // as in LogoutRequest
}

// VerifyResponse believes a LogoutResponse to the pending logout. It may be asked
// again with the same response, so a pending logout is for its keeper to forget.
// The error is a [*Rejection]; an outcome other than Success is none.
func (s *Service) VerifyResponse(in *Received, want samlsp.Expected) (*LogoutResponse, error) {
	if in.IsRequest() {
		return nil, reject(ReasonKind, "a request where a response is expected")
	}
	if (want.IDP == "" || want.RequestID == "") && s.makes(ReasonInResponseTo) {
		return nil, reject(ReasonInResponseTo, "no logout is pending")
	}
	p, err := s.cfg.SP.Prove(in.message)
	if err != nil {
		return nil, rejection(err)
	}
	message := p.Element()
	if p.IDP().Name != want.IDP && s.makes(ReasonIssuer) {
		return nil, reject(ReasonIssuer, "the response is not from idp %q", want.IDP)
	}
	if err := s.checkDestination(message, in.binding); err != nil {
		return nil, err
	}
	if _, err := s.checkIssued(message); err != nil {
		return nil, err
	}
	if id, _ := message.Attr("", "InResponseTo"); id != want.RequestID && s.makes(ReasonInResponseTo) {
		return nil, reject(ReasonInResponseTo, "the response answers another request, or none")
	}
	outcome, code, err := readStatus(message)
	if err != nil && s.makes(ReasonStatus) {
		return nil, err
	}
	return &LogoutResponse{IDP: want.IDP, Outcome: outcome, Status: code, RelayState: in.relayState, UsedSHA1: p.UsedSHA1()}, nil
}

// readStatus: Success alone is success; PartialLogout is a second-level code
// (Core §3.2.2.2, §3.7.3.2), which some put below Success and some below
// Responder. Whatever else qualifies a Success contradicts it.
func readStatus(message samlsp.Element) (Outcome, string, error) {
	status, err := only(message, "Status")
	if err != nil {
		return Failed, "", err
	}
	first, err := only(status, "StatusCode")
	if err != nil {
		return Failed, "", err
	}
	top, _ := first.Attr("", "Value")
	if len(first.Children()) == 0 {
		if top == statusSuccess {
			return Success, statusName(top), nil
		}
		return Failed, statusName(top), nil
	}
	second, err := only(first, "StatusCode")
	if err != nil {
		return Failed, "", err
	}
	code, _ := second.Attr("", "Value")
	if code == statusPartial && len(second.Children()) == 0 && (top == statusSuccess || top == statusResponder) {
		return Partial, statusName(code), nil
	}
	return Failed, statusName(code), nil
}

// only returns the one child of that name.
func only(parent samlsp.Element, local string) (found samlsp.Element, err error) {
	count := 0
	for _, k := range parent.Children() {
		if k.Is(nsProtocol, local) {
			found, count = k, count+1
		}
	}
	if count != 1 {
		return found, reject(ReasonStatus, "%d times %s", count, local)
	}
	return found, nil
}

// statusName returns the last part of a status code of the standard, else "":
// what others invent is not repeated to anybody.
func statusName(code string) string {
	name, ok := strings.CutPrefix(code, statusPrefix)
	letter := func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
	if !ok || len(name) > 32 || strings.ContainsFunc(name, func(r rune) bool { return !letter(r) }) {
		return ""
	}
	return name
}
