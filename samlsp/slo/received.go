package slo

import (
	"encoding/base64"
	"net/url"
	"unicode"
	"unicode/utf8"

	"github.com/samlgate/samlgate/samlsp"
)

const (
	maxQuery      = 64 << 10 // bytes of a query string
	maxField      = 96 << 10 // bytes of base64
	maxRelayState = 1 << 10  // bytes; the standard says 80 (Bindings §3.4.3), not everybody reads it
)

// Received is a logout message that was taken apart, of which nothing is proven.
type Received struct {
	message    *samlsp.Received
	binding    samlsp.Binding
	relayState string
}

// IsRequest says whether it is a LogoutRequest, for [Service.VerifyRequest]; else
// it is a LogoutResponse, for [Service.VerifyResponse].
func (r *Received) IsRequest() bool { return r.message.Name() == "LogoutRequest" }

// Binding says how the message came.
func (r *Received) Binding() samlsp.Binding { return r.binding }

// RelayState returns what came beside the message, unproven: good for looking
// something up, and for nothing else.
func (r *Received) RelayState() string { return r.relayState }

// InResponseToHint returns the request that a response claims to answer,
// unproven, to find the pending logout; "" when it names none properly.
func (r *Received) InResponseToHint() string { return r.message.InResponseToHint() }

// FromForm takes the fields of a POST request's body apart (Bindings §3.5.4).
// Give it the body alone, never the query. The error is a [*Rejection].
func FromForm(form url.Values) (*Received, error) {
	request, response, relay := form["SAMLRequest"], form["SAMLResponse"], form["RelayState"]
	if len(request)+len(response) != 1 || len(relay) > 1 {
		return nil, reject(ReasonForm, "not exactly one SAMLRequest or SAMLResponse, or several RelayStates")
	}
	field := append(request[:len(request):len(request)], response...)[0]
	if len(field) > maxField {
		return nil, reject(ReasonTooLarge, "%d bytes of base64", len(field))
	}
	data, err := base64.StdEncoding.Strict().DecodeString(field)
	if err != nil {
		return nil, reject(ReasonBase64, "not base64 of %d bytes", len(field))
	}
	m, err := samlsp.ReadMessage(data, nil)
	if err != nil {
		return nil, rejection(err)
	}
	r := &Received{message: m, binding: samlsp.PostBinding}
	if len(relay) == 1 {
		r.relayState = relay[0]
	}
	return r.checked(len(request) == 1)
}

// checked wants a request where a request was announced, and a RelayState that
// can be sent back as it came.
func (r *Received) checked(request bool) (*Received, error) {
	if r.IsRequest() != request {
		return nil, reject(ReasonKind, "a %s under the name of the other", r.message.Name())
	}
	if len(r.relayState) > maxRelayState || !plainText(r.relayState) {
		return nil, reject(ReasonRelayState, "%d bytes of RelayState, or control characters", len(r.relayState))
	}
	return r, nil
}

// plainText says that a form, a query and an XML document carry s unchanged.
func plainText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if unicode.IsControl(c) || c == 0xFFFE || c == 0xFFFF {
			return false
		}
	}
	return true
}
