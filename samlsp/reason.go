package samlsp

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnavailable is returned when the replay cache cannot be asked: the answer
// is 503, never a login and never a refusal of the person.
var ErrUnavailable = errors.New("the memory of used assertions is not available")

// Rejection is the error of everything that was received and refused. Its text
// is for the log: it holds names, times and sizes, never values of attributes.
type Rejection struct {
	Reason Reason
	Detail string
	// ClockOff is how far the sender's clock seems to be ahead of ours
	// (negative: behind, or the message was long under way). Zero unless the
	// refusal is about time.
	ClockOff time.Duration
	// Status is the most specific status code that the identity provider
	// gave, such as "AuthnFailed", when Reason is ReasonStatus.
	Status string
	// Missing says which attribute was not found, when Reason is
	// ReasonMissingAttribute.
	Missing *MissingAttribute
}

// MissingAttribute explains what a mapping looked for. It holds names only.
type MissingAttribute struct {
	Field    string   // key of the configuration, such as "email"
	Wanted   []string // attribute names that would have done
	NearMiss string   // a name that was there and differs in case only
}

// Error returns the reason and its detail.
func (r *Rejection) Error() string {
	if r.Detail == "" {
		return "saml message refused: " + r.Reason.String()
	}
	return "saml message refused: " + r.Reason.String() + ": " + r.Detail
}

