package idptest

import (
	"strings"

	"github.com/beevik/etree"
)

// subjectMistakes leave open who signed in, or how (Profiles §4.1.4.2).
func subjectMistakes() []Misbehaviour {
	method := func(m string) Option {
		return EditAssertion(setAttr("SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:"+m))
	}
	return rows(ClassSubject,
		pair("no subject", "no_subject", EditAssertion(drop("Subject"))),
		pair("NameID twice", "several_name_ids", EditAssertion(double("NameID", setText("NameID", Mallory)))),
		pair("no confirmation", "no_confirmation", EditAssertion(drop("SubjectConfirmation"))),
		pair("holder of key", "no_confirmation", method("holder-of-key")),
		pair("sender vouches", "no_confirmation", method("sender-vouches")),
		pair("confirmation without method", "no_confirmation", EditAssertion(dropAttr("SubjectConfirmation", "Method"))),
		pair("bearer confirmation without data", "no_confirmation", EditAssertion(drop("SubjectConfirmationData"))),
		pair("two confirmations of which none fits", "recipient", EditAssertion(
			setAttr("SubjectConfirmationData", "Recipient", elsewhere), double("SubjectConfirmation"))),
		pair("no AuthnStatement", "no_authn_statement", EditAssertion(drop("AuthnStatement"))),
		pair("AuthnStatement without a time", "time_format", EditAssertion(dropAttr("AuthnStatement", "AuthnInstant"))),
	)
}

// personMistakes are well signed and name nobody, two people, or somebody for
// whom this identity provider may not speak.
func personMistakes() []Misbehaviour {
	mail := func(s string) Option { return EditAssertion(email(setText("AttributeValue", s))) }
	return rows(ClassPerson,
		pair("two e-mail values", "several_emails", EditAssertion(email(double("AttributeValue", setText("AttributeValue", Mallory))))),
		pair("two e-mail attributes", "several_emails", EditAssertion(func(a *etree.Element) {
			e := attribute(a, "Email")
			second := standalone(e)
			setText("AttributeValue", Mallory)(second)
			e.Parent().AddChild(second)
		})),
		pair("no e-mail attribute", "missing_attribute", EditAssertion(email(drop("Attribute")))),
		pair("e-mail attribute in other letter case", "missing_attribute", EditAssertion(email(setAttr("Attribute", "Name", "email")))),
		pair("e-mail attribute by FriendlyName only", "missing_attribute", EditAssertion(email(
			setAttr("Attribute", "FriendlyName", "Email"), setAttr("Attribute", "Name", "urn:oid:1.2.3")))),
		pair("no attributes", "missing_attribute", EditAssertion(drop("AttributeStatement"))),
		pair("e-mail attribute without a value", "missing_attribute", EditAssertion(email(drop("AttributeValue")))),
		pair("e-mail of a foreign domain", "email_domain", mail("ana@evil.example")),
		pair("e-mail of a domain that ends like ours", "email_domain", mail("ana@notexample.com")),
		pair("e-mail of a domain below ours", "email_domain", mail("ana@sub.example.com")),
		pair("e-mail with a Kelvin sign", "email_invalid", mail("mar\u212a@example.com")),
		pair("e-mail with a letter of another script", "email_invalid", mail("\u0430na@example.com")),
		pair("e-mail with two @", "email_invalid", mail("ana@example.com@evil.example")),
		pair("e-mail list", "email_invalid", mail("ana@example.com,"+Mallory)),
		pair("e-mail with a line break", "email_invalid", mail("ana@example.com\nX-Admin: 1")),
		pair("e-mail with a blank behind", "email_invalid", mail("ana@example.com ")),
		pair("e-mail of a blank", "email_invalid", mail(" ")),
		pair("e-mail that apps could take for a NameID", "email_invalid", mail("corp|ana@example.com")),
		pair("e-mail under two NameFormats", "several_emails", EditAssertion(func(a *etree.Element) {
			e := attribute(a, "Email")
			second := standalone(e)
			second.CreateAttr("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
			e.Parent().AddChild(second)
		})),
		pair("e-mail again in a second AttributeStatement", "several_emails", EditAssertion(func(a *etree.Element) {
			second := standalone(child(a, "AttributeStatement"))
			a.AddChild(second)
		})),
		pair("e-mail attribute with a blank in its name", "missing_attribute", EditAssertion(email(setAttr("Attribute", "Name", "Email ")))),
		pair("e-mail attribute that is nil, with white space", "missing_attribute", EditAssertion(email(on("AttributeValue", func(v *etree.Element) {
			setAttrs(v, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance", "xsi:nil", " true ")
		})))),
		pair("e-mail of 300 bytes", "email_invalid", mail(strings.Repeat("a", 300)+"@example.com")),
	)
}
