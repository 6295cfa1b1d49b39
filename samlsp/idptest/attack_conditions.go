package idptest

import (
	"time"

	"github.com/beevik/etree"
)

const elsewhere = "https://other.example/acs"

// conditionMistakes are honest messages of the IdP that are meant for somebody
// else (SAML Core §2.5.1, Profiles §4.1.4.3).
func conditionMistakes() []Misbehaviour {
	signed := Sign(true, true)
	trailing := func(attr, tag string) edit {
		return on(tag, func(e *etree.Element) { e.CreateAttr(attr, e.SelectAttrValue(attr, "")+"/") })
	}
	return rows(ClassConditions,
		pair("audience of another service", "audience", EditAssertion(setText("Audience", elsewhere))),
		pair("audience that begins like ours", "audience", EditAssertion(on("Audience", func(e *etree.Element) { e.SetText(e.Text() + ".evil.example") }))),
		pair("no audience restriction", "no_audience", EditAssertion(drop("AudienceRestriction"))),
		pair("audience restriction without an audience", "audience", EditAssertion(drop("Audience"))),
		pair("audience of blanks", "audience", EditAssertion(setText("Audience", " "))),
		pair("two restrictions, ours in one only", "audience", EditAssertion(double("AudienceRestriction", setText("Audience", elsewhere)))),
		pair("no conditions", "no_conditions", EditAssertion(drop("Conditions"))),
		pair("a condition nobody knows", "unknown_condition", EditAssertion(appendTo("Conditions", "Condition"))),
		pair("recipient elsewhere", "recipient", EditAssertion(setAttr("SubjectConfirmationData", "Recipient", elsewhere))),
		pair("recipient with a slash more", "recipient", EditAssertion(trailing("Recipient", "SubjectConfirmationData"))),
		pair("no recipient", "recipient", EditAssertion(dropAttr("SubjectConfirmationData", "Recipient"))),
		pair("destination elsewhere", "destination", EditResponse(setAttr("Response", "Destination", elsewhere)), signed),
		pair("destination elsewhere, response unsigned", "destination", EditResponse(setAttr("Response", "Destination", elsewhere))),
		pair("destination with a slash more", "destination", EditResponse(trailing("Destination", "Response")), signed),
		pair("signed response without destination", "destination", EditResponse(dropAttr("Response", "Destination")), signed),
		pair("assertion of another issuer", "assertion_issuer", EditAssertion(setText("Issuer", "urn:evil"))),
		pair("assertion without issuer", "child_order", EditAssertion(drop("Issuer")), Sign(false, true)),
		pair("issuer in other letter case", "assertion_issuer", EditAssertion(on("Issuer", func(e *etree.Element) { e.SetText("HTTPS" + e.Text()[5:]) }))),
		pair("issuer of another format", "assertion_issuer", EditAssertion(setAttr("Issuer", "Format", NameIDPersistent))),
		pair("response of another issuer", "response_issuer", EditResponse(setText("Issuer", "urn:evil"))),
	)
}

// timeMistakes are honest messages at the wrong moment.
func timeMistakes() []Misbehaviour {
	const data = "SubjectConfirmationData"
	return rows(ClassTime,
		pair("expired half an hour ago", "expired", Shift(-30*time.Minute)),
		pair("from half an hour ahead", "issued_in_future", Shift(30*time.Minute)),
		pair("older than an hour, though still valid", "too_old", Shift(-2*time.Hour), Lifetime(24*time.Hour)),
		pair("conditions ended", "expired", clock("Conditions", "NotOnOrAfter", -10*time.Minute)),
		pair("conditions not begun", "not_yet_valid", clock("Conditions", "NotBefore", 10*time.Minute)),
		pair("confirmation ended", "confirmation_expired", clock(data, "NotOnOrAfter", -10*time.Minute)),
		pair("confirmation without end", "confirmation_no_expiry", EditAssertion(dropAttr(data, "NotOnOrAfter"))),
		pair("confirmation not begun", "confirmation_not_yet_valid", clock(data, "NotBefore", 10*time.Minute)),
		pair("assertion issued in the future", "issued_in_future", clock("Assertion", "IssueInstant", 10*time.Minute)),
		pair("response issued in the future", "issued_in_future", func(m *message) {
			EditResponse(setAttr("Response", "IssueInstant", stamp(m.issued.Add(10*time.Minute))))(m)
		}),
		pair("assertion without time of issue", "time_format", EditAssertion(dropAttr("Assertion", "IssueInstant"))),
		pair("time without a zone", "time_format", EditAssertion(localTime("Conditions", "NotOnOrAfter"))),
		pair("time in words", "time_format", EditAssertion(setAttr("Conditions", "NotOnOrAfter", "tomorrow"))),
		pair("signed in in the future", "authn_in_future", clock("AuthnStatement", "AuthnInstant", 10*time.Minute)),
		pair("time that an offset leads beyond the year 9999", "time_format",
			EditAssertion(setAttr("AuthnStatement", "SessionNotOnOrAfter", "9999-12-31T23:59:59-23:59"))),
		pair("second session of the IdP over", "session_expired", EditAssertion(func(a *etree.Element) {
			double("AuthnStatement", setAttr("AuthnStatement", "SessionNotOnOrAfter", "2001-01-01T00:00:00Z"))(a)
		})),
		pair("session of the IdP over", "session_expired", clock("AuthnStatement", "SessionNotOnOrAfter", -10*time.Minute)),
	)
}

func localTime(tag, attr string) edit {
	return on(tag, func(e *etree.Element) { e.CreateAttr(attr, "2099-01-02T03:04:05") })
}

// requestMistakes answer another question (Profiles §4.1.4.3).
func requestMistakes() []Misbehaviour {
	const data = "SubjectConfirmationData"
	both := Sign(true, true)
	return rows(ClassRequest,
		pair("answers another request", "in_response_to", InResponseTo("_other"), both),
		pair("answers no request", "in_response_to", InResponseTo(""), both),
		pair("response answers another request", "in_response_to", EditResponse(setAttr("Response", "InResponseTo", "_other")), both),
		pair("response answers none, confirmation ours", "in_response_to", EditResponse(dropAttr("Response", "InResponseTo")), both),
		pair("confirmation answers another request", "confirmation_request", EditAssertion(setAttr(data, "InResponseTo", "_other")), both),
		pair("confirmation answers none", "confirmation_request", EditAssertion(dropAttr(data, "InResponseTo")), both),
		pair("stolen assertion in a response to our request", "confirmation_request", EditAssertion(setAttr(data, "InResponseTo", "_victim"))),
	)
}

// replays use an assertion twice. Each first message is accepted.
func replays() []Misbehaviour {
	replay := func(name string, first, again Option) Misbehaviour {
		return Misbehaviour{Name: name, Want: "replay", first: []Option{first}, mutation: []Option{again}}
	}
	r, a, b, c := newID(), newID(), newID(), newID()
	return rows(ClassReplay,
		replay("the same message twice", IDs(r, a), IDs(r, a)),
		replay("the same assertion in a new response", IDs(newID(), b), IDs(newID(), b)),
		replay("the same assertion, now with the response signed", IDs(newID(), c), Together(IDs(newID(), c), Sign(true, true))),
	)
}
