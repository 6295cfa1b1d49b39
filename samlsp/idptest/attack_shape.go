package idptest

import "github.com/beevik/etree"

// shapeMistakes are trees that the schema does not know (SAML Core §2.3.3,
// §3.2.2), signed by the IdP unless a name says otherwise.
func shapeMistakes() []Misbehaviour {
	return rows(ClassShape,
		pair("response and assertion of one ID", "duplicate_id", func(m *message) { m.assertionID = m.responseID }),
		pair("two elements of one ID, outside the assertion", "duplicate_id", func(m *message) {
			EditResponse(setAttr("Status", "ID", m.assertionID))(m)
		}),
		pair("assertion without ID", "id", EditAssertion(dropAttr("Assertion", "ID")), Sign(false, true)),
		pair("response without ID", "id", EditResponse(dropAttr("Response", "ID"))),
		pair("ID that starts with a digit", "id", func(m *message) { m.assertionID = "1" + m.assertionID }),
		pair("empty response in the status", "misplaced_assertion", EditResponse(appendTo("Status", "Response"))),
		pair("issuer twice in the assertion", "child_order", EditAssertion(double("Issuer", setText("Issuer", "urn:evil")))),
		pair("issuer twice in the response", "child_order", EditResponse(double("Issuer", setText("Issuer", "urn:evil")))),
		pair("conditions twice", "child_order", EditAssertion(double("Conditions"))),
		pair("subject twice", "child_order", EditAssertion(double("Subject"))),
		pair("subject after the statements", "child_order", EditAssertion(func(a *etree.Element) { a.AddChild(child(a, "Subject")) })),
		pair("status twice", "child_order", EditResponse(double("Status"))),
		pair("unknown element in the response", "child_order", EditResponse(appendTo("Response", "Evil"))),
		pair("the assertion alone, without a response", "not_response", Tamper(becomeAssertion)),
		pair("a logout response", "not_response", EditResponse(func(r *etree.Element) { r.Tag = "LogoutResponse" })),
		pair("version 1.1 of the assertion", "version", EditAssertion(setAttr("Assertion", "Version", "1.1"))),
		pair("version 1.1 of the response", "version", EditResponse(setAttr("Response", "Version", "1.1"))),
		pair("no version of the assertion", "version", EditAssertion(dropAttr("Assertion", "Version"))),
	)
}

// becomeAssertion turns the root into the signed assertion that it held.
func becomeAssertion(root *etree.Element) {
	*root = *standalone(child(root, "Assertion"))
	root.ReindexChildren()
}

// statusMistakes are messages that say "no" and "yes" at once (SAML Core §3.2.2.2).
func statusMistakes() []Misbehaviour {
	fail := EditResponse(setAttr("StatusCode", "Value", statusResponder))
	return rows(ClassShape,
		pair("failure with an assertion inside", "status", fail),
		pair("failure with an assertion inside, response signed", "status", fail, Sign(true, true)),
		pair("failure without an assertion", "status", Status(statusResponder, statusPassive)),
		pair("success below a failure", "status", EditResponse(func(r *etree.Element) {
			setAttr("StatusCode", "Value", statusResponder)(r)
			appendTo("StatusCode", "StatusCode", "Value", statusSuccess)(r)
		})),
		pair("success with a blank behind", "status", EditResponse(setAttr("StatusCode", "Value", statusSuccess+" "))),
		pair("no status", "child_order", EditResponse(drop("Status"))),
		pair("status without a code", "child_order", EditResponse(drop("StatusCode"))),
		pair("success without an assertion", "no_assertion", Status(statusSuccess, "")),
	)
}
