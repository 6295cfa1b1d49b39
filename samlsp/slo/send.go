package slo

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
)

const (
	requestLife = 5 * time.Minute
	idBytes     = 20 // 160 bits (Core §1.3.4)
	maxToken    = 80 // bytes of a RelayState of ours (Bindings §3.4.3)
)

// ErrNoAddress says that the metadata of the identity provider names no address
// to which the message could go: what remains is our own page.
var ErrNoAddress = errors.New("the identity provider has no address for logout messages")

// Outgoing is a message ready to leave. In the SOAP binding Body answers the
// request under way; else the browser carries it.
type Outgoing struct {
	ID      string // of the message; the response must answer it
	IDP     string
	Binding samlsp.Binding
	URL     string         // redirect: complete; post: the form's action
	Fields  []samlsp.Field // post only: the message and, if any, RelayState
	Body    []byte         // SOAP only: text/xml in UTF-8
}

// Ask says who is to be logged out at which identity provider. NameID and
// SessionIndexes are those of the assertion, unchanged.
type Ask struct {
	IDP            string
	NameID         identity.NameID
	SessionIndexes []string // none asks for all sessions of the person there
}

// NewRequest writes the LogoutRequest for somebody whose session here has ended
// already. relayState is an opaque token of at most 80 printable bytes, or empty.
// Redirect is preferred to POST. The error is [ErrNoAddress] when the identity
// provider does not offer logout.
func (s *Service) NewRequest(ask Ask, relayState string) (*Outgoing, error) {
	idp, ok := s.cfg.SP.IDP(ask.IDP)
	if !ok {
		return nil, fmt.Errorf("writing a logout request: no idp %q", ask.IDP)
	}
	if len(relayState) > maxToken || strings.ContainsFunc(relayState, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("writing a logout request for idp %q: the relay state must be at most %d printable bytes", ask.IDP, maxToken)
	}
	if ask.NameID.Value == "" {
		return nil, fmt.Errorf("writing a logout request for idp %q: there is no NameID", ask.IDP)
	}
	binding := samlsp.RedirectBinding
	if idp.SLO[binding] == "" {
		binding = samlsp.PostBinding
	}
	address := idp.SLO[binding]
	if address == "" {
		return nil, fmt.Errorf("writing a logout request for idp %q: %w", ask.IDP, ErrNoAddress)
	}
	out := &Outgoing{ID: newID(), IDP: idp.Name, Binding: binding}
	if err := s.send(out, "SAMLRequest", address, s.request(out.ID, address, ask), relayState); err != nil {
		return nil, fmt.Errorf("writing a logout request for idp %q: %w", ask.IDP, err)
	}
	return out, nil
}

// request is samlp:LogoutRequestType (Core §3.7.1).
func (s *Service) request(id, destination string, ask Ask) *etree.Element {
	r := s.message("samlp:LogoutRequest", id, destination)
	r.CreateAttr("NotOnOrAfter", stamp(s.cfg.Now().Add(requestLife)))
	r.AddChild(writeNameID(ask.NameID))
	var sent []string
	for _, index := range ask.SessionIndexes {
		if index != "" && !slices.Contains(sent, index) {
			sent = append(sent, index)
			r.CreateElement("samlp:SessionIndex").SetText(index)
		}
	}
	return r
}

// writeNameID echoes a NameID: identity providers compare all five parts
// (Core §3.7.3, §8.3.7).
func writeNameID(id identity.NameID) *etree.Element {
	n := etree.NewElement("saml:NameID")
	for _, part := range []struct{ name, value string }{
		{"NameQualifier", id.NameQualifier}, {"SPNameQualifier", id.SPNameQualifier},
		{"Format", id.Format}, {"SPProvidedID", id.SPProvidedID},
	} {
		if part.value != "" {
			n.CreateAttr(part.name, part.value)
		}
	}
	n.SetText(id.Value)
	return n
}

