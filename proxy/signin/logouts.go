package signin

import (
	"context"
	"net/url"
	"strings"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Logouts speaks single logout for us (SAML Profiles §4.4): it tells identity
// providers that somebody has signed out here, and judges what they tell us. sp
// is the identity of ours that a message is from or came to, empty for the
// gateway's own.
type Logouts interface {
	// Offers reports whether that identity provider can be asked to sign people out.
	Offers(sp, idp string) bool

	// Address is where a browser goes, without a message, to be signed out at that
	// identity provider; empty where it has no such place.
	Address(idp string) string

	// Request asks for somebody to be signed out. relayState is an opaque token.
	Request(d Departed, relayState string) (Request, error)

	// Read takes a message apart; what is none is a *Refusal.
	Read(sp string, in Received) (LogoutMessage, error)

	// Fault is the SOAP answer, for status 500, to what deserves no other;
	// refused says that it was the sender's fault (SOAP 1.1 §6.2).
	Fault(refused bool) []byte
}

// Departed is who has signed out here, as the identity provider knows them.
type Departed struct {
	ServiceProvider string          `json:"e,omitempty"` // identity of ours that the sign-in was made with
	IDP             string          `json:"d"`
	NameID          identity.NameID `json:"n"`
	Indexes         []string        `json:"x,omitempty"` // SessionIndex of the sign-in, if it had one
}

// Received is a logout message as it came: one of the fields is set.
type Received struct {
	Query string     // of a GET, as it was received: the signature covers its bytes (SAML Bindings §3.4.4.1)
	Form  url.Values // of the body of a POST
	SOAP  []byte     // body of a SOAP request
}

// answers reports whether a browser brings a response, even one that cannot be
// read, such as an unsigned one: whoever brings it has signed out here.
func (in Received) answers() bool {
	if in.Form != nil {
		return in.Form.Has("SAMLResponse")
	}
	for parameter := range strings.SplitSeq(in.Query, "&") {
		if strings.HasPrefix(parameter, "SAMLResponse=") {
			return true
		}
	}
	return false
}

// LogoutMessage was taken apart. Nothing of it is proven yet.
type LogoutMessage interface {
	// Answers returns the request that a response claims to answer; response is
	// false when it is a request itself.
	Answers() (request string, response bool)

	// Request believes a request that was not done yet. What proves nothing is a
	// *Refusal; any other error means that we could not tell.
	Request(ctx context.Context) (LogoutRequest, error)

	// Outcome believes the response of that identity provider to that request.
	Outcome(idp, request string) (LogoutOutcome, error)
}

// LogoutRequest is what an identity provider asked, proven: the end of the
// sessions that it began for NameID. No index asks for all of them (SAML Core
// §3.7.1).
type LogoutRequest struct {
	sessionstore.Named
	// Spend notes that it is done: from now on it is refused. What could not be
	// done may be asked for again, with the same message.
	Spend func(context.Context) error
	// Done writes the answer that they have ended; nil where the identity
	// provider has no address for answers.
	Done func() (*LogoutAnswer, error)
}

// LogoutAnswer is what an identity provider is told about its request.
type LogoutAnswer struct {
	IDP    string
	URL    string   // where the browser takes it
	Fields []Field  // what the browser posts there; empty: it goes there with a GET
	Body   []byte   // of the SOAP answer; the rest is empty then
	Frames []string // addresses of the identity provider, whose pages may frame the form
}

// LogoutOutcome is what became of a logout at the identity provider.
type LogoutOutcome string

// The outcomes.
const (
	LogoutFailed  LogoutOutcome = "failed"  // not signed out there, or nobody knows
	LogoutPartial LogoutOutcome = "partial" // signed out there, but not of every application
	LogoutSuccess LogoutOutcome = "success"
)

// offers reports whether the identity provider of a session can be told of its
// end.
func (h *Handler) offers(s *sessionstore.Session) bool {
	id := s.Identity
	_, known := h.idps[id.IDP]
	return known && h.Logouts != nil && id.NameID.Value != "" && h.Logouts.Offers(id.Authn.ServiceProvider, id.IDP)
}

// departed is a session as its identity provider knows it.
func departed(s *sessionstore.Session) Departed {
	id := s.Identity
	d := Departed{ServiceProvider: id.Authn.ServiceProvider, IDP: id.IDP, NameID: id.NameID}
	if id.Authn.SessionIndex != "" {
		d.Indexes = []string{id.Authn.SessionIndex}
	}
	return d
}
