package idptest

import (
	"time"

	"github.com/beevik/etree"
)

// oldAlgorithms are what still does not pass where SHA-1 is allowed.
func oldAlgorithms() []Misbehaviour {
	old := Algorithms(RSASHA1, DigestSHA1)
	return rows(ClassAlgorithm, with(Setup{AllowSHA1: true},
		pair("SHA-1 allowed: MD5 signature", "signature_algorithm", Algorithms(RSAMD5, DigestSHA1), old),
		pair("SHA-1 allowed: MD5 digest", "digest_algorithm", Algorithms(RSASHA1, DigestMD5), old),
		pair("SHA-1 allowed: HMAC with SHA-1", "signature_algorithm", SignWith(func(g *Signing) {
			g.EditBlock = setAttr("SignatureMethod", "Algorithm", signatureNS+"hmac-sha1")
		}), old),
		pair("SHA-1 allowed: signed by a stranger", "signature_invalid", stranger(func(*Signing, Key) {}), old),
		pair("SHA-1 allowed: the signature called SHA-256", "signature_invalid", SignWith(func(g *Signing) {
			g.EditBlock = setAttr("SignatureMethod", "Algorithm", RSASHA256)
		}), old),
		pair("SHA-1 allowed: DSA", "signature_algorithm", SignWith(func(g *Signing) {
			g.EditBlock = setAttr("SignatureMethod", "Algorithm", signatureNS+"dsa-sha1")
		}), old),
		pair("SHA-1 allowed: changed after signing", "digest_mismatch", Tamper(setText("NameID", Mallory)), old),
	)...)
}

// unasked are responses that the identity provider started on its own, it says
// (Profiles §4.1.5).
func unasked() []Misbehaviour {
	const data = "SubjectConfirmationData"
	on, want := InResponseTo(""), "unsolicited_in_response_to"
	return rows(ClassRequest, with(Setup{Unsolicited: true},
		pair("unasked: answers somebody's request", want, InResponseTo("_victim"), on),
		pair("unasked: response answers a request", want, EditResponse(setAttr("Response", "InResponseTo", "_victim")), on),
		pair("unasked: stolen assertion in a response of one's own", want, EditAssertion(setAttr(data, "InResponseTo", "_victim")), on),
		pair("unasked: second confirmation answers a request", want, EditAssertion(double("SubjectConfirmation", setAttr(data, "InResponseTo", "_victim"))), on),
		pair("unasked: confirmation by key answers a request", want, EditAssertion(double("SubjectConfirmation",
			setAttr("SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), setAttr(data, "InResponseTo", "_victim"))), on),
		pair("unasked: answers the empty request", want, EditResponse(setAttr("Response", "InResponseTo", "")), on),
		pair("unasked: destination elsewhere", "destination", EditResponse(setAttr("Response", "Destination", elsewhere)), on),
		pair("unasked: recipient elsewhere", "recipient", EditAssertion(setAttr(data, "Recipient", elsewhere)), on),
	)...)
}

const (
	refedsMFA = "https://refeds.org/profile/mfa"
	password  = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
)

// staleSignIns are genuine, but the person signed in too long ago or too weakly.
func staleSignIns() []Misbehaviour {
	ago := func(d time.Duration) Option { return func(m *message) { m.authn = m.issued.Add(-d) } }
	mfa := AuthnContext(refedsMFA)
	second := func(class string) Option {
		return EditAssertion(double("AuthnStatement", setText("AuthnContextClassRef", class)))
	}
	return rows(ClassAuthn, append(with(Setup{AuthnContext: []string{refedsMFA, "urn:other"}},
		pair("signed in by password, not by two factors", "authn_context", AuthnContext(password), mfa),
		pair("a class that begins like the right one", "authn_context", AuthnContext(refedsMFA+"-not"), mfa),
		pair("the right class in other letters", "authn_context", AuthnContext("HTTPS://refeds.org/profile/mfa"), mfa),
		pair("no class", "authn_context", EditAssertion(drop("AuthnContextClassRef")), mfa),
		pair("no context", "authn_context", EditAssertion(drop("AuthnContext")), mfa),
		pair("the right class as a declaration only", "authn_context", EditAssertion(on("AuthnContextClassRef", func(e *etree.Element) { e.Tag = "AuthnContextDeclRef" })), mfa),
		pair("the right class in a second sign-in only", "authn_context", Together(second(refedsMFA), AuthnContext(password)), Together(second(password), mfa)),
	),
		pair("signed in longer ago than may be", "authn_too_old", ago(2*time.Hour), ago(time.Hour)).needing(Setup{MaxAuthAge: time.Hour}),
		pair("signed in before the request that forces it", "authn_too_old", ago(10*time.Minute), ago(time.Minute)).needing(Setup{Forced: true}),
		pair("fresh in a second sign-in only", "authn_too_old", Together(ago(2*time.Hour), EditAssertion(func(a *etree.Element) {
			double("AuthnStatement", func(s *etree.Element) {
				s.CreateAttr("AuthnInstant", a.SelectAttrValue("IssueInstant", ""))
			})(a)
		})), ago(0)).needing(Setup{MaxAuthAge: time.Hour}),
	)...)
}
