package idptest

import (
	"bytes"

	"github.com/beevik/etree"
)

// textAttacks rely on readers that stop at, or skip, what canonicalization
// removes: the signature stays valid and the name becomes shorter. Ana's
// attacker owns ana@example.com.evil.example at the same IdP.
func textAttacks() []Misbehaviour {
	const long = "ana@example.com.evil.example"
	owner := Ana()
	owner.NameID = long
	owner.Attributes[0].Values = []string{long}
	n := len("ana@example.com")
	return rows(ClassText,
		pair("comment in the NameID", "comment", Tamper(split("NameID", n, comment)), About(owner)),
		pair("comment in the e-mail attribute", "comment", Tamper(email(split("AttributeValue", n, comment))), About(owner)),
		pair("comment in the audience", "comment", Tamper(split("Audience", 4, comment))),
		pair("comment in the issuer", "comment", Tamper(within("Assertion", split("Issuer", 4, comment)))),
		pair("comment in the digest", "comment", Tamper(split("DigestValue", 0, func() etree.Token { return etree.NewComment("Zm9yZ2Vk") }))),
		pair("comment between elements, signed by the IdP", "comment", EditAssertion(func(a *etree.Element) { a.CreateComment("hello") })),
		pair("comment before the message", "comment", before("<!-- hello -->")),
		pair("CDATA in the NameID", "cdata", Tamper(on("NameID", func(e *etree.Element) { e.SetCData(e.Text()) }))),
		pair("CDATA at the end of the e-mail attribute", "cdata", Tamper(email(cdataTail(n))), About(owner)),
		pair("processing instruction in the NameID, signed by the IdP", "processing_instruction", EditAssertion(split("NameID", n, procInst)), About(owner)),
		pair("processing instruction in an attribute value", "processing_instruction", EditAssertion(email(split("AttributeValue", n, procInst))), About(owner)),
		pair("processing instruction before the message", "processing_instruction", before("<?xml-stylesheet href=\"https://evil.example/x.xsl\"?>")),
		pair("element in the NameID, signed by the IdP", "child_order", EditAssertion(func(a *etree.Element) {
			split("NameID", n, func() etree.Token { return etree.NewElement("x") })(a)
		}), About(owner)),
	)
}

func cdataTail(n int) edit {
	return on("AttributeValue", func(e *etree.Element) {
		text := e.Text()
		e.SetText(text[:n])
		e.CreateCData(text[n:])
	})
}

func before(s string) Option {
	return Wire(func(b []byte) []byte { return append([]byte(s), b...) })
}

func after(s string) Option {
	return Wire(func(b []byte) []byte { return append(b, s...) })
}

func replace(old, by string) Option {
	return Wire(func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(by), 1) })
}
