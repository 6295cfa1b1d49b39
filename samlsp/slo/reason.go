package slo

import (
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/samlsp"
)

// Reason is the class of a refusal, as logs and metrics know it: one of those
// below, or the name of a samlsp.Reason for bytes, shape and signature.
type Reason string

// The reasons that this package gives itself. Where samlsp has the same idea it
// has the same name.
const (
	ReasonQuery          Reason = "query"                // a parameter is missing, double, or spelt oddly
	ReasonForm           Reason = "form"                 // a field is missing or double
	ReasonBase64         Reason = "base64"               // of a parameter or field
	ReasonInflate        Reason = "inflate"              // not the DEFLATE encoding, or bytes behind it
	ReasonTooLarge       Reason = "too_large"            // before or after inflating
	ReasonEnvelope       Reason = "soap_envelope"        // not one message in one Body
	ReasonMustUnderstand Reason = "soap_must_understand" // a header block that we would have to know
	ReasonKind           Reason = "wrong_message"        // a request for a response, or the other way round
	ReasonRelayState     Reason = "relay_state"          // too long, or no text
	ReasonNoSignature    Reason = "no_signature"
	ReasonDestination    Reason = "destination"
	ReasonTimeFormat     Reason = "time_format"
	ReasonIssuedInFuture Reason = "issued_in_future"
	ReasonTooOld         Reason = "too_old"
	ReasonExpired        Reason = "expired"
	ReasonSubject        Reason = "no_subject" // no NameID that could be compared
	ReasonSessionIndex   Reason = "session_index"
	ReasonReplay         Reason = "replay"
	ReasonIssuer         Reason = "response_issuer" // another identity provider than the one that was asked
	ReasonInResponseTo   Reason = "in_response_to"
	ReasonStatus         Reason = "status_shape" // a response that does not say how it went
)

// Rejection is the error of every logout message that was received and refused.
// Its text is for the log and holds no values of the message but times.
type Rejection struct {
	Reason Reason
	Detail string
	// ClockOff is how far the sender's clock seems to be ahead of ours; zero
	// unless the refusal is about time.
	ClockOff time.Duration

	cause error
	asker *LogoutRequest // proven to be from that identity provider, for us, and still refused
}

// Error returns the reason and its detail.
func (r *Rejection) Error() string {
	if r.Detail == "" {
		return "logout message refused: " + string(r.Reason)
	}
	return "logout message refused: " + string(r.Reason) + ": " + r.Detail
}

// Unwrap returns the *samlsp.Rejection behind a refusal of bytes, shape or
// signature, or nil.
func (r *Rejection) Unwrap() error { return r.cause }

func reject(reason Reason, format string, args ...any) *Rejection {
	return &Rejection{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// rejection turns a refusal of package samlsp into ours; other errors stay.
func rejection(err error) error {
	var r *samlsp.Rejection
	if !errors.As(err, &r) {
		return err
	}
	return &Rejection{Reason: Reason(r.Reason.String()), Detail: r.Detail, ClockOff: r.ClockOff, cause: r}
}
