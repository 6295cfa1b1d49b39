package metadata

import (
	"crypto/x509"
	"maps"
	"time"

	"github.com/samlgate/samlgate/samlsp"
)

// Descriptor is one identity provider as its metadata describes it.
type Descriptor struct {
	EntityID string

	SSO          map[samlsp.Binding]string // where requests go: redirect, post
	SLO          map[samlsp.Binding]string // where logout requests go
	SLOResponses map[samlsp.Binding]string // where logout responses go, as far as it differs from SLO

	// Certificates may sign; at least one, each with a key of usable strength.
	Certificates []*x509.Certificate

	ValidUntil    time.Time     // the earliest that applies; zero = none
	CacheDuration time.Duration // the shortest that applies; 0 = none

	WantAuthnRequestsSigned bool

	// Warnings are sentences for the operator: keys ignored, certificates expired.
	Warnings []string
}

// ApplyTo returns a copy of idp with everything that metadata decides replaced:
// entity ID, addresses, certificates and validity. Requests are signed when idp
// or the metadata says so.
func (d *Descriptor) ApplyTo(idp samlsp.IdentityProvider) *samlsp.IdentityProvider {
	idp.EntityID = d.EntityID
	idp.SSO, idp.SLO, idp.SLOResponses = maps.Clone(d.SSO), maps.Clone(d.SLO), maps.Clone(d.SLOResponses)
	idp.Certificates = append([]*x509.Certificate(nil), d.Certificates...)
	idp.ValidUntil = d.ValidUntil
	idp.SignRequests = idp.SignRequests || d.WantAuthnRequestsSigned
	return &idp
}
