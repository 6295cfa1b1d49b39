package samlsp

import "context"

// Expected is the pending login that a response must answer, as the login
// cookie remembers it.
type Expected struct {
	IDP       string // name of the identity provider that was asked
	RequestID string // ID of the AuthnRequest
}

// VerifyResponse checks the SAMLResponse form value of an ACS request against
// the pending login. On every refusal the error is a [*Rejection]; it is
// [ErrUnavailable] when the replay cache cannot be asked. An assertion is
// returned once: the second time it is a replay.
func (sp *ServiceProvider) VerifyResponse(ctx context.Context, samlResponse string, want Expected) (*Assertion, error) {
	return nil, reject(ReasonInternal, "not built")
}

// RequestIDHint returns the InResponseTo of a response of which nothing is
// verified yet, only to find the pending login that it claims to answer.
func RequestIDHint(samlResponse string) (string, error) {
	return "", reject(ReasonInternal, "not built")
}