func reject(reason Reason, format string, args ...any) *Rejection {
	return &Rejection{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// rejectTime is a refusal that a wrong clock may explain: stamp is what the
// sender believed the time to be.
func rejectTime(reason Reason, now, stamp time.Time, format string, args ...any) *Rejection {
	r := reject(reason, format, args...)
	r.ClockOff = stamp.Sub(now).Round(time.Second)
	return r
}

// Reason is the class of a refusal.
type Reason uint8

// The reasons, in the order in which the verifier comes to them.
const (
	ReasonInternal Reason = iota // a fault of ours, caught
	ReasonUnknownIDP
	ReasonIDPMetadataExpired

	ReasonBase64 // the bytes
	ReasonTooLarge
	ReasonEncoding
	ReasonDTD
	ReasonComment
	ReasonCDATA
	ReasonProcessingInstruction
	ReasonTooDeep
	ReasonTooManyElements
	ReasonTooManyAttributes
	ReasonNotXML
	ReasonNamespace
	ReasonDuplicateAttribute

	ReasonNotResponse // the tree
	ReasonID
	ReasonDuplicateID
	ReasonMisplacedAssertion
	ReasonSeveralAssertions
	ReasonMisplacedSignature
	ReasonSeveralSignatures
	ReasonChildOrder
	ReasonStatus
	ReasonNoAssertion
	ReasonEncryptionShape
	ReasonEncryptionAlgorithm
	ReasonDecrypt

	ReasonNoSignature // the signature
	ReasonSignedPart
	ReasonSignatureShape
	ReasonC14N
	ReasonSignatureAlgorithm
	ReasonReference
	ReasonTransform
	ReasonDigestAlgorithm
	ReasonSignatureInvalid
	ReasonDigestMismatch

	ReasonVersion // the response
	ReasonTimeFormat
	ReasonIssuedInFuture
	ReasonDestination
	ReasonResponseIssuer
	ReasonInResponseTo
	ReasonUnsolicitedInResponseTo

	ReasonAssertionIssuer // the assertion
	ReasonTooOld
	ReasonNoSubject
	ReasonSeveralNameIDs
	ReasonNoConditions
	ReasonUnknownCondition
	ReasonNotYetValid
	ReasonExpired
	ReasonNoAudience
	ReasonAudience
	ReasonNoConfirmation
	ReasonRecipient
	ReasonConfirmationRequest
	ReasonConfirmationNoExpiry
	ReasonConfirmationNotYet
	ReasonConfirmationExpired
	ReasonNoAuthnStatement
	ReasonAuthnInFuture
	ReasonAuthnTooOld
	ReasonAuthnContext
	ReasonSessionExpired
	ReasonReplay

	ReasonMissingAttribute // the person
	ReasonSeveralEmails
	ReasonEmailInvalid
	ReasonEmailDomain
	ReasonNobody

	reasonCount
)

// String returns the name of the reason as logs, metrics and pages know it.
func (r Reason) String() string {
	if r >= reasonCount {
		return "unknown"
	}
	return reasonNames[r]
}

// Reasons returns every reason that exists, for metrics and catalogues.
func Reasons() []Reason {
	all := make([]Reason, reasonCount)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

var reasonNames = [reasonCount]string{
	ReasonInternal: "internal", ReasonUnknownIDP: "unknown_idp", ReasonIDPMetadataExpired: "idp_metadata_expired",
	ReasonBase64: "base64", ReasonTooLarge: "too_large", ReasonEncoding: "encoding", ReasonDTD: "dtd",
	ReasonComment: "comment", ReasonCDATA: "cdata", ReasonProcessingInstruction: "processing_instruction",
	ReasonTooDeep: "too_deep", ReasonTooManyElements: "too_many_elements",
	ReasonTooManyAttributes: "too_many_attributes", ReasonNotXML: "not_xml", ReasonNamespace: "namespace",
	ReasonDuplicateAttribute: "duplicate_attribute",
	ReasonNotResponse:        "not_response", ReasonID: "id", ReasonDuplicateID: "duplicate_id",
	ReasonMisplacedAssertion: "misplaced_assertion", ReasonSeveralAssertions: "several_assertions",
	ReasonMisplacedSignature: "misplaced_signature", ReasonSeveralSignatures: "several_signatures",
	ReasonChildOrder: "child_order", ReasonStatus: "status", ReasonNoAssertion: "no_assertion",
	ReasonEncryptionShape:     "encryption_shape",
	ReasonEncryptionAlgorithm: "encryption_algorithm", ReasonDecrypt: "decrypt",
	ReasonNoSignature: "no_signature", ReasonSignedPart: "signature_not_required_part",
	ReasonSignatureShape: "signature_shape", ReasonC14N: "c14n", ReasonSignatureAlgorithm: "signature_algorithm",
	ReasonReference: "reference", ReasonTransform: "transform", ReasonDigestAlgorithm: "digest_algorithm",
	ReasonSignatureInvalid: "signature_invalid", ReasonDigestMismatch: "digest_mismatch",
	ReasonVersion: "version", ReasonTimeFormat: "time_format", ReasonIssuedInFuture: "issued_in_future",
	ReasonDestination: "destination", ReasonResponseIssuer: "response_issuer",
	ReasonInResponseTo: "in_response_to", ReasonUnsolicitedInResponseTo: "unsolicited_in_response_to",
	ReasonAssertionIssuer: "assertion_issuer", ReasonTooOld: "too_old", ReasonNoSubject: "no_subject",
	ReasonSeveralNameIDs: "several_name_ids", ReasonNoConditions: "no_conditions",
	ReasonUnknownCondition: "unknown_condition", ReasonNotYetValid: "not_yet_valid", ReasonExpired: "expired",
	ReasonNoAudience: "no_audience", ReasonAudience: "audience", ReasonNoConfirmation: "no_confirmation",
	ReasonRecipient: "recipient", ReasonConfirmationRequest: "confirmation_request",
	ReasonConfirmationNoExpiry: "confirmation_no_expiry", ReasonConfirmationNotYet: "confirmation_not_yet_valid",
	ReasonConfirmationExpired: "confirmation_expired", ReasonNoAuthnStatement: "no_authn_statement",
	ReasonAuthnInFuture: "authn_in_future", ReasonAuthnTooOld: "authn_too_old", ReasonAuthnContext: "authn_context",
	ReasonSessionExpired: "session_expired", ReasonReplay: "replay",
	ReasonMissingAttribute: "missing_attribute", ReasonSeveralEmails: "several_emails",
	ReasonEmailInvalid: "email_invalid", ReasonEmailDomain: "email_domain", ReasonNobody: "nobody",
}
