package samlsp

import (
	"testing"

	"github.com/samlgate/samlgate/identity"
)

// Subject identifiers (OASIS, 2019) are attributes like others (SDP-SP14 to SP16).
func TestSubjectIDIsAnAttribute(t *testing.T) {
	const general, pairwise = "urn:oasis:names:tc:SAML:attribute:subject-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id"
	a := said(Mapping{Email: []string{"mail"}, Username: []string{general}, EmployeeID: []string{pairwise}}, nil, identity.NameID{},
		general+"=idm123456789@example.com", pairwise+"=q2vdx7@example.com", "mail=a@example.com")
	id, err := a.Identity()
	if err != nil || id.Person != "a@example.com" || id.Username != "idm123456789@example.com" || id.EmployeeID != "q2vdx7@example.com" {
		t.Errorf("%+v, %v", id, err)
	}
}