// NewResponse writes the answer to a request, in its binding, at the address
// for responses; where the identity provider has none for that binding, in the
// other one. Nobody found to log out is Success (Profiles §4.4.3.4). The error
// is [ErrNoAddress] when there is no address at all.
func (s *Service) NewResponse(to *LogoutRequest, o Outcome) (*Outgoing, error) {
	switch o {
	case Success:
		return s.respond(to, statusSuccess, "")
	case Partial:
		return s.respond(to, statusSuccess, statusPartial)
	}
	return s.respond(to, statusResponder, "")
}

// Refuse writes the answer to a request that was refused although it was
// proven to come from an identity provider and meant for us, such as one that
// expired; ok is false for everything else, which deserves no answer.
func (s *Service) Refuse(refused *Rejection) (out *Outgoing, ok bool) {
	if refused == nil || refused.asker == nil {
		return nil, false
	}
	out, err := s.respond(refused.asker, statusRequester, "")
	return out, err == nil
}

func (s *Service) respond(to *LogoutRequest, status, second string) (*Outgoing, error) {
	out := &Outgoing{ID: newID(), IDP: to.IDP, Binding: to.Binding}
	address, err := s.responseAddress(out)
	if err != nil {
		return nil, fmt.Errorf("writing a logout response for idp %q: %w", to.IDP, err)
	}
	r := s.message("samlp:LogoutResponse", out.ID, address)
	r.CreateAttr("InResponseTo", to.ID)
	code := r.CreateElement("samlp:Status").CreateElement("samlp:StatusCode")
	code.CreateAttr("Value", status)
	if second != "" {
		code.CreateElement("samlp:StatusCode").CreateAttr("Value", second)
	}
	if err := s.send(out, "SAMLResponse", address, r, to.RelayState); err != nil {
		return nil, fmt.Errorf("writing a logout response for idp %q: %w", to.IDP, err)
	}
	return out, nil
}

// responseAddress finds where a response goes, and by which binding.
func (s *Service) responseAddress(out *Outgoing) (string, error) {
	if out.Binding == SOAPBinding {
		return "", nil // it goes back on the same connection
	}
	idp, ok := s.cfg.SP.IDP(out.IDP)
	if !ok {
		return "", errors.New("no such idp")
	}
	for _, b := range []samlsp.Binding{out.Binding, samlsp.RedirectBinding, samlsp.PostBinding} {
		address := s.cfg.ResponseLocation(idp.Name, b)
		if address == "" {
			address = idp.SLO[b]
		}
		if address != "" {
			out.Binding = b
			return address, nil
		}
	}
	return "", ErrNoAddress
}

// message is what requests and responses have in common (Core §3.2.1, §3.2.2).
func (s *Service) message(tag, id, destination string) *etree.Element {
	r := etree.NewElement(tag)
	r.CreateAttr("xmlns:samlp", nsProtocol)
	r.CreateAttr("xmlns:saml", nsAssertion)
	r.CreateAttr("ID", id)
	r.CreateAttr("Version", "2.0")
	r.CreateAttr("IssueInstant", stamp(s.cfg.Now()))
	if destination != "" {
		r.CreateAttr("Destination", destination)
	}
	r.CreateElement("saml:Issuer").SetText(s.cfg.EntityID)
	return r
}

// send signs a message and packs it for its binding.
func (s *Service) send(out *Outgoing, name, address string, message *etree.Element, relayState string) (err error) {
	if out.Binding == samlsp.RedirectBinding {
		out.URL, err = s.cfg.SP.SignRedirect(address, name, message, relayState)
		return err
	}
	data, err := s.cfg.SP.SignMessage(message)
	if err != nil {
		return err
	}
	if out.Binding == SOAPBinding {
		out.Body = wrap(data)
		return nil
	}
	out.URL = address
	out.Fields = []samlsp.Field{{Name: name, Value: base64.StdEncoding.EncodeToString(data)}}
	if relayState != "" {
		out.Fields = append(out.Fields, samlsp.Field{Name: "RelayState", Value: relayState})
	}
	return nil
}

// newID returns an unguessable xs:ID, which may not begin with a digit.
func newID() string {
	b := make([]byte, idBytes)
	rand.Read(b) // never fails, says crypto/rand
	return "_" + hex.EncodeToString(b)
}
