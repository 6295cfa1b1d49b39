package samlsp

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Every row changes one thing of a response that is accepted otherwise, and
// signs it as the identity provider would.
func TestRefusedThoughSigned(t *testing.T) {
	data := `<saml:SubjectConfirmationData NotOnOrAfter="` + at(5*time.Minute) + `" Recipient="` + testACS + `" InResponseTo="` + testRequest + `"/>`
	restriction := `<saml:AudienceRestriction><saml:Audience>` + testEntity + `</saml:Audience></saml:AudienceRestriction>`
	conditions := `<saml:Conditions NotBefore="` + at(-time.Minute) + `" NotOnOrAfter="` + at(5*time.Minute) + `">`
	authn := goodXML()[strings.Index(goodXML(), "<saml:AuthnStatement"):strings.Index(goodXML(), "<saml:AttributeStatement")]
	assertion := `<saml:Assertion ID="_a1" Version="2.0" IssueInstant="`
	status := `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`
	for _, row := range []struct {
		name     string
		want     Reason
		old, new string
	}{
		{"version of the response", ReasonVersion, `ID="_r1" Version="2.0"`, `ID="_r1" Version="2.1"`},
		{"version of the assertion", ReasonVersion, `ID="_a1" Version="2.0"`, `ID="_a1" Version="1.1"`},
		{"no version", ReasonVersion, `ID="_a1" Version="2.0"`, `ID="_a1"`},
		{"refused by the idp", ReasonStatus, status, `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/>`},
		{"no status", ReasonChildOrder, `<samlp:Status>` + status + `</samlp:Status>`, ``},
		{"status without code", ReasonChildOrder, status, ``},
		{"destination", ReasonDestination, `Destination="` + testACS, `Destination="` + testACS + `/`},
		{"response issuer", ReasonResponseIssuer, `<saml:Issuer>` + testIDP + `</saml:Issuer><samlp:Status>`, `<saml:Issuer>https://evil.example</saml:Issuer><samlp:Status>`},
		{"assertion issuer", ReasonAssertionIssuer, `<saml:Issuer>` + testIDP + `</saml:Issuer><saml:Subject>`, `<saml:Issuer>https://evil.example</saml:Issuer><saml:Subject>`},
		{"issuer format", ReasonAssertionIssuer, `<saml:Issuer>` + testIDP + `</saml:Issuer><saml:Subject>`, `<saml:Issuer Format="` + formatPersistent + `">` + testIDP + `</saml:Issuer><saml:Subject>`},
		{"issuer with blanks", ReasonAssertionIssuer, `<saml:Issuer>` + testIDP + `</saml:Issuer><saml:Subject>`, `<saml:Issuer> ` + testIDP + `</saml:Issuer><saml:Subject>`},
		{"response of the future", ReasonIssuedInFuture, `Version="2.0" IssueInstant="` + at(0) + `" Dest`, `Version="2.0" IssueInstant="` + at(4*time.Minute) + `" Dest`},
		{"assertion of the future", ReasonIssuedInFuture, assertion + at(0), assertion + at(4*time.Minute)},
		{"old assertion", ReasonTooOld, assertion + at(0), assertion + at(-64*time.Minute)},
		{"no issue instant", ReasonTimeFormat, ` IssueInstant="` + at(0) + `"><saml:Issuer>` + testIDP + `</saml:Issuer><saml:Subject>`, `><saml:Issuer>` + testIDP + `</saml:Issuer><saml:Subject>`},
		{"time without zone", ReasonTimeFormat, assertion + at(0), assertion + strings.TrimSuffix(at(0), "Z")},
		{"another request", ReasonInResponseTo, `" InResponseTo="` + testRequest + `"><saml:Issuer>`, `" InResponseTo="_other"><saml:Issuer>`},
		{"no request", ReasonInResponseTo, `" InResponseTo="` + testRequest + `"><saml:Issuer>`, `"><saml:Issuer>`},
		{"no subject", ReasonNoSubject, goodXML()[strings.Index(goodXML(), "<saml:Subject>"):strings.Index(goodXML(), "<saml:Conditions")], ``},
		{"two NameIDs", ReasonSeveralNameIDs, `<saml:Subject>`, `<saml:Subject><saml:NameID>n-2</saml:NameID>`},
		{"NameID with an element", ReasonChildOrder, `>n-1<`, `>n-1<x/><`},
		{"no confirmation", ReasonNoConfirmation, `<saml:SubjectConfirmation Method="` + bearer + `">` + data + `</saml:SubjectConfirmation>`, ``},
		{"holder of key", ReasonNoConfirmation, bearer, "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"},
		{"sender vouches", ReasonNoConfirmation, bearer, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
		{"confirmation without data", ReasonNoConfirmation, data, ``},
		{"confirmation with two data", ReasonNoConfirmation, data, data + data},
		{"recipient", ReasonRecipient, `Recipient="` + testACS, `Recipient="https://other.example/acs`},
		{"no recipient", ReasonRecipient, ` Recipient="` + testACS + `"`, ``},
		{"confirmation of another request", ReasonConfirmationRequest, `InResponseTo="` + testRequest + `"/>`, `InResponseTo="_other"/>`},
		{"confirmation of no request", ReasonConfirmationRequest, ` InResponseTo="` + testRequest + `"/>`, `/>`},
		{"confirmation without end", ReasonConfirmationNoExpiry, `Data NotOnOrAfter="` + at(5*time.Minute) + `"`, `Data`},
		{"confirmation over", ReasonConfirmationExpired, `Data NotOnOrAfter="` + at(5*time.Minute), `Data NotOnOrAfter="` + at(-3*time.Minute)},
		{"confirmation later", ReasonConfirmationNotYet, `Data NotOn`, `Data NotBefore="` + at(4*time.Minute) + `" NotOn`},
		{"no conditions", ReasonNoConditions, conditions + restriction + `</saml:Conditions>`, ``},
		{"not yet valid", ReasonNotYetValid, `NotBefore="` + at(-time.Minute), `NotBefore="` + at(3*time.Minute+time.Second)},
		{"expired", ReasonExpired, `NotOnOrAfter="` + at(5*time.Minute) + `"><saml:Aud`, `NotOnOrAfter="` + at(-3*time.Minute) + `"><saml:Aud`},
		{"no audience restriction", ReasonNoAudience, restriction, ``},
		{"another audience", ReasonAudience, `Audience>` + testEntity, `Audience>` + testEntity + `x`},
		{"empty audience restriction", ReasonAudience, restriction, `<saml:AudienceRestriction/>`},
		{"two restrictions, one without us", ReasonAudience, restriction, restriction + `<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>`},
		{"unknown condition", ReasonUnknownCondition, restriction, restriction + `<saml:Condition xmlns:e="urn:e" xsi:type="e:T"/>`},
		{"foreign condition", ReasonUnknownCondition, restriction, restriction + `<e:T xmlns:e="urn:e"/>`},
		{"one-time use twice", ReasonUnknownCondition, restriction, restriction + `<saml:OneTimeUse/><saml:OneTimeUse/>`},
		{"no sign-in", ReasonNoAuthnStatement, authn, ``},
		{"sign-in of the future", ReasonAuthnInFuture, `AuthnInstant="` + at(-time.Minute), `AuthnInstant="` + at(4*time.Minute)},
		{"session over", ReasonSessionExpired, `SessionNotOnOrAfter="` + at(8*time.Hour), `SessionNotOnOrAfter="` + at(0)},
		{"second session over", ReasonSessionExpired, authn, authn + strings.Replace(authn, at(8*time.Hour), at(-time.Hour), 1)},
		{"encrypted NameID", ReasonEncryptionShape, `<saml:NameID Format="` + formatPersistent + `" SPNameQualifier="q">n-1</saml:NameID>`, `<saml:EncryptedID/>`},
		{"encrypted attribute", ReasonEncryptionShape, `<saml:AttributeStatement>`, `<saml:AttributeStatement><saml:EncryptedAttribute/>`},
	} {
		m := good().replaced(t, row.old, row.new)
		deny(t, row.name, row.want, m)
		m = good().replaced(t, row.old, row.new)
		m.assertion, m.response = false, true
		deny(t, row.name+", response signed", row.want, m)
	}
}

func TestAcceptedVariants(t *testing.T) {
	restriction := `<saml:AudienceRestriction><saml:Audience>` + testEntity + `</saml:Audience></saml:AudienceRestriction>`
	confirmation := goodXML()[strings.Index(goodXML(), "<saml:SubjectConfirmation "):strings.Index(goodXML(), "</saml:Subject>")]
	for _, row := range []struct{ name, old, new string }{
		{"two audiences, ours second", `<saml:Audience>`, `<saml:Audience>https://other.example</saml:Audience><saml:Audience>`},
		{"audience on a line of its own", `<saml:Audience>` + testEntity, "<saml:Audience>\n  " + testEntity + "\n"},
		{"two restrictions with us", restriction, restriction + restriction},
		{"one-time use", restriction, restriction + `<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>`},
		{"two confirmations of which one fits", confirmation, strings.Replace(confirmation, testACS, "https://other.example", 1) + confirmation},
		{"holder of key beside bearer", confirmation, strings.Replace(confirmation, bearer, "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", 1) + confirmation},
		{"no destination, response unsigned", ` Destination="` + testACS + `"`, ``},
		{"no response issuer, response unsigned", `<saml:Issuer>` + testIDP + `</saml:Issuer><samlp:Status>`, `<samlp:Status>`},
		{"issuer of format entity", `<saml:Issuer>`, `<saml:Issuer Format="` + formatEntity + `">`},
		{"no NameID", `<saml:NameID Format="` + formatPersistent + `" SPNameQualifier="q">n-1</saml:NameID>`, ``},
		{"no end of the session", ` SessionNotOnOrAfter="` + at(8*time.Hour) + `"`, ``},
		{"clock within the skew", at(-time.Minute), at(2*time.Minute + 59*time.Second)},
		{"parts of a second", `IssueInstant="` + at(0), `IssueInstant="` + strings.Replace(at(0), "Z", ".1234567Z", 1)},
		{"advice and extensions", `<samlp:Status>`, `<samlp:Extensions><x/></samlp:Extensions><samlp:Status>`},
		{"character references", `>n-1<`, `>&#x6e;&#45;1<`},
		{"carriage return kept", `>n-1<`, `>n&#xD;-1<`},
		{"attribute order and quotes", `ID="_a1" Version="2.0"`, `Version='2.0' ID='_a1'`},
	} {
		for _, response := range []bool{false, true} {
			if response && strings.HasSuffix(row.name, "response unsigned") {
				continue
			}
			m := good().replaced(t, row.old, row.new)
			m.assertion, m.response = !response, response
			allow(t, row.name, m)
		}
	}
}

func TestSignedResponseNamesDestinationAndIssuer(t *testing.T) {
	m := good().replaced(t, ` Destination="`+testACS+`"`, ``)
	m.response = true
	deny(t, "no destination", ReasonDestination, m)
	m = good().replaced(t, `<saml:Issuer>`+testIDP+`</saml:Issuer><samlp:Status>`, `<samlp:Status>`)
	m.response, m.assertion = true, false
	// without an issuer the signature cannot stand behind it
	m.editTree = func(root *etreeElement) {
		sig := childElement(root, "Signature")
		root.RemoveChild(sig)
		root.InsertChildAt(0, sig)
	}
	deny(t, "no issuer", ReasonMisplacedSignature, m)
}

func TestStatusIsTold(t *testing.T) {
	m := good().replaced(t, `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`,
		`<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode><samlp:StatusMessage>secret</samlp:StatusMessage>`)
	m.xml = m.xml[:strings.Index(m.xml, "<saml:Assertion")] + "</samlp:Response>"
	m.assertion = false
	r := deny(t, "no assertion at all", ReasonStatus, m)
	if r != nil && (r.Status != "AuthnFailed" || strings.Contains(r.Error(), "secret")) {
		t.Errorf("%+v", r)
	}
}

func TestClockOffIsMeasured(t *testing.T) {
	m := good()
	m.now = testNow().Add(-4*time.Minute - 12*time.Second)
	if r := deny(t, "fast idp", ReasonIssuedInFuture, m); r != nil && r.ClockOff != 4*time.Minute+12*time.Second {
		t.Errorf("clock off by %v", r.ClockOff)
	}
	m = good()
	m.now = testNow().Add(20 * time.Minute)
	if r := deny(t, "slow idp", ReasonExpired, m); r != nil && r.ClockOff != -20*time.Minute {
		t.Errorf("clock off by %v", r.ClockOff)
	}
}

func TestReplay(t *testing.T) {
	m := good()
	sp := m.provider(t)
	value := encode(m.sealed(t))
	if _, err := sp.VerifyResponse(t.Context(), value, m.want); err != nil {
		t.Fatal(err)
	}
	for _, until := range m.replay.Until() {
		if want := testNow().Add(15 * time.Minute); !until.Equal(want) { // five minutes and the least memory
			t.Errorf("remembered until %v; want %v", until, want)
		}
	}
	_, err := sp.VerifyResponse(t.Context(), value, m.want)
	var r *Rejection
	if !errors.As(err, &r) || r.Reason != ReasonReplay {
		t.Errorf("the second time: %v", err)
	}
	m = good().replaced(t, `NotOnOrAfter="`+at(5*time.Minute), `NotOnOrAfter="`+at(9*time.Hour))
	allow(t, "an end far away", m)
	for _, until := range m.replay.Until() {
		if want := testNow().Add(70 * time.Minute); !until.Equal(want) { // the hour of IssueInstant and the least memory
			t.Errorf("remembered until %v; want %v", until, want)
		}
	}
	m = good()
	m.replay.Fail(errors.New("store is away"))
	if a, err := m.verify(t); a != nil || !errors.Is(err, ErrUnavailable) || errors.As(err, &r) && r.Reason != ReasonReplay {
		t.Errorf("store away: %v", err)
	}
}

func TestPendingLoginRules(t *testing.T) {
	m := good()
	m.want.IDP = "other"
	deny(t, "unknown idp", ReasonUnknownIDP, m)
	m = good()
	m.want.RequestID = ""
	deny(t, "no pending request", ReasonInResponseTo, m)
	m = good()
	m.idp.ValidUntil = testNow().Add(-4 * time.Minute)
	deny(t, "metadata expired", ReasonIDPMetadataExpired, m)
	m.idp.ValidUntil = testNow().Add(-2 * time.Minute)
	allow(t, "metadata expired within the skew", m)
}
