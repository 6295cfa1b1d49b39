package idptest

import (
	"testing"

	"github.com/beevik/etree"
)

// What the schema allows and nobody needs is ignored (IIP-SSO07).
func TestOptionalContent(t *testing.T) {
	p := newIDP(t)
	allow := func(name string, opts ...Option) {
		t.Run(name, func(t *testing.T) {
			r := newRequest()
			if _, err := signIn(newSP(t, p), r, must(t)(p.Response(r, Ana(), opts...))); err != nil {
				t.Error(err)
			}
		})
	}
	allow("Extensions", EditResponse(insertAfter("Issuer", "Extensions")))
	allow("Extensions in a signed response", EditResponse(insertAfter("Issuer", "Extensions")), Sign(true, true))
	allow("Advice", EditAssertion(insertAfter("Conditions", "Advice")))
	allow("StatusMessage and StatusDetail", EditResponse(appendTo("Status", "StatusMessage"), appendTo("Status", "StatusDetail")))
	allow("status below success", EditResponse(appendTo("StatusCode", "StatusCode", "Value", "urn:fine")))
	allow("Consent", EditResponse(setAttr("Response", "Consent", "urn:oasis:names:tc:SAML:2.0:consent:obtained")))
	allow("Address of the visitor", EditAssertion(setAttr("SubjectConfirmationData", "Address", "192.0.2.1")))
	allow("AuthenticatingAuthority", EditAssertion(appendTo("AuthnContext", "AuthenticatingAuthority")))
	allow("two AuthnStatements", EditAssertion(double("AuthnStatement", setAttr("AuthnStatement", "SessionIndex", "_2"))))
	allow("foreign XML attribute on an attribute", EditAssertion(on("Attribute", func(e *etree.Element) {
		setAttrs(e, "xmlns:v", "urn:v", "v:x", "1")
	})))
	allow("xml:lang on a value", EditAssertion(setAttr("AttributeValue", "xml:lang", "en")))
	allow("a NameID as value", EditAssertion(func(a *etree.Element) {
		v := child(attribute(a, "Username"), "AttributeValue")
		v.SetText("")
		appendTo("AttributeValue", "NameID")(v)
	}))
	allow("e-mail in a second AttributeStatement", EditAssertion(func(a *etree.Element) {
		second := StyleSAML.add(a, assertionNS, "AttributeStatement")
		second.AddChild(attribute(a, "Email"))
	}))
	allow("qualified NameID", EditAssertion(on("NameID", func(e *etree.Element) { setAttrs(e, "NameQualifier", "a", "SPNameQualifier", "b") })))
	allow("NameID with markup characters", EditAssertion(setText("NameID", `a&b<c>"d'`)))
	allow("character references", replace(">Ana<", ">&#65;&#x6e;a<"))
	allow("time with an offset", EditAssertion(setAttr("Conditions", "NotOnOrAfter", "2026-03-01T14:05:00+02:00")))
	allow("time to 100 ns", EditAssertion(setAttr("Conditions", "NotOnOrAfter", "2026-03-01T12:05:00.1234567Z")))
	allow("KeyName instead of a certificate", SignWith(func(g *Signing) { g.EditBlock = keyName }))
	allow("Id on the signature", SignWith(func(g *Signing) { g.EditBlock = setAttr("Signature", "Id", "_signature") }))
}

// insertAfter puts an element, with foreign content, behind a sibling.
func insertAfter(sibling, tag string) edit {
	return on(sibling, func(s *etree.Element) {
		e := etree.NewElement(tag)
		e.Space = s.Parent().Space
		e.CreateElement("v:x").CreateAttr("xmlns:v", "urn:v")
		s.Parent().InsertChildAt(s.Index()+1, e)
	})
}

func keyName(sig *etree.Element) {
	drop("X509Data")(sig)
	appendTo("KeyInfo", "KeyName")(sig)
	setText("KeyName", "idp 1")(sig)
}
